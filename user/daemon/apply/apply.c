// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/live/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xring/lpm.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "daemon/live/rule_counters.h"
#include "daemon/live/cells.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/backends.h"
#include "daemon/live/rings.h"

#define TENTH (NS_PER_S / 10)

/* ---- services and their nodes, by name ---- */

static size_t service_place(const struct live *live, const char *name, bool *ret_found)
{
	size_t low = 0, count = live->service_count;

	while (count) {
		size_t half = count / 2;

		if (strcmp(live->services[low + half]->name, name) < 0) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	*ret_found = low < live->service_count && !strcmp(live->services[low]->name, name);
	return low;
}

struct live_service *live_service(const struct live *live, const char *name)
{
	bool found;
	size_t at = service_place(live, name, &found);

	return found ? live->services[at] : NULL;
}

struct live_service *live_service_of_number(const struct live *live, uint32_t number)
{
	for (size_t i = 0; i < live->service_count; i++)
		if (live->services[i]->number == number)
			return live->services[i];
	return NULL;
}

/* The least that no service has, nor had before the last grace period. */
static uint32_t number_free(const struct live *live)
{
	uint32_t number = 1;

	while (live_service_of_number(live, number))
		number++;
	return number;
}

struct live_service *live_service_get(struct live *live, const char *name)
{
	struct live_service **services, *s;
	bool found;
	size_t at = service_place(live, name, &found);

	if (found)
		return live->services[at];
	services = reallocarray(live->services, live->service_count + 1, sizeof(*services));
	if (!services)
		return NULL;
	live->services = services;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->number = number_free(live);
	s->main = live_ring_new(s, NULL);
	if (!s->main) {
		free(s);
		return NULL;
	}
	memmove(services + at + 1, services + at,
		(live->service_count - at) * sizeof(*services));
	services[at] = s;
	live->service_count++;
	return s;
}

static void service_free(struct live *live, struct live_service *s)
{
	for (size_t i = 0; i < s->node_count; i++)
		node_free(live, s->nodes[i]);
	for (size_t i = 0; i < s->leaving_count; i++)
		node_free(live, s->leaving[i]);
	free(s->nodes);
	free(s->leaving);
	classes_free(s);
	for (size_t i = 0; i < s->ring_count; i++)
		live_ring_free(s->rings[i]);
	for (size_t i = 0; i < s->ledger_count; i++)
		free(s->ledgers[i]);
	free(s->rings);
	free(s->ledgers);
	free(s->homes);
	free(s);
}

int live_open(struct dp *dp, struct loop *loop, uint32_t *since, struct key_record *records,
	      struct live **ret)
{
	struct live *live = calloc(1, sizeof(*live));
	int err;

	if (!live)
		return -ENOMEM;
	live->dp = dp;
	live->since = since;
	live->records = records;
	live->arena.size = dp->cell_count;
	live->by_id = calloc(dp->backend_count, sizeof(*live->by_id));
	live->class_by_index = calloc(XRING_CLASSES, sizeof(struct live_class *));
	err = live->by_id && live->class_by_index ? 0 : -ENOMEM;
	err = err ?: lpm_pool_new(dp->lines + XRING_LINE_ROOTS, dp->line_count - XRING_LINE_ROOTS,
			    &live->prefixes) ?:
	      spill_pool_new(dp->spills, dp->spill_count, &live->spills) ?:
	      nexthop_open(loop, node_hop_changed, live, &live->nexthops);
	if (err) {
		live_close(live);
		return err;
	}
	*ret = live;
	return 0;
}

void live_close(struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++)
		service_free(live, live->services[i]);
	free(live->services);
	if (live->nexthops)
		nexthop_close(live->nexthops);
	spill_pool_clear(&live->spills);
	arena_clear(&live->arena);
	free(live->by_id);
	free(live->foreign);
	free(live->stale_ids);
	free(live->slots);
	live_keys_clear(live);
	lpm_pool_clear(&live->prefixes);
	free(live->class_by_index);
	free(live->regions);
	zones_clear(&live->zones);
	free(live->traffic);
	free(live);
}

/* ---- what nothing names any more ---- */

