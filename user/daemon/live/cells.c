// SPDX-License-Identifier: GPL-2.0-or-later
/* How the cells of a ring in the maps follow the effective weights of the backends. */
#include "daemon/live/cells.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "core/place/weigh.h"
#include "core/ring/arena.h"
#include "core/ring/cells.h"
#include "core/ring/moving_cells.h"
#include "core/ring/plan.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "core/value/number.h"
#include "daemon/live/backends.h"
#include "daemon/live/events.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/live/times.h"
#include "dp/dp.h"
#include "dp/write.h"

/* Counts one of the extent's two tables; the extent itself is one bit larger. */
unsigned ring_bits(const struct live_ring *r, size_t points)
{
	unsigned bits = cells_bits(points);

	if (!r || !r->has_extent)
		return bits;
	if (r->cells.bits >= bits && (r->cells.bits <= bits + 2 || r->cells.moving ||
				     r->service->look))
		return r->cells.bits;	/* large enough; not far too large, or in use by a change */
	return bits;
}

size_t route_points(const struct route *route, const struct service *s)
{
	struct density density = service_density(s);
	size_t points = 0;

	for (size_t i = 0; i < s->backend_count; i++)
		if (route_may_use(route, &s->backends[i]))
			points += density_points(density, s->backends[i].weight);
	return points;
}

/* The same, or the present points, if these are more: shares of regions may scale weights up. */
static size_t points_most(const struct live_ring *r, size_t points)
{
	size_t full = route_points(&r->route, r->service->model);

	return points > full ? points : full;
}

static int extent_take(struct live *live, struct live_ring *r, unsigned bits)
{
	uint32_t base;
	int err = arena_alloc(&live->arena, bits + 1, &base);

	if (err)
		return err;
	r->base = base;
	r->cells = (struct cells){
		.words = live->dp->cells + base,
		.since = live->dp->since + base / 2,
		.bits = bits,
		.spills = &live->spills,
	};
	r->has_extent = r->blank = true;
	memset(r->cells.words, 0, sizeof(uint64_t) << (bits + 1));
	return 0;
}

int extent_leave(struct live *live, uint32_t base, unsigned bits)
{
	struct extent *foreign = reallocarray(live->foreign, live->foreign_count + 1,
					      sizeof(*foreign));

	if (!foreign)
		return -ENOMEM;
	live->foreign = foreign;
	foreign[live->foreign_count++] = (struct extent){ base, bits };
	return 0;
}

/*
 * Copies to the new extents the flags that the datapath has set in the old one since the
 * cells were copied.
 */
static void former_flags(struct live *live, const struct extent *e, const struct cells *from)
{
	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		for (size_t k = 0; k < s->ring_count; k++) {
			struct live_ring *r = s->rings[k];

			if (!r->refined || r->former != e->base)
				continue;
			cells_refine_flags(from, &r->cells);
			r->refined = false;
		}
	}
}

void extents_forget(struct live *live)
{
	for (size_t i = 0; i < live->foreign_count; i++) {
		struct extent *e = &live->foreign[i];
		struct cells cells = { .words = live->dp->cells + e->base, .bits = e->bits,
				       .spills = &live->spills };

		former_flags(live, e, &cells);
		cells_release(&cells);
		arena_free(&live->arena, e->base);
	}
	live->foreign_count = 0;
}

/* Copies the ring to an extent with more cells, with the present flags and times. */
static int extent_refine(struct live *live, struct live_ring *r, unsigned bits)
{
	struct cells from = r->cells;
	bool blank = r->blank;
	uint32_t base = r->base;
	int err = extent_take(live, r, bits) ?: cells_refine(&from, &r->cells);

	if (err == -ENOSPC && r->cells.words != from.words) {
		dp_grace(live->dp);
		spill_pool_reclaim(&live->spills);
		err = cells_refine(&from, &r->cells);
	}
	if (err) {
		if (r->cells.words != from.words)
			arena_free(&live->arena, r->base);
		r->cells = from;
		r->base = base;
		r->blank = blank;
		return err;
	}
	r->blank = false;
	r->refined = true;
	r->former = base;
	return extent_leave(live, base, from.bits);
}

