// SPDX-License-Identifier: GPL-2.0-or-later
/* The walk over the pins: what becomes of each pin, and which cells keep LOOK. */
#include "daemon/apply/pin_walk.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/util.h"
#include "core/hot/path.h"
#include "core/hot/pins.h"
#include "core/ring/cells.h"
#include "core/ring/moving_cells.h"
#include "daemon/apply/apply.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/client_rings.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/path.h"
#include "daemon/live/rings.h"
#include "dp/dp.h"
#include "dp/pins.h"
#include "dp/write.h"

#define PAUSE_MS 1000u			/* at least, between walks; else ten times as long as a walk */

struct walk {
	struct live *live;
	struct walk_hooks hooks;
	struct loop *loop;
	struct loop_timer step;
	bool under_way;
	bool known;			/* at least one walk was finished */
	bool syns;			/* syns come first: one may become a pin meanwhile */
	uint64_t spent_ns;		/* time in steps of the walk under way */
	struct walk_count count, counted;	/* of the walk under way; of the last whole walk */
	struct dp_walk dp;
};

/*
 * A pin differs from the ring's answer, so the cell at the end of its newest path must have
 * LOOK, which a cell of a new path does not have yet.
 */
static void pin_mark(struct live_ring *r, const struct path *path)
{
	uint32_t cell = cells_of(&r->cells, path->hash);

	cells_look_set(&r->cells, cell);
	if (r->needed && r->needed_bits == r->cells.bits)
		r->needed[cell] = 1;
}

static void pin_count(struct walk *w, struct live_backend *backend, const struct live_ring *r,
		      const struct path *path, const struct xring_pin *pin)
{
	struct live_service *s = backend->service;

	if (w->syns && !(pin->state & XRING_PIN_CONFIRMED))
		return;
	w->count.held++;
	backend->pins_now++;
	s->pins_now++;
	if (w->hooks.held)
		w->hooks.held(w->hooks.context, r, path);
}

/* Counts all pins of a hot key with an entry, also those that agree with the ring. */
static void key_count(struct walk *w, const struct live_service *s, const struct path *path)
{
	struct live_key *key = s->key_count ? live_key(w->live, s, path->key) : NULL;

	if (key)
		key->pins_now++;
}

/* May clients of the ring be sent to the backend? */
static bool ring_allows(const struct live_ring *r, const struct live_backend *backend)
{
	return r->frozen || backend->place_unknown ||
	       route_allows(&r->route, backend->region, backend->tags);
}

/*
 * A flow may enter at several ingresses, so its newest path may end in several rings: a pin
 * that one of them needs is needed. *ret: that ring, else the first.
 */
static enum pin_fate pin_fate(struct walk *w, const struct live_backend *backend,
			      const struct xring_flow *flow, const struct xring_pin *pin,
			      uint64_t now, struct path *path, struct live_ring **ret)
{
	const struct live_service *s = backend->service;
	struct live_ring *rings[CLASS_PLACES];
	bool moving, alive = !backend->dead && !s->rekeyed &&
			     pin->generation == 1 + backend->owner->generation % UINT16_MAX;
	size_t count = rings_of_flow(w->live, s, flow, rings, &moving);
	uint32_t idle_ms = flow->proto == IPPROTO_TCP ? s->tcp_idle_ms : s->udp_idle_ms;
	enum pin_fate fate = PIN_GONE;

	if (w->syns && !(pin->state & XRING_PIN_CONFIRMED) && idle_ms > XRING_SHAKING_MS)
		idle_ms = XRING_SHAKING_MS;
	*path = live_path(w->live, s, flow);
	for (size_t i = 0; i < count; i++) {
		struct live_ring *r = rings[i];
		struct path here = *path;
		enum pin_fate one;

		if (here.backend && !ring_allows(r, w->live->by_id[here.backend]))
			here.backend = 0;
		here.moving |= moving;
		one = pin_judge(&r->cells, &here, pin, alive && ring_allows(r, backend), now,
				idle_ms);
		if (one == PIN_NEEDED)
			pin_mark(r, &here);
		if (one == PIN_NEEDED || fate == PIN_GONE)
			fate = one;
		if (one == PIN_NEEDED || !i)
			*ret = r;
	}
	return fate;
}

