// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/live.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "core/slots.h"
#include "core/vips.h"
#include "daemon/live_node.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

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
	free(s->nodes);
	ring_clear(&s->ring);
	free(s);
}

int live_open(struct dp *dp, struct loop *loop, struct live **ret)
{
	struct live *live = calloc(1, sizeof(*live));
	int err;

	if (!live)
		return -ENOMEM;
	live->dp = dp;
	live->arena.size = dp->cell_count;
	err = spill_pool_new(dp->spills, dp->spill_count, &live->spills) ?:
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
	free(live->foreign);
	free(live->stale_ids);
	free(live->slots);
	free(live);
}

/* ---- is there room ---- */

static size_t service_points(const struct service *s)
{
	size_t points = 0;

	for (size_t i = 0; i < s->backend_count; i++)
		points += weight_points(s->backends[i].weight, s->vnodes);
	return points;
}

/* The extent it has is kept while it is neither too small nor far too large. */
static unsigned bits_wanted(const struct live_service *live, size_t points)
{
	unsigned bits = cells_bits(points);

	if (live && live->has_extent && live->cells.bits >= bits &&
	    live->cells.bits <= bits + 2)
		return live->cells.bits;
	return bits;
}

int live_check(const struct live *live, const struct model *m, char *why, size_t size)
{
	size_t backends = 0, slots = slots_count(m);
	struct arena arena;
	int err = arena_copy(&live->arena, &arena);

	if (err)
		return err;
	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct service *s = &m->services[i];
		const struct live_service *ls = live_service(live, s->name);
		size_t points = service_points(s);
		unsigned bits = bits_wanted(ls, points);
		uint32_t base;

		backends += s->backend_count;
		if (ls && ls->has_extent && ls->cells.bits == bits)
			continue;
		err = arena_alloc(&arena, bits, &base);
		if (err == -ENOSPC)
			snprintf(why, size, "service %s: %zu ring points need %u cells: "
				 "%u of %u are taken; want lower weights or vnodes, "
				 "or a larger limits.cells", s->name, points, 1u << bits,
				 arena_used(&arena), arena.size);
	}
	arena_clear(&arena);
	if (!err && backends >= live->dp->backend_count) {
		snprintf(why, size, "%zu backends: want at most %u (limits.backends)", backends,
			 live->dp->backend_count - 1);
		err = -ENOSPC;
	}
	if (!err && slots > VIPS_MAX) {
		snprintf(why, size, "%zu VIPs and nat backends: want at most %u", slots, VIPS_MAX);
		err = -ENOSPC;
	}
	return err;
}

/* ---- one service's cells ---- */

static int extent_take(struct live *live, struct live_service *s, unsigned bits)
{
	uint32_t base;
	int err = arena_alloc(&live->arena, bits, &base);

	if (err)
		return log_err(err, "service %s: no room for 2^%u cells", s->name, bits);
	s->base = base;
	s->cells = (struct cells){ live->dp->cells + base, bits, &live->spills };
	s->has_extent = true;
	memset(s->cells.words, 0, sizeof(uint64_t) << bits);
	return 0;
}

/* The extent a service leaves: freed when no reader has it any more. */
static int extent_leave(struct live *live, const struct live_service *s)
{
	struct extent *foreign = reallocarray(live->foreign, live->foreign_count + 1,
					      sizeof(*foreign));

	if (!foreign)
		return -ENOMEM;
	live->foreign = foreign;
	foreign[live->foreign_count++] = (struct extent){ s->base, s->cells.bits };
	return 0;
}

static long cells_fill(struct live *live, struct live_service *s, const struct ring *ring,
		       const uint16_t *ids, const struct ring_point *delta, size_t delta_count)
{
	for (int try = 0;; try++) {
		long written = delta && !try ?
			cells_update(&s->cells, ring, ids, delta, delta_count) :
			cells_write(&s->cells, ring, ids);

		if (written != -ENOSPC || try)
			return written;
		dp_grace(live->dp);
		spill_pool_reclaim(&live->spills);
	}
}

static int service_cells(struct live *live, struct live_service *s, const struct ring *ring,
			 const struct ring_point *delta, size_t delta_count,
			 struct live_report *report)
{
	_free_ uint16_t *ids = calloc(s->index_count + 1, sizeof(*ids));
	unsigned bits = bits_wanted(s, ring->point_count);
	bool fresh;
	long written;

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < s->node_count; i++)
		ids[s->nodes[i]->index] = s->nodes[i]->id;
	while (!cells_fit(ring, bits))
		bits++;
	fresh = !s->has_extent || s->cells.bits != bits;
	if (fresh) {
		int err = s->has_extent ? extent_leave(live, s) : 0;

		err = err ?: extent_take(live, s, bits);
		if (err)
			return err;
	}
	written = cells_fill(live, s, ring, ids, fresh || s->reconcile ? NULL : delta,
			     delta_count);
	if (written < 0)
		return log_err(written, "service %s: cells", s->name);
	s->reconcile = false;
	report->cells += written;
	return 0;
}