static int extent_fit(struct live *live, struct live_ring *r, const struct ring *ring)
{
	unsigned bits = ring_bits(r, points_most(r, ring->point_count));
	int err = 0;

	while (!cells_fit(ring, bits))
		bits++;
	if (!r->has_extent)
		err = extent_take(live, r, bits);
	else if (bits > r->cells.bits)
		err = extent_refine(live, r, bits);
	if (err)
		log_err(err, "service %s: no room for 2^%u cells", r->service->name, bits);
	return err;
}

static long cells_fill(struct live *live, struct live_ring *r, const struct cells_change *change,
		       const struct ring_point *delta, size_t delta_count)
{
	for (int try = 0;; try++) {
		long written = delta && !try ?
			cells_update(&r->cells, change, delta, delta_count) :
			cells_write(&r->cells, change);

		if (written != -ENOSPC || try)
			return written;
		dp_grace(live->dp);
		spill_pool_reclaim(&live->spills);
	}
}

/* ret: ids by index. A leaving backend keeps its entry as long as the ring has points of it. */
static void ring_ids(const struct live_ring *r, uint16_t *ret)
{
	for (size_t i = 0; i < r->service->leaving_count; i++)
		if (ring_points(r, r->service->leaving[i]))
			ret[r->service->leaving[i]->index] = r->service->leaving[i]->id;
	for (size_t i = 0; i < r->service->backend_count; i++)
		ret[r->service->backends[i]->index] = r->service->backends[i]->id;
}

/* Any cell may have pins: each looks for them, until a walk over the pins has counted. */
static void ring_look(struct live_ring *r)
{
	for (uint32_t c = 0; c < cells_count(&r->cells); c++)
		cells_look_set(&r->cells, c);
	r->service->look = r->service->look ?: 1;
}

/*
 * Returns the number of written cells. A blank extent holds no answer yet, so no flow is kept
 * there; only pins may be there from before, when cells had another layout.
 */
static long ring_cells(struct live *live, struct live_ring *r, const struct ring *ring,
			  const struct ring_point *delta, size_t delta_count, enum cells_how how,
			  uint64_t now)
{
	_free_ uint16_t *ids = calloc(r->service->index_count + 1, sizeof(*ids));
	struct cells_change change = { ring, ids, how, now / NS_PER_TENTH };
	bool strange;
	long written;
	int err;

	if (!ids)
		return -ENOMEM;
	ring_ids(r, ids);
	err = extent_fit(live, r, ring);
	if (err)
		return err;
	strange = r->blank && live->dp->rings_strange;
	if (r->blank)
		change.how = CELLS_CUT;
	/*
	 * A packet under way that saw a cell move before the cell settled must not read the
	 * new old answer.
	 */
	if (change.how == CELLS_KEEP && live->settle_epoch == live->dp->epoch)
		dp_grace(live->dp);
	if (r->blank || r->reconcile)
		delta = NULL;
	r->reconcile = true;		/* in case the following fails half way */
	written = cells_fill(live, r, &change, delta, delta_count);
	if (written < 0)
		return log_err(written, "service %s: cells", r->service->name);
	r->blank = r->reconcile = false;
	if (strange)
		ring_look(r);
	return written;
}

static const struct live_part *ring_part(const struct live_ring *r,
					 const struct live_backend *backend)
{
	static const struct live_part none;

	return backend->index < r->part_count ? &r->parts[backend->index] : &none;
}

uint32_t ring_points(const struct live_ring *r, const struct live_backend *backend)
{
	if (backend->index >= r->ring.node_count ||
	    r->ring.nodes[backend->index].name != backend->name)
		return 0;
	return r->ring.nodes[backend->index].points;
}

