// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/live_cells.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"

#define TENTH (NS_PER_S / 10)

/* Two tables are one bit more. */
unsigned service_bits(const struct live_service *s, size_t points)
{
	unsigned bits = cells_bits(points);

	if (!s || !s->has_extent)
		return bits;
	if (s->cells.bits >= bits && (s->cells.bits <= bits + 2 || s->cells.moving || s->look))
		return s->cells.bits;	/* neither too small nor far too large, or in use */
	return bits;
}

static int extent_take(struct live *live, struct live_service *s, unsigned bits)
{
	uint32_t base;
	int err = arena_alloc(&live->arena, bits + 1, &base);

	if (err)
		return log_err(err, "service %s: no room for 2^%u cells", s->name, bits);
	s->base = base;
	s->cells = (struct cells){
		.words = live->dp->cells + base,
		.since = live->since + base / 2,
		.bits = bits,
		.spills = &live->spills,
	};
	s->has_extent = s->blank = true;
	memset(s->cells.words, 0, sizeof(uint64_t) << (bits + 1));
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

/* What the datapath has marked there since the copy was made. */
static void former_flags(struct live *live, const struct extent *e, const struct cells *from)
{
	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		if (!s->refined || s->former != e->base)
			continue;
		cells_refine_flags(from, &s->cells);
		s->refined = false;
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

/* More cells, with flags and times as they are. */
static int extent_refine(struct live *live, struct live_service *s, unsigned bits)
{
	struct cells from = s->cells;
	bool blank = s->blank;
	uint32_t base = s->base;
	int err = extent_take(live, s, bits) ?: cells_refine(&from, &s->cells);

	if (err == -ENOSPC && s->cells.words != from.words) {
		dp_grace(live->dp);
		spill_pool_reclaim(&live->spills);
		memset(s->cells.words, 0, sizeof(uint64_t) << (bits + 1));
		err = cells_refine(&from, &s->cells);
	}
	if (err) {
		if (s->cells.words != from.words)
			arena_free(&live->arena, s->base);
		s->cells = from;
		s->base = base;
		s->blank = blank;
		return err;
	}
	s->blank = false;
	s->refined = true;
	s->former = base;
	return extent_leave(live, base, from.bits);
}

static int extent_fit(struct live *live, struct live_service *s, const struct ring *ring)
{
	unsigned bits = service_bits(s, ring->point_count);

	while (!cells_fit(ring, bits))
		bits++;
	if (!s->has_extent)
		return extent_take(live, s, bits);
	if (bits > s->cells.bits)
		return extent_refine(live, s, bits);
	return 0;
}

static long cells_fill(struct live *live, struct live_service *s, const struct cells_change *change,
		       const struct ring_point *delta, size_t delta_count)
{
	for (int try = 0;; try++) {
		long written = delta && !try ?
			cells_update(&s->cells, change, delta, delta_count) :
			cells_write(&s->cells, change);

		if (written != -ENOSPC || try)
			return written;
		dp_grace(live->dp);
		spill_pool_reclaim(&live->spills);
	}
}

/* A node that leaves is named as long as the ring has its points. */
static void service_ids(const struct live_service *s, uint16_t *ret)
{
	for (size_t i = 0; i < s->leaving_count; i++)
		if (node_points(s, s->leaving[i]))
			ret[s->leaving[i]->index] = s->leaving[i]->id;
	for (size_t i = 0; i < s->node_count; i++)
		ret[s->nodes[i]->index] = s->nodes[i]->id;
}

/* In a blank extent nothing is kept: it holds no answer yet. */
static long service_cells(struct live *live, struct live_service *s, const struct ring *ring,
			  const struct ring_point *delta, size_t delta_count, enum cells_how how,
			  uint64_t now)
{
	_free_ uint16_t *ids = calloc(s->index_count + 1, sizeof(*ids));
	struct cells_change change = { ring, ids, how, now / TENTH };
	long written;
	int err;

	if (!ids)
		return -ENOMEM;
	service_ids(s, ids);
	err = extent_fit(live, s, ring);
	if (err)
		return err;
	if (s->blank)
		change.how = CELLS_CUT;
	/* A packet that saw a cell move before it settled is not to read what comes now. */
	if (change.how == CELLS_KEEP && live->settle_epoch == live->dp->epoch)
		dp_grace(live->dp);
	if (s->blank || s->reconcile)
		delta = NULL;
	s->reconcile = true;		/* should it fail half way */
	written = cells_fill(live, s, &change, delta, delta_count);
	if (written < 0)
		return log_err(written, "service %s: cells", s->name);
	s->blank = s->reconcile = false;
	return written;
}

uint32_t node_points(const struct live_service *s, const struct live_node *node)
{
	if (node->index >= s->ring.node_count || s->ring.nodes[node->index].name != node->name)
		return 0;
	return s->ring.nodes[node->index].points;
}

/* Makes the ring that of these points by node index. Returns words written. */
static long ring_to(struct live *live, struct live_service *s, const uint32_t *points,
		    enum cells_how how, uint64_t now)
{
	_free_ struct ring_node *nodes = calloc(s->index_count + 1, sizeof(*nodes));
	_free_ struct ring_point *delta = NULL;
	size_t delta_count = 0;
	struct ring ring;
	long written = 0;
	int err;

	if (!nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->index_count; i++)
		nodes[i] = i < s->ring.node_count && s->ring.nodes[i].points ? s->ring.nodes[i] :
			   (struct ring_node){ "" };
	for (size_t i = 0; i < s->node_count; i++)
		nodes[s->nodes[i]->index] = (struct ring_node){ s->nodes[i]->name,
								strlen(s->nodes[i]->name) };
	for (uint32_t i = 0; i < s->index_count; i++)
		nodes[i].points = points[i];
	err = ring_update(&s->ring, nodes, s->index_count, &ring, &delta, &delta_count);
	if (err)
		return err;
	if (delta_count || !s->has_extent || s->blank || s->reconcile)
		written = service_cells(live, s, &ring, delta, delta_count, how, now);
	if (written < 0) {
		ring_clear(&ring);
		return written;
	}
	ring_clear(&s->ring);
	s->ring = ring;
	return written;
}

/* By index, as they are now. */
static uint32_t *points_now(const struct live_service *s)
{
	uint32_t *points = calloc(s->index_count + 1, sizeof(*points));

	for (uint32_t i = 0; points && i < s->ring.node_count; i++)
		points[i] = s->ring.nodes[i].points;
	return points;
}

static bool bury(const struct live_service *s, struct live_node *const *nodes, size_t count,
		 uint32_t *points)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (!nodes[i]->dead || !node_points(s, nodes[i]))
			continue;
		points[nodes[i]->index] = 0;
		any = true;
	}
	return any;
}

