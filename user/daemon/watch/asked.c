// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/asked.h"

#include <netinet/in.h>
#include <string.h>

#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/live/live.h"
#include "daemon/net/addresses.h"
#include "daemon/net/devices.h"
#include "daemon/net/nexthop.h"
#include "daemon/net/sysctls.h"
#include "dp/asks.h"
#include "dp/dp.h"

#define LOOK_MS 100		/* a client waits so long for its first answer at most */
#define KEEPALIVE_MS 2000
#define KEEPALIVE_LOOKS 256	/* most that are looked at in one turn: all of them within 8 seconds */
#define DOUBTS_MS 1000

static bool any_nat(const struct model *m)
{
	for (size_t i = 0; i < m->service_count; i++)
		if (mode_replies_return(m->services[i].mode))
			return true;
	return false;
}

static struct address address_of(const struct xring_ask *ask)
{
	struct address to = { .family = ask->family };

	memcpy(to.bytes, ask->address, to.family == AF_INET ? 4 : 16);
	return to;
}

/* ---- asking, and keeping alive ---- */

static void let_go(struct asked_watch *w, size_t at)
{
	memmove(&w->kept[at], &w->kept[at + 1], (--w->count - at) * sizeof(*w->kept));
}

static void keep(struct asked_watch *w, const struct xring_ask *ask)
{
	for (size_t i = 0; i < w->count; i++)
		if (!memcmp(&w->kept[i], ask, sizeof(*ask))) {
			let_go(w, i);
			break;
		}
	if (w->count == ASKED_KEPT)
		let_go(w, 0);
	w->kept[w->count++] = *ask;
}

/* What the kernel answers matters to nobody: the next reply asks again. */
static void look(void *context)
{
	struct asked_watch *w = context;
	struct xring_ask asks[XRING_ASKS];
	size_t count = any_nat(&w->engine->model) ? dp_asks_take(w->engine->dp, asks) : 0;

	for (size_t i = 0; i < count; i++) {
		struct address to = address_of(&asks[i]);

		nexthop_ask(w->engine->live->nexthops, asks[i].ifindex, &to);
		keep(w, &asks[i]);
	}
}

static void keep_alive(void *context)
{
	struct asked_watch *w = context;

	if (!any_nat(&w->engine->model))
		w->count = 0;
	for (size_t looks = 0; looks < KEEPALIVE_LOOKS && looks < w->count; looks++) {
		size_t at = w->cursor++ % w->count;
		struct address to = address_of(&w->kept[at]);

		if (!nexthop_keep(w->engine->live->nexthops, w->kept[at].ifindex, &to)) {
			let_go(w, at);
			w->cursor = at;
		}
	}
}

/* ---- what the host would take for a forgery ---- */

static bool own_vip(const struct model *m)
{
	struct own_addresses own;
	bool ret = false;

	own_addresses(&own);
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];

		for (size_t v = 0; mode_replies_return(s->mode) && v < s->vip_count && !ret; v++)
			ret = own_address(&own, &s->vips[v].address);
	}
	own_addresses_clear(&own);
	return ret;
}

static void look_at_doubts(void *context)
{
	static const uint32_t filters[] = { 0, XRING_REPLIES_STRICT, XRING_REPLIES_LOOSE };
	struct asked_watch *w = context;
	const struct model *m = &w->engine->model;
	uint32_t doubts = 0;

	if (any_nat(m)) {
		doubts = (own_vip(m) ? XRING_REPLIES_OWN : 0) |
			 (devices_stacked(w->engine->devices) ? XRING_REPLIES_STACKED : 0);
		for (size_t i = 0; i < m->interface_count; i++)
			doubts |= filters[sysctl_rp_filter(m->interfaces[i].name) % 3];
	}
	__atomic_store_n(&w->engine->dp->config->replies, doubts, __ATOMIC_RELAXED);
}

int asked_open(struct engine *e, struct asked_watch *ret)
{
	int err;

	ret->timer.source.fd = ret->keepalive.source.fd = ret->doubts.source.fd = -1;
	ret->engine = e;
	err = loop_timer_new(e->loop, &ret->timer, look, ret) ?:
	      loop_timer_new(e->loop, &ret->keepalive, keep_alive, ret) ?:
	      loop_timer_new(e->loop, &ret->doubts, look_at_doubts, ret);
	if (err)
		return err;
	loop_timer_every(&ret->timer, LOOK_MS);
	loop_timer_every(&ret->keepalive, KEEPALIVE_MS);
	loop_timer_every(&ret->doubts, DOUBTS_MS);
	look_at_doubts(ret);
	return 0;
}

static void timer_close(struct loop *loop, struct loop_timer *timer)
{
	if (timer->source.fd >= 0)
		loop_timer_close(loop, timer);
}

void asked_close(struct asked_watch *w)
{
	if (w->engine) {
		timer_close(w->engine->loop, &w->timer);
		timer_close(w->engine->loop, &w->keepalive);
		timer_close(w->engine->loop, &w->doubts);
	}
	*w = (struct asked_watch){};
}