/*
 * Gives the ring these numbers of points, by backend index. Returns the number of written
 * cells.
 */
static long ring_to(struct live *live, struct live_ring *r, const uint32_t *points,
		    enum cells_how how, uint64_t now)
{
	_free_ struct ring_node *nodes = calloc(r->service->index_count + 1, sizeof(*nodes));
	_free_ struct ring_point *delta = NULL;
	size_t delta_count = 0;
	struct ring ring;
	long written = 0;
	int err;

	if (!nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->service->index_count; i++)
		nodes[i] = i < r->ring.node_count && r->ring.nodes[i].points ? r->ring.nodes[i] :
			   (struct ring_node){ "" };
	for (size_t i = 0; i < r->service->backend_count; i++)
		nodes[r->service->backends[i]->index] = (struct ring_node){
			r->service->backends[i]->name, strlen(r->service->backends[i]->name) };
	for (uint32_t i = 0; i < r->service->index_count; i++)
		nodes[i].points = points[i];
	err = ring_update(&r->ring, nodes, r->service->index_count, &ring, &delta, &delta_count);
	if (err)
		return err;
	if (delta_count || !r->has_extent || r->blank || r->reconcile)
		written = ring_cells(live, r, &ring, delta, delta_count, how, now);
	if (written < 0) {
		ring_clear(&ring);
		return written;
	}
	ring_clear(&r->ring);
	r->ring = ring;
	return written;
}

/* The present number of points by backend index; NULL: no memory. */
static uint32_t *points_now(const struct live_ring *r)
{
	uint32_t *points = calloc(r->service->index_count + 1, sizeof(*points));

	for (uint32_t i = 0; points && i < r->ring.node_count; i++)
		points[i] = r->ring.nodes[i].points;
	return points;
}

static bool bury(const struct live_ring *r, struct live_backend *const *nodes, size_t count,
		 uint32_t *points)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (!(nodes[i]->dead || ring_part(r, nodes[i])->forbidden) ||
		    !ring_points(r, nodes[i]))
			continue;
		points[nodes[i]->index] = 0;
		any = true;
	}
	return any;
}

/*
 * Takes dead and forbidden backends out of the ring at once: their keys go to the next
 * owners, nothing else moves.
 */
static long dead_leave(struct live *live, struct live_ring *r, uint64_t now)
{
	_free_ uint32_t *points = points_now(r);
	bool any;

	if (!points)
		return -ENOMEM;
	any = bury(r, r->service->backends, r->service->backend_count, points);
	any |= bury(r, r->service->leaving, r->service->leaving_count, points);
	return any ? ring_to(live, r, points, CELLS_CUT, now) : 0;
}

static long ring_move(struct live *live, struct live_ring *r, const struct live_times *times)
{
	_free_ uint32_t *points = calloc(r->service->index_count + 1, sizeof(*points));

	if (!points)
		return -ENOMEM;
	for (size_t i = 0; i < r->service->backend_count; i++)
		points[r->service->backends[i]->index] =
			ring_part(r, r->service->backends[i])->points;
	return ring_to(live, r, points, times->cut ? CELLS_CUT : CELLS_KEEP, times->now);
}

/* The ring is again where it was: nobody has been told of the other place. */
static void extent_back(struct live *live, struct live_ring *r, const struct live_ring *was)
{
	cells_release(&r->cells);
	arena_free(&live->arena, r->base);
	r->cells = was->cells;
	r->base = was->base;
	r->blank = was->blank;
	r->reconcile = was->reconcile;
}

unsigned ring_bits_steady(const struct live_ring *r, size_t points)
{
	unsigned bits = ring_bits(r, points > r->ring.point_count ? points : r->ring.point_count);

	return bits < r->cells.bits && cells_fit(&r->ring, bits) ? bits : r->cells.bits;
}

/*
 * Fewer cells, but as many as the full weights need: a return from death finds its room. While
 * there is no room for them beside those that it has, the ring keeps those.
 */