static int service_ring(struct live *live, struct live_service *s, struct live_report *report)
{
	_free_ struct ring_node *nodes = calloc(s->index_count + 1, sizeof(*nodes));
	_free_ struct ring_point *delta = NULL;
	size_t delta_count = 0;
	struct ring ring;
	int err;

	if (!nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->index_count; i++)
		nodes[i].name = "";
	for (size_t i = 0; i < s->node_count; i++)
		nodes[s->nodes[i]->index] = (struct ring_node){
			s->nodes[i]->name, strlen(s->nodes[i]->name), s->nodes[i]->points,
		};
	err = ring_update(&s->ring, nodes, s->index_count, &ring, &delta, &delta_count);
	if (err)
		return err;
	if (delta_count || !s->has_extent || s->reconcile)
		err = service_cells(live, s, &ring, delta, delta_count, report);
	if (err) {
		ring_clear(&ring);
		return err;
	}
	ring_clear(&s->ring);
	s->ring = ring;
	return 0;
}

/* ---- the VIP table ---- */

static int vips_write(struct live *live, const struct model *m)
{
	_free_ struct xring_slot *slots = calloc(slots_count(m) + 1, sizeof(*slots));
	size_t count = 0;
	uint64_t flags;
	uint32_t seed;

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->service_count; i++) {
		const struct live_service *s = live_service(live, m->services[i].name);

		count += slots_fill(&m->services[i], s->base, 32 - s->cells.bits, slots + count);
	}
	if (live->slots_known && count == live->slot_count &&
	    !memcmp(slots, live->slots, count * sizeof(*slots)))
		return 0;
	flags = slots_flags(slots, count);
	if (vips_build(dp_vips_idle(live->dp), slots, count, &seed))
		return log_err(-ENOSPC, "%zu entries of the VIP table", count);
	dp_vips_flip(live->dp, seed, flags);
	free(live->slots);
	live->slots = take_ptr(slots);
	live->slot_count = count;
	live->slots_known = true;
	return 0;
}

/* ---- what nothing names any more ---- */

static void services_forget(struct live *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		if (!s->gone) {
			nodes_forget(live, s);
			live->services[kept++] = s;
			continue;
		}
		if (s->has_extent) {
			cells_release(&s->cells);
			arena_free(&live->arena, s->base);
		}
		for (size_t n = 0; n < s->node_count; n++)
			node_id_free(live, s->nodes[n]->id);
		service_free(live, s);
	}
	live->service_count = kept;
}

static void foreign_forget(struct live *live)
{
	for (size_t i = 0; i < live->foreign_count; i++) {
		struct extent *e = &live->foreign[i];
		struct cells cells = { live->dp->cells + e->base, e->bits, &live->spills };

		cells_release(&cells);
		arena_free(&live->arena, e->base);
	}
	live->foreign_count = 0;
	for (size_t i = 0; i < live->stale_count; i++)
		node_id_free(live, live->stale_ids[i]);
	live->stale_count = 0;
}

static bool anything_left(const struct live *live)
{
	bool left = live->spills.retired_count || live->foreign_count || live->stale_count;

	for (size_t i = 0; i < live->service_count && !left; i++) {
		left = live->services[i]->gone;
		for (size_t n = 0; n < live->services[i]->node_count && !left; n++)
			left = live->services[i]->nodes[n]->gone;
	}
	return left;
}

static void cleanup(struct live *live)
{
	if (!anything_left(live))
		return;
	dp_grace(live->dp);
	services_forget(live);
	foreign_forget(live);
	spill_pool_reclaim(&live->spills);
}

int live_apply(struct live *live, const struct model *m, struct live_report *ret)
{
	struct live_report report = {};
	uint64_t start = now_ns();
	int err = 0;

	for (size_t i = 0; i < live->service_count; i++)
		live->services[i]->gone = !model_service(m, live->services[i]->name);
	for (size_t i = 0; i < m->service_count && !err; i++) {
		struct live_service *s = live_service_get(live, m->services[i].name);

		err = !s ? -ENOMEM : nodes_sync(live, s, &m->services[i]) ?:
		      service_ring(live, s, &report);
	}
	if (err)
		return err;
	report.ns = now_ns() - start;
	err = vips_write(live, m);
	if (err)
		return err;
	cleanup(live);
	*ret = report;
	return 0;
}

int live_service_traffic(const struct live *live, const struct live_service *s,
			 struct xring_traffic *ret)
{
	struct xring_traffic sum = s->retired;

	for (size_t i = 0; i < s->node_count; i++) {
		struct xring_traffic one;
		int err = dp_traffic_read(live->dp, s->nodes[i]->id, &one);

		if (err)
			return err;
		sum.packets += one.packets;
		sum.bytes += one.bytes;
		sum.flows += one.flows;
	}
	*ret = sum;
	return 0;
}