static void services_forget(struct live *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		if (!s->gone) {
			live->services[kept++] = s;
			continue;
		}
		classes_drop(live, s);
		for (size_t k = 0; k < s->ring_count; k++)
			ring_drop(live, s->rings[k]);
		ledgers_unwant(s);
		ledgers_forget(live, s);
		live_keys_drop(live, s);
		for (size_t n = 0; n < s->node_count; n++)
			node_id_free(live, s->nodes[n]->id);
		for (size_t n = 0; n < s->leaving_count; n++)
			node_id_free(live, s->leaving[n]->id);
		service_free(live, s);
	}
	live->service_count = kept;
}

static void stale_forget(struct live *live)
{
	for (size_t i = 0; i < live->stale_count; i++)
		node_id_free(live, live->stale_ids[i]);
	live->stale_count = 0;
}

/* Does a cell of the ring name it, newest or old? */
static bool ring_names(const struct live_ring *r, const struct live_node *node)
{
	return r->frozen || r->cells.moving || ring_points(r, node);
}

/*
 * A leaving node is named by no cell once its service has settled, and by no pin
 * when a whole walk has found none.
 */
static bool may_go(const struct live *live, const struct live_service *s,
		   const struct live_node *node)
{
	for (size_t i = 0; i < s->ring_count; i++)
		if (ring_names(s->rings[i], node))
			return false;
	return !node->pins && !live_keys_name(live, node->id) &&
	       live->walked > node->left && live->walked > s->settled;
}

static bool any_gone(const struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++)
		if (live->services[i]->gone || classes_gone(live->services[i]))
			return true;
	return live->classes_strange || live->prefixes.blocks.retired_lines ||
	       live->spills.retired_count || live->foreign_count || live->stale_count;
}

static void cleanup(struct live *live)
{
	if (!any_gone(live))
		return;
	dp_grace(live->dp);
	services_forget(live);
	/* The last version's program may have tables of its own, that name them still. */
	for (size_t i = 0; i < live->service_count && live->dp->fresh_fd < 0; i++)
		classes_forget(live, live->services[i]);
	if (live->dp->fresh_fd < 0)
		classes_strange_forget(live);
	lpm_pool_reclaim(&live->prefixes);
	extents_forget(live);
	stale_forget(live);
	spill_pool_reclaim(&live->spills);
}

bool live_cut_leaving(struct live *live, const char *service, const char *name, uint64_t now)
{
	struct live_service *s = live_service(live, service);
	bool any = false;

	for (size_t i = 0; s && i < s->leaving_count; i++) {
		if (strcmp(s->leaving[i]->name, name))
			continue;
		s->leaving[i]->owner->drain_until = now;
		any = true;
	}
	return any;
}

int live_sweep(struct live *live, const struct model *m)
{
	size_t leave = 0;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		for (size_t n = s->leaving_count; n-- > 0;) {
			if (!may_go(live, s, s->leaving[n]))
				continue;
			if (!leave++)
				dp_grace(live->dp);
			log_info("backend %s of %s: its last flow has gone", s->leaving[n]->name,
				 s->name);
			node_forget(live, s, n);
		}
	}
	return leave ? live_vips_write(live, m) : 0;
}

/* ---- changes ---- */

/* No flow is kept any more. */
static void service_close(struct live *live, struct live_service *s)
{
	for (size_t i = 0; i < s->ring_count; i++)
		if (s->rings[i]->has_extent)
			cells_close(&s->rings[i]->cells);
	classes_close(live, s);
	live_keys_drop(live, s);
	s->rekeyed = true;
}

/* Another key moves every flow, whatever the ring says: none can be kept. */
static void key_set(struct live *live, struct live_service *s, const struct service *model)
{
	if (s->key_known && !key_equal(&s->key, &model->key))
		service_close(live, s);
	s->key = model->key;
	s->key_known = true;
}

static int service_apply(struct live *live, const struct model *m, const struct service *model,
			 const struct live_times *times, struct live_report *report)
{
	struct live_service *s = live_service_get(live, model->name);
	struct live_times clients = *times;
	uint64_t next;
	int err;

	if (!s)
		return -ENOMEM;
	clients.cut |= !s->main->has_extent;	/* a new one has none to keep */
	key_set(live, s, model);
	err = classes_prepare(live, s, m, model) ?: nodes_sync(live, s, model, times);
	if (err)
		return err;
	nodes_weigh(live, s, model, times->now, &next);
	places_write(live, s);
	nodes_show(live, s);
	for (size_t i = 0; i < s->ring_count && !err; i++)
		if (!s->rings[i]->frozen)
			err = ring_apply(live, s->rings[i], times, report);
	return err ?: classes_apply(live, s, &clients) ?: rings_forget(live, s);
}