/*
 * May a pin be deleted that is over, or says nothing but the newest answer? Not that of an opened
 * flow while its 5-tuple is kept elsewhere: the flow's packets would go there. And the second of
 * two goes before the first, without which it is not looked for.
 */
static bool is_spare(const struct walk *w, const struct xring_flow *flow)
{
	const struct dp *dp = w->live->dp;

	return flow->claim == XRING_KEPT ||
	       (!dp_claim_is(dp, flow, XRING_KEPT) &&
		(flow->claim == XRING_REOPENED || !dp_claim_is(dp, flow, XRING_REOPENED)));
}

static void pin_see(struct walk *w, const struct xring_flow *flow, const struct xring_pin *pin,
		    uint64_t now)
{
	struct live_backend *backend = pin->backend < w->live->dp->backend_count ?
				 w->live->by_id[pin->backend] : NULL;
	enum pin_fate fate = PIN_GONE;
	struct live_ring *ring = NULL;
	struct path path = {};

	if (backend && backend->service->main->has_extent)
		fate = pin_fate(w, backend, flow, pin, now, &path, &ring);
	if (fate != PIN_GONE && !w->syns)
		key_count(w, backend->service, &path);
	if (fate == PIN_NEEDED)
		pin_count(w, backend, ring, &path, pin);
	else if (fate == PIN_GONE && !w->syns && is_spare(w, flow))
		dp_pin_delete(w->live->dp, flow);
	if (w->syns)
		w->count.syns++;
	else if (fate != PIN_GONE)
		w->count.pins++;
}

/* Prepares the list of cells that need LOOK, if anything of the service moves or looks. */
static void ring_begin(struct live_ring *r)
{
	const struct live_service *s = r->service;

	free(r->needed);
	r->needed = NULL;
	if (!r->has_extent || (!s->look && !service_moving(s) && !s->keys_moving &&
			       !(s->classes && s->classes->moving)))
		return;
	r->needed = calloc(cells_count(&r->cells), 1);
	r->needed_bits = r->cells.bits;
}

static void service_begin(struct live_service *s)
{
	s->pins_now = 0;
	for (size_t i = 0; i < s->backend_count; i++)
		s->backends[i]->pins_now = 0;
	for (size_t i = 0; i < s->leaving_count; i++)
		s->leaving[i]->pins_now = 0;
	for (size_t i = 0; i < s->ring_count; i++)
		ring_begin(s->rings[i]);
}

/*
 * If cells have settled since the last grace period, packets that saw them move may be under
 * way and make pins.
 */
static void begin(struct walk *w)
{
	struct live *live = w->live;

	if (live->settle_epoch == live->dp->epoch)
		dp_grace(live->dp);
	live->walk_begun++;
	live_keys_walk_begun(live);
	for (size_t i = 0; i < live->service_count; i++)
		service_begin(live->services[i]);
	w->under_way = w->syns = true;
	w->spent_ns = 0;
	w->count = (struct walk_count){};
	dp_walk_begin(live->dp, true, &w->dp);
	if (w->hooks.begun)
		w->hooks.begun(w->hooks.context);
}

/*
 * Cells of backends that were over their bound at any time since the walk began keep LOOK.
 * False: no memory, so nothing is known.
 */
static bool over_need(const struct live *live, struct live_ring *r)
{
	const struct live_service *s = r->service;
	_free_ uint8_t *over = calloc(XRING_ID_MASK + 1, 1);
	bool any = false;

	for (size_t i = 0; over && i < s->backend_count; i++) {
		const struct live_backend *backend = s->backends[i];

		/*
		 * The backend may have gone over its bound before the walk began, and be
		 * there still.
		 */
		if (backend->over_walk < live->walk_begun &&
		    live->dp->loads[backend->id] <= XRING_LOAD_FULL)
			continue;
		over[backend->id] = any = true;
	}
	if (any)
		cells_need(&r->cells, over, r->needed);
	return over;
}