/* The dead are taken out at once: their keys go to the next owners, nothing else moves. */
static long ring_bury(struct live *live, struct live_service *s, uint64_t now)
{
	_free_ uint32_t *points = points_now(s);
	bool any;

	if (!points)
		return -ENOMEM;
	any = bury(s, s->nodes, s->node_count, points);
	any |= bury(s, s->leaving, s->leaving_count, points);
	return any ? ring_to(live, s, points, CELLS_CUT, now) : 0;
}

static long ring_move(struct live *live, struct live_service *s, const struct live_times *times)
{
	_free_ uint32_t *points = calloc(s->index_count + 1, sizeof(*points));

	if (!points)
		return -ENOMEM;
	for (size_t i = 0; i < s->node_count; i++)
		points[s->nodes[i]->index] = s->nodes[i]->points;
	return ring_to(live, s, points, times->cut ? CELLS_CUT : CELLS_KEEP, times->now);
}

/* Fewer cells, in the steady state, where nothing but answers counts. */
static int ring_shrink(struct live *live, struct live_service *s, uint64_t now)
{
	uint32_t base = s->base;
	unsigned bits, was = s->cells.bits;
	size_t total = 0;
	int err;

	for (size_t i = 0; i < s->node_count; i++)
		total += s->nodes[i]->points;
	bits = service_bits(s, total > s->ring.point_count ? total : s->ring.point_count);
	if (!s->has_extent || bits >= s->cells.bits || !cells_fit(&s->ring, bits))
		return 0;
	err = extent_take(live, s, bits) ?: extent_leave(live, base, was);
	if (!err) {
		_free_ uint32_t *points = points_now(s);
		long written = points ? ring_to(live, s, points, CELLS_CUT, now) : -ENOMEM;

		err = written < 0 ? written : 0;
	}
	return err;
}

/* The ring's nodes are named by the live ones, in their memory. */
static const struct live_node *node_of(const struct ring_node *n)
{
	_Static_assert(offsetof(struct live_node, name) == 0, "a name is where its node is");
	return (const struct live_node *)n->name;
}

size_t service_parts(const struct live_service *s, uint32_t vnodes, struct plan_node *ret)
{
	size_t count = 0;

	for (uint32_t i = 0; i < s->ring.node_count; i++) {
		const struct ring_node *n = &s->ring.nodes[i];

		if (n->points)
			ret[count++] = (struct plan_node){ n->name, n->points * WEIGHT_ONE / vnodes,
							   n->points, node_of(n)->id };
	}
	return count;
}

int service_ring(struct live *live, struct live_service *s, const struct live_times *times,
		 struct live_report *report)
{
	size_t most = s->ring.node_count + s->index_count + 1;
	_free_ struct plan_node *before = calloc(most, sizeof(*before));
	_free_ struct plan_node *after = calloc(most, sizeof(*after));
	struct live_move move = { s, before, after };
	bool first = !s->has_extent;
	long buried, moved;
	int err;

	if (!before || !after)
		return -ENOMEM;
	move.before_count = service_parts(s, s->vnodes_shown ?: s->vnodes, before);
	err = ring_shrink(live, s, times->now);
	if (err)
		return err;
	buried = ring_bury(live, s, times->now);
	moved = buried < 0 ? buried : ring_move(live, s, times);
	if (moved < 0)
		return moved;
	s->vnodes_shown = s->vnodes;
	move.after_count = service_parts(s, s->vnodes, after);
	move.cells = buried + moved;
	move.kept = times->cut ? 0 : moved;
	report->cells += move.cells;
	if (move.cells && !first && live->moved)
		live->moved(live->context, &move);
	return 0;
}