int live_apply(struct live *live, const struct model *m, const struct live_times *times,
	       struct live_report *ret)
{
	struct live_report report = {};
	uint64_t start = clock_ns();
	int err = 0;

	for (size_t i = 0; i < live->service_count; i++)
		live->services[i]->gone = !model_service(m, live->services[i]->name);
	live_doors_set(live, m);
	err = live_regions_set(live, m) ?: live_replies_yield(live, m, times->now);
	for (size_t i = 0; i < m->service_count && !err; i++)
		err = service_apply(live, m, &m->services[i], times, &report);
	if (err)
		return err;
	report.ns = clock_ns() - start;
	err = live_vips_write(live, m);
	if (err)
		return err;
	live_doors_write(live);
	cleanup(live);
	*ret = report;
	return 0;
}

/* ---- time ---- */

uint32_t service_window(const struct live_service *s)
{
	return s->udp_idle_ms / 100;
}

uint32_t service_settle(const struct live_service *s)
{
	return (s->tcp_idle_ms > s->udp_idle_ms ? s->tcp_idle_ms : s->udp_idle_ms) / 100;
}

static void sooner(uint64_t *next, uint64_t at)
{
	if (at && (!*next || at < *next))
		*next = at;
}

static void ring_tick(struct live *live, struct live_ring *r, uint64_t now, uint64_t *next)
{
	struct live_service *s = r->service;
	struct cells_times times = { now / TENTH, service_window(s), service_settle(s) };
	struct cells_step step;

	if (!r->has_extent || !r->cells.moving)
		return;
	cells_settle(&r->cells, &times, &step);
	if (step.settled) {
		live->settle_epoch = live->dp->epoch;
		s->settled = live->walks;
		s->look = s->look ?: 1;		/* until a walk knows better */
	}
	if (step.held)
		log_warn("service %s: %u cells stay as they are: the table of pins is full",
			 s->name, step.held);
	sooner(next, step.next * TENTH);
}

uint64_t live_tick(struct live *live, const struct model *m, uint64_t now, bool *ret_apply)
{
	bool apply = false;
	uint64_t next = 0;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];
		const struct service *model = model_service(m, s->name);
		uint64_t at = 0;

		for (size_t k = 0; k < s->ring_count; k++)
			ring_tick(live, s->rings[k], now, &next);
		sooner(&next, classes_tick(live, s, now, &apply));
		apply |= model && nodes_weigh(live, s, model, now, &at);
		sooner(&next, at);
	}
	sooner(&next, live_keys_tick(live, now));
	/* Left for after the take-over. */
	*ret_apply = apply || (live->classes_strange && live->dp->fresh_fd < 0);
	return next;
}

void live_close_cells(struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++)
		service_close(live, live->services[i]);
}

uint32_t service_moving(const struct live_service *s)
{
	uint32_t moving = 0;

	for (size_t i = 0; i < s->ring_count; i++)
		moving += s->rings[i]->cells.moving;
	return moving;
}

bool live_busy(const struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++) {
		const struct live_service *s = live->services[i];

		if (service_moving(s) || (s->classes && s->classes->moving) || s->keys_moving ||
		    s->look || s->leaving_count || s->rekeyed)
			return true;
	}
	return false;
}

int live_service_traffic(const struct live *live, const struct live_service *s,
			 struct xring_traffic *ret)
{
	struct xring_traffic sum = s->retired;

	for (size_t i = 0; i < s->node_count + s->leaving_count; i++) {
		const struct live_node *node = i < s->node_count ? s->nodes[i] :
					       s->leaving[i - s->node_count];
		struct xring_traffic one;
		int err = dp_traffic_read(live->dp, node->id, &one);

		if (err)
			return err;
		sum.packets += one.packets;
		sum.bytes += one.bytes;
		sum.flows += one.flows;
	}
	*ret = sum;
	return 0;
}
