// SPDX-License-Identifier: GPL-2.0-or-later
/* How changes reach the maps: gathering, flushing, and what becomes due by time. */
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "core/value/number.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/engine/parts.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/live/times.h"
#include "daemon/live/vips.h"
#include "dp/dp.h"
#include "dp/write.h"

#define RETRY_MS 1000		/* after a flush that failed */

static void tick(struct engine *e);

/* ---- a sign of life ---- */

/*
 * Where no daemon was there for long, packets have taken for over whatever was due. Before this
 * one says that it is there, or changes an answer, the maps must say so too: or flows that came
 * meanwhile, and have no pins, would go to the old answers. Classes and keys wait for a walk.
 */
static void say_alive(struct engine *e)
{
	uint64_t now = engine_now(e), alive = e->dp->config->alive;
	bool silent = alive && now > alive + XRING_SILENT_MS * NS_PER_MS, apply;

	if (silent && live_busy(e->live)) {
		walk_whole(e->walk);
		live_tick(e->live, now, &apply);
		dp_grace(e->dp);	/* for packets that saw what was due still move */
	}
	__atomic_store_n(&e->dp->config->alive, now, __ATOMIC_RELEASE);
	if (silent)
		dp_grace(e->dp);	/* none takes the next change for over at once */
}

/* ---- flushing ---- */

int engine_flush(struct engine *e, bool cut)
{
	struct live_times times = { engine_now(e), cut };
	struct live_report report;
	int err;

	say_alive(e);
	err = live_apply(e->live, &e->model, &times, &report);
	e->failed = err;
	if (err) {
		loop_timer_set(&e->flush, RETRY_MS);
		log_err(err, "the maps could not be brought to the new state: it is tried again");
	}
	if (!report.done) {
		e->stats.pending += !e->stats.pending;
		return err;
	}
	/* What services that failed wait for is no change that waits for others. */
	e->stats.pending = 0;
	engine_tell_flushed(e);
	changes_flushed(e->changes, e->live);
	if (cut)
		walk_whole(e->walk);	/* deletes the pins made before the cut */
	e->stats.flushes++;
	e->stats.cells += report.cells;
	e->stats.flush_ns = report.ns;
	if (report.ns > e->stats.flush_ns_max)
		e->stats.flush_ns_max = report.ns;
	tick(e);
	return err;
}

void engine_flush_soon(struct engine *e)
{
	e->stats.asked++;
	e->stats.pending++;
	loop_timer_set(&e->flush, 0);
}

void engine_flush_due(void *context)
{
	struct engine *e = context;

	if (e->stats.pending || e->failed)
		engine_flush(e, false);
}

void engine_gather(struct engine *e, const struct change *change)
{
	if (!change->count)	/* nothing that the maps hold */
		return;
	e->stats.asked += change->count;
	e->stats.gathered += e->stats.pending ? change->count : 0;
	e->stats.pending += change->count;
	if (change->now || change->cut || !e->model.flush_interval_ms ||
	    e->stats.pending >= e->model.flush_changes)
		engine_flush(e, change->cut);
	else if (!e->flush.set || e->stats.pending == change->count)
		loop_timer_set(&e->flush, e->model.flush_interval_ms);
}

/* ---- time ---- */

static bool is_placed(const struct live_backend *backend)
{
	const struct service *s = backend->service->model;

	return s && (s->daylight_count || s->rule_count);
}

static void say_placed(struct engine *e, const struct live_backend *backend)
{
	char weight[WEIGHT_TEXT];

	changes_ask(e->changes, backend->service->name, "placement: %s: weight %s", backend->name,
		    weight_print(backend->weight_now, weight));
}

/* Describes, for the list of changes, what changes by time alone. */
static void say_why(struct engine *e)
{
	for (uint32_t id = 1; id < e->dp->backend_count; id++) {
		const struct live_backend *backend = e->live->by_id[id];
		char weight[WEIGHT_TEXT];

		if (!backend)
			continue;
		if (backend->dead_wanted && !backend->dead && backend->owner->drain_until)
			changes_ask(e->changes, backend->service->name, "drain: the time of %s is over",
				    backend->name);
		else if (backend->waited)
			changes_ask(e->changes, backend->service->name, "address: %s waits no more",
				    backend->name);
		else if (is_placed(backend) && backend->weight_now != backend->weight_shown)
			say_placed(e, backend);
		else if (backend->owner->ramp_from && backend->weight_now != backend->weight_shown)
			changes_ask(e->changes, backend->service->name, "slow start: %s: weight %s",
				    backend->name, weight_print(backend->weight_now, weight));
	}
}

static void tick(struct engine *e)
{
	uint64_t now = engine_now(e), next, stage;
	bool apply = false;

	say_alive(e);
	next = live_tick(e->live, now, &apply);
	if (e->live->slots_stale)
		live_vips_write(e->live, &e->model);
	stage = changes_tick(e->changes, e->live, now);
	if (stage && (!next || stage < next))
		next = stage;
	if (live_busy(e->live))
		walk_begin(e->walk);
	changes_write_soon(e->changes, now);
	if (!next || next > now + NS_PER_S)
		next = now + NS_PER_S;	/* for the sign of life */
	loop_timer_set(&e->tick, next > now ? (next - now) / NS_PER_MS + 1 : 0);
	/* If changes are gathered, their flush applies this too. */
	if (apply && !e->stats.pending) {
		say_why(e);
		engine_flush(e, false);
	}
}

void engine_tick_due(void *context)
{
	tick(context);
}

void engine_keys_changed(struct engine *e)
{
	if (e->live->slots_stale && live_vips_write(e->live, &e->model))
		log_warn("the VIP table does not know of hot keys yet: it is tried again");
	if (e->live->keys_due)
		loop_timer_set(&e->tick, 0);
}

void engine_clock_advance(struct engine *e, uint64_t ns)
{
	__atomic_fetch_add(&e->dp->config->clock, ns, __ATOMIC_RELEASE);
	tick(e);
}
