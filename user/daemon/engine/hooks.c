// SPDX-License-Identifier: GPL-2.0-or-later
/* What the maps' side (live, the walk over the pins) tells the engine. */
#include <stdio.h>

#include "base/loop.h"
#include "core/hot/entries.h"
#include "core/hot/path.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/interfaces.h"
#include "daemon/engine/log.h"
#include "daemon/engine/parts.h"
#include "daemon/engine/state.h"
#include "daemon/live/events.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "dp/dp.h"

static uint64_t hook_now(void *context)
{
	return engine_now(context);
}

static void hook_moved(void *context, const struct live_move *move)
{
	struct engine *e = context;

	changes_begun(e->changes, move, engine_now(e));
}

static void hook_held(void *context, const struct live_ring *r, const struct path *path)
{
	struct engine *e = context;

	changes_held(e->changes, r, path);
}

static void hook_shifted(void *context, const struct live_service *s, size_t networks,
			 const struct route *from, const struct route *to)
{
	struct engine *e = context;
	char was[ROUTE_TEXT], is[ROUTE_TEXT], what[2 * ROUTE_TEXT + 64];

	snprintf(what, sizeof(what), "placement: %zu networks: %s instead of %s", networks,
		 route_print(to, is), route_print(from, was));
	changes_shifted(e->changes, s, engine_now(e), what);
}

static void hook_key(void *context, const struct live_key *key)
{
	struct engine *e = context;

	changes_key_begun(e->changes, e->live, key, engine_now(e));
}

static void hook_walk_begun(void *context)
{
	struct engine *e = context;

	changes_walk_begun(e->changes);
}

static void hook_walk_done(void *context)
{
	struct engine *e = context;

	live_sweep(e->live, &e->model);
	engine_keys_changed(e);		/* some keys waited for this walk */
	changes_walk_done(e->changes, e->live, engine_now(e));
	changes_write_soon(e->changes, engine_now(e));
}

#define RETRY_MS 1000

static void retry_due(void *context)
{
	struct engine *e = context;

	state_retry(e->state);
}

int engine_hooks_open(struct engine *e)
{
	struct walk_hooks hooks = {
		e, hook_now, hook_held, hook_walk_begun, hook_walk_done,
	};
	int err = live_open(e->dp, e->loop, &e->live) ?:
		  walk_open(e->loop, e->live, &hooks, &e->walk) ?:
		  loop_timer_new(e->loop, &e->flush, engine_flush_due, e) ?:
		  loop_timer_new(e->loop, &e->tick, engine_tick_due, e) ?:
		  loop_timer_new(e->loop, &e->retry, retry_due, e) ?:
		  interfaces_open(e);

	if (err)
		return err;
	loop_timer_every(&e->retry, RETRY_MS);
	e->live->events.context = e;
	e->live->events.moved = hook_moved;
	e->live->events.key_moved = hook_key;
	e->live->events.shifted = hook_shifted;
	changes_open(e->changes, e->state, e->dp->adopted);
	return 0;
}
