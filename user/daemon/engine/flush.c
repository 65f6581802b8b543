// SPDX-License-Identifier: GPL-2.0-or-later
/* The engine's way to the maps: gathering, flushing, time, and what the live side tells. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/model/text.h"
#include "daemon/engine/parts.h"
#include "daemon/watch/health.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/engine/state.h"

/* ---- what the host lacks ---- */

static bool sysctl_on(const char *path)
{
	FILE *f = fopen(path, "re");
	int value = 1;		/* not to be read: nothing to complain of */

	if (!f)
		return true;
	if (fscanf(f, "%d", &value) != 1)
		value = 1;
	fclose(f);
	return value;
}

/* The replies of nat are routed as the host routes. True where it was said. */
static bool warn_forwarding(const struct model *m)
{
	bool nat[2] = {};

	for (size_t i = 0; i < m->service_count; i++)
		for (size_t v = 0; m->services[i].mode == MODE_NAT &&
				   v < m->services[i].vip_count; v++)
			nat[m->services[i].vips[v].address.family == AF_INET6] = true;
	nat[0] = nat[0] && !sysctl_on("/proc/sys/net/ipv4/ip_forward");
	nat[1] = nat[1] && !sysctl_on("/proc/sys/net/ipv6/conf/all/forwarding");
	if (nat[0] || nat[1])
		log_warn("nat needs IP forwarding for its replies: want `sysctl %s=1`",
			 nat[0] ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
	return nat[0] || nat[1];
}

#define RETRY_MS 1000		/* after a flush that failed */

static void tick(struct engine *e);

/* ---- flushing ---- */

uint64_t engine_now(const struct engine *e)
{
	return clock_ns() + e->dp->config->clock;
}

int engine_flush(struct engine *e, bool cut)
{
	struct live_times times = { engine_now(e), cut };
	struct live_report report;
	int err;

	err = live_apply(e->live, &e->model, &times, &report);
	if (err) {
		loop_timer_set(&e->flush, RETRY_MS);
		e->stats.pending += !e->stats.pending;
		return log_err(err, "the maps could not be brought to the new state: "
			       "it is tried again");
	}
	e->stats.pending = 0;
	hot_apply(e);
	changes_flushed(&e->changes, e->live);
	if (cut)
		walk_whole(e->walk);	/* no pin of before is to be believed later */
	if (!e->warned)
		e->warned = warn_forwarding(&e->model);
	e->stats.flushes++;
	e->stats.cells += report.cells;
	e->stats.flush_ns = report.ns;
	if (report.ns > e->stats.flush_ns_max)
		e->stats.flush_ns_max = report.ns;
	tick(e);
	return 0;
}

void engine_flush_soon(struct engine *e)
{
	e->stats.asked++;
	e->stats.pending++;
	loop_timer_set(&e->flush, 0);
}

static void flush_due(void *context)
{
	struct engine *e = context;

	if (e->stats.pending)
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
	else if (!e->flush.set)
		loop_timer_set(&e->flush, e->model.flush_interval_ms);
}

/* ---- time ---- */

static bool is_placed(const struct engine *e, const struct live_node *node)
{
	const struct service *s = model_service(&e->model, node->service->name);

	return s && (s->daylight_count || s->rule_count);
}

static void say_placed(struct engine *e, const struct live_node *node)
{
	char weight[WEIGHT_TEXT];

	changes_ask(&e->changes, node->service->name, "placement: %s: weight %s", node->name,
		    weight_print(node->counts, weight));
}

/* What changes by time alone, in words. */
static void say_why(struct engine *e)
{
	for (uint32_t id = 1; id < e->dp->backend_count; id++) {
		const struct live_node *node = e->live->by_id[id];
		char weight[WEIGHT_TEXT];

		if (!node)
			continue;
		if (node->dying && !node->dead && node->owner->drain_until)
			changes_ask(&e->changes, node->service->name, "drain: the time of %s is over",
				    node->name);
		else if (is_placed(e, node) && node->counts != node->counted)
			say_placed(e, node);
		else if (node->owner->ramp_from && node->counts != node->counted)
			changes_ask(&e->changes, node->service->name, "slow start: %s: weight %s",
				    node->name, weight_print(node->counts, weight));
	}
}

static void tick(struct engine *e)
{
	uint64_t now = engine_now(e), next, stage;
	bool apply = false;

	next = live_tick(e->live, &e->model, now, &apply);
	if (e->live->slots_stale)
		live_vips_write(e->live, &e->model);
	stage = changes_tick(&e->changes, e->live, now);
	if (stage && (!next || stage < next))
		next = stage;
	if (live_busy(e->live))
		walk_begin(e->walk);
	changes_write_soon(&e->changes, now);
	if (e->changes.dirty && (!next || next > now + NS_PER_S))
		next = now + NS_PER_S;
	if (next)
		loop_timer_set(&e->tick, next > now ? (next - now) / NS_PER_MS + 1 : 0);
	/* What waits for others goes out with them, and weighs then. */
	if (apply && !e->stats.pending) {
		say_why(e);
		engine_flush(e, false);
	}
}

static void tick_due(void *context)
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

/* ---- what the live services and the walk tell ---- */

static uint64_t hook_now(void *context)
{
	return engine_now(context);
}

static void hook_moved(void *context, const struct live_move *move)
{
	struct engine *e = context;

	changes_begun(&e->changes, move, engine_now(e));
}

static void hook_node(void *context, struct live_node *node)
{
	health_node(context, node);
}

static void hook_node_gone(void *context, struct live_node *node)
{
	(void)context;
	health_node_gone(node);
}

static void hook_held(void *context, const struct live_ring *r, const struct path *path)
{
	struct engine *e = context;

	changes_held(&e->changes, r, path);
}

static void hook_shifted(void *context, const struct live_service *s, size_t networks,
			 const struct route *from, const struct route *to)
{
	struct engine *e = context;
	char was[ROUTE_TEXT], is[ROUTE_TEXT], what[2 * ROUTE_TEXT + 64];

	snprintf(what, sizeof(what), "placement: %zu networks: %s instead of %s", networks,
		 route_print(to, is), route_print(from, was));
	changes_shifted(&e->changes, s, engine_now(e), what);
}

static void hook_key(void *context, const struct live_key *key)
{
	struct engine *e = context;

	changes_key_begun(&e->changes, e->live, key, engine_now(e));
}

static void hook_walk_begun(void *context)
{
	struct engine *e = context;

	changes_walk_begun(&e->changes);
}

static void hook_walk_done(void *context)
{
	struct engine *e = context;

	live_sweep(e->live, &e->model);
	engine_keys_changed(e);		/* some waited for it */
	changes_walk_done(&e->changes, e->live, engine_now(e));
	changes_write_soon(&e->changes, engine_now(e));
}

static void hook_shed(void *context)
{
	struct engine *e = context;

	walk_begin(e->walk);
}

#define DOORS_MS 1000

static void doors_due(void *context)
{
	struct engine *e = context;

	live_doors_write(e->live);
}

int engine_live_begin(struct engine *e)
{
	struct walk_hooks hooks = {
		e, hook_now, hook_held, hook_walk_begun, hook_walk_done,
	};
	size_t bytes = e->dp->cell_count / 2 * sizeof(*e->since);
	int err = state_map(e->options.state, "since", bytes, (void **)&e->since) ?:
		  state_map(e->options.state, "keys", HOT_PLACES * sizeof(*e->records),
			    (void **)&e->records) ?:
		  live_open(e->dp, e->loop, e->since, e->records, &e->live) ?:
		  walk_open(e->loop, e->live, &hooks, &e->walk) ?:
		  loop_timer_new(e->loop, &e->flush, flush_due, e) ?:
		  loop_timer_new(e->loop, &e->tick, tick_due, e) ?:
		  loop_timer_new(e->loop, &e->doors, doors_due, e) ?:
		  flows_open(e->loop, e->live, &e->flows);

	if (err)
		return err;
	loop_timer_every(&e->doors, DOORS_MS);
	e->loads.context = e;
	e->loads.shed = hook_shed;
	e->live->context = e;
	e->live->moved = hook_moved;
	e->live->key_moved = hook_key;
	e->live->shifted = hook_shifted;
	e->live->node_new = hook_node;
	e->live->node_free = hook_node_gone;
	changes_open(&e->changes, e->options.state, e->dp->adopted);
	return 0;
}