/*
 * Clears LOOK on cells in which no pin needs it, and returns how many cells keep it. Nothing
 * is cleared if cells have moved or settled since the walk began, nor while a key or class
 * moves, whose pins may be in any cell. Cells of a backend over its bound keep LOOK, as the
 * walk may have missed a pin made after it passed.
 */
static uint32_t ring_done(const struct live *live, struct live_ring *r)
{
	const struct live_service *s = r->service;

	if (!r->needed)
		return r->has_extent && s->look;	/* this walk has not looked: as before */
	if (r->needed_bits != r->cells.bits || r->refined || s->settled >= live->walk_begun ||
	    s->keys_moving || (s->classes && s->classes->moving) || !over_need(live, r))
		return 1;
	return cells_look_clear(&r->cells, r->needed);
}

static void service_done(const struct live *live, struct live_service *s)
{
	uint32_t look = 0;

	s->pins = s->pins_now;
	for (size_t i = 0; i < s->backend_count; i++)
		s->backends[i]->pins = s->backends[i]->pins_now;
	for (size_t i = 0; i < s->leaving_count; i++)
		s->leaving[i]->pins = s->leaving[i]->pins_now;
	s->rekeyed = false;
	for (size_t i = 0; i < s->ring_count; i++)
		look += ring_done(live, s->rings[i]);
	s->look = look;
}

static void done(struct walk *w)
{
	struct live *live = w->live;

	w->under_way = false;
	w->known = true;
	w->counted = w->count;
	live->walk_done = live->walk_begun;
	live_keys_walked(live);
	for (size_t i = 0; i < live->service_count; i++)
		service_done(live, live->services[i]);
	if (w->hooks.done)
		w->hooks.done(w->hooks.context);
}

/* One step: some thousand entries. */
static int step(struct walk *w)
{
	uint64_t start = clock_ns(), now = w->hooks.now(w->hooks.context);
	int err = dp_walk_step(&w->dp);

	if (err)
		return err;
	for (uint32_t i = 0; i < w->dp.count; i++)
		pin_see(w, &w->dp.flows[i], &w->dp.pins[i], now);
	w->spent_ns += clock_ns() - start;
	if (!w->dp.done)
		return 0;
	if (w->syns) {
		w->syns = false;
		dp_walk_begin(w->live->dp, false, &w->dp);
	} else {
		done(w);
	}
	return 0;
}

static void pause_and_again(struct walk *w)
{
	uint64_t rest = 10 * w->spent_ns / NS_PER_MS;

	loop_timer_set(&w->step, rest > PAUSE_MS ? rest : PAUSE_MS);
}

static void step_due(void *context)
{
	struct walk *w = context;

	if (!w->under_way) {
		if (w->known && !live_busy(w->live) && !w->counted.pins)
			return;
		begin(w);
	}
	if (step(w))
		w->under_way = false;
	if (w->under_way)
		loop_timer_set(&w->step, 0);
	else
		pause_and_again(w);
}

int walk_open(struct loop *loop, struct live *live, const struct walk_hooks *hooks,
	      struct walk **ret)
{
	struct walk *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->live = live;
	w->loop = loop;
	w->hooks = *hooks;
	err = loop_timer_new(loop, &w->step, step_due, w);
	if (err) {
		free(w);
		return err;
	}
	*ret = w;
	return 0;
}

void walk_close(struct walk *w)
{
	loop_timer_close(w->loop, &w->step);
	free(w);
}

void walk_begin(struct walk *w)
{
	if (!w->under_way && !w->step.set)
		loop_timer_set(&w->step, 0);
}

int walk_whole(struct walk *w)
{
	int err = 0;

	begin(w);
	while (w->under_way && !err)
		err = step(w);
	w->under_way = false;
	return err;
}

struct walk_count walk_counted(const struct walk *w)
{
	return w->counted;
}