static int ring_shrink(struct live *live, struct live_ring *r, uint64_t now)
{
	size_t total = 0;
	const struct live_ring was = *r;
	unsigned bits;
	int err;

	for (size_t i = 0; i < r->service->backend_count; i++)
		total += ring_part(r, r->service->backends[i])->points;
	bits = ring_bits_steady(r, points_most(r, total));
	if (!r->has_extent || bits == r->cells.bits)
		return 0;
	err = extent_take(live, r, bits);
	if (!err) {
		_free_ uint32_t *points = points_now(r);
		long written = points ? ring_to(live, r, points, CELLS_CUT, now) : -ENOMEM;

		err = written < 0 ? written : extent_leave(live, was.base, was.cells.bits);
		if (err)
			extent_back(live, r, &was);
	}
	return err == -ENOSPC ? 0 : err;
}

/* The name of a ring's node is the `name` of its live_backend, in the same memory. */
static const struct live_backend *backend_of(const struct ring_node *n)
{
	_Static_assert(offsetof(struct live_backend, name) == 0, "a name is where its backend is");
	return (const struct live_backend *)n->name;
}

struct density ring_density(const struct live_ring *r)
{
	return r->density_shown.vnodes ? r->density_shown : r->service->density;
}

size_t ring_parts(const struct live_ring *r, struct density density, struct plan_node *ret)
{
	size_t count = 0;

	for (uint32_t i = 0; i < r->ring.node_count; i++) {
		const struct ring_node *n = &r->ring.nodes[i];

		if (n->points)
			ret[count++] = (struct plan_node){ n->name,
							   density_weight(density, n->points),
							   n->points, backend_of(n)->id };
	}
	return count;
}

static int ring_copy(const struct ring *ring, struct ring *ret)
{
	return ring_update(ring, ring->nodes, ring->node_count, ret, NULL, NULL);
}

/*
 * Brings the ring to its parts, or takes out only what is dead. Returns the number of written
 * cells; *ret_kept: see live_move.
 */
static long ring_write(struct live *live, struct live_ring *r, const struct live_times *times,
		       bool bury_only, uint32_t *ret_kept)
{
	int err = bury_only ? 0 : ring_shrink(live, r, times->now);
	long buried = err ?: dead_leave(live, r, times->now), moved;

	if (buried < 0)
		return buried;
	moved = bury_only ? 0 : ring_move(live, r, times);
	if (moved < 0)
		return moved;
	r->density_shown = r->service->density;
	*ret_kept = times->cut ? 0 : moved;
	return buried + moved;
}

static int ring_follow(struct live *live, struct live_ring *r, const struct live_times *times,
		       bool bury_only, struct live_report *report)
{
	size_t most = r->ring.node_count + r->service->index_count + 1;
	_free_ struct plan_node *before = calloc(most, sizeof(*before));
	_free_ struct plan_node *after = calloc(most, sizeof(*after));
	struct ring was = {};
	struct live_move move = { r->service, r, before, after, .was = &was, .is = &r->ring };
	bool first = !r->has_extent;
	long cells;

	if (!before || !after || ring_copy(&r->ring, &was))
		return -ENOMEM;
	move.before_count = ring_parts(r, ring_density(r), before);
	cells = ring_write(live, r, times, bury_only, &move.kept);
	if (cells > 0) {
		move.after_count = ring_parts(r, r->service->density, after);
		move.cells = cells;
		report->cells += cells;
		if (!first && live->events.moved)
			live->events.moved(live->events.context, &move);
	}
	ring_clear(&was);
	return cells < 0 ? cells : 0;
}

int ring_apply(struct live *live, struct live_ring *r, const struct live_times *times,
	       struct live_report *report)
{
	return ring_follow(live, r, times, false, report);
}

int ring_bury(struct live *live, struct live_ring *r, const struct live_times *times,
	      struct live_report *report)
{
	return r->has_extent ? ring_follow(live, r, times, true, report) : 0;
}
