// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/received.h"

#include <stdlib.h>

#include "base/array.h"
#include "core/model/model.h"
#include "daemon/net/received.h"
#include "dp/dp.h"
#include "dp/read.h"

#define LOOK_MS 1000

struct received_device {
	uint32_t ifindex;
	uint64_t packets;
};

/* One look: what the last one saw, and what this one does. */
struct look {
	struct received_watch *watch;
	struct received_device *list;
	size_t count;
	bool seen[XRING_RECEIVED];	/* by element: its device still runs the program */
	bool failed;
};

static int by_ifindex(const void *a, const void *b)
{
	uint32_t left = ((const struct received_device *)a)->ifindex;
	uint32_t right = ((const struct received_device *)b)->ifindex;

	return left < right ? -1 : left > right;
}

static struct xring_received *element_of(const struct dp *dp, uint32_t ifindex)
{
	for (size_t i = 1; i < XRING_RECEIVED; i++)
		if (dp->received[i].ifindex == ifindex)
			return &dp->received[i];
	return NULL;
}

/* What the device had received when the program was attached: as the look before that saw it. */
static uint64_t base_of(const struct look *look, const struct received *r)
{
	const struct received_watch *w = look->watch;
	const struct received_device key = { .ifindex = r->ifindex }, *known = NULL;

	if (w->count)
		known = bsearch(&key, w->known, w->count, sizeof(key), by_ifindex);
	if (!w->known)
		return r->packets;		/* nobody has looked yet */
	return known && known->packets <= r->packets ? known->packets : 0;
}

/* Some drivers begin anew with their queues. */
static void follow(struct xring_received *element, uint64_t packets)
{
	if (packets < element->last) {
		element->before += element->last - element->base;
		element->base = 0;
	}
	element->last = packets;
}

static bool runs(const struct dp *dp, const struct received *r)
{
	for (size_t i = 0; i < 3; i++)
		if (r->programs[i] && r->programs[i] == dp->prog_id)
			return true;
	return false;
}

/* Was it attached as the model wants, and has another hand taken the program off? Then what it receives counts. */
static bool should_run(const struct engine *e, uint32_t ifindex)
{
	for (size_t i = 0; i < e->wishes.count; i++) {
		const struct wish *wish = &e->wishes.list[i];

		if (wish->ifindex && wish->carrier == ifindex && model_interface(&e->model, wish->name))
			return true;
	}
	return false;
}

static void on_device(void *context, const struct received *r)
{
	struct look *look = context;
	const struct dp *dp = look->watch->engine->dp;
	struct xring_received *element = element_of(dp, r->ifindex);
	struct received_device *list = array_grow(look->list, look->count, sizeof(*list));

	if (!list) {
		look->failed = true;
		return;
	}
	look->list = list;
	list[look->count++] = (struct received_device){ r->ifindex, r->packets };
	if (element)
		follow(element, r->packets);
	if (!runs(dp, r) && !(element && should_run(look->watch->engine, r->ifindex)))
		return;
	if (!element && (element = element_of(dp, 0)))
		*element = (struct xring_received){ .ifindex = r->ifindex, .last = r->packets,
						    .base = base_of(look, r) };
	if (element)
		look->seen[element - dp->received] = true;
}

/* Devices that are gone or run the program no more keep what they have received in the first element. */
static void forget(const struct look *look)
{
	struct xring_received *all = look->watch->engine->dp->received;

	for (size_t i = 1; i < XRING_RECEIVED; i++) {
		if (!all[i].ifindex || look->seen[i])
			continue;
		all[0].before += all[i].before + all[i].last - all[i].base;
		all[i] = (struct xring_received){};
	}
}

void received_look(struct received_watch *w)
{
	struct look look = { w };

	if (received_ask(on_device, &look) || look.failed) {
		free(look.list);
		return;
	}
	if (w->engine->dp->prog_id)	/* this daemon's program has taken over */
		forget(&look);
	if (look.count)
		qsort(look.list, look.count, sizeof(*look.list), by_ifindex);
	free(w->known);
	w->known = look.list;
	w->count = look.count;
}

static void look_due(void *context)
{
	received_look(context);
}

/* Verdicts that were given before devices were counted. */
static void begin(struct dp *dp)
{
	uint64_t values[XRING_CNT_MAX];

	if (dp->received[0].begun || dp_counters_read(dp, values))
		return;
	for (size_t i = 0; i < XRING_CNT_MAX; i++)
		dp->received[0].before += values[i];
	dp->received[0].begun = 1;
}

int received_open(struct engine *e, struct received_watch *ret)
{
	int err = loop_timer_new(e->loop, &ret->timer, look_due, ret);

	if (err)
		return err;
	ret->engine = e;
	ret->listener = (struct engine_listener){ .context = ret, .attaching = look_due };
	engine_listen(e, &ret->listener);
	loop_timer_every(&ret->timer, LOOK_MS);
	begin(e->dp);
	received_look(ret);
	return 0;
}

void received_close(struct received_watch *watch)
{
	if (watch->engine)
		loop_timer_close(watch->engine->loop, &watch->timer);
	free(watch->known);
	*watch = (struct received_watch){};
}
