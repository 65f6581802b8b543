// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both rings use one table of backends, sorted by name, so that a number means the same
 * backend in both. The points of both rings, merged, cut the circle into segments within
 * which neither ring's answer changes:
 *
 *     before   ----a-------a-----b----------c----
 *     after    ----a---d---a--------d-------c----
 *                   |-d-|        |--d--|            segments whose owners differ
 *
 * Differing segments that touch are joined to one arc. The moves are the segments' sums by
 * (from, to): segments are first grouped by `from`, then summed in an array indexed by
 * `to`, which takes linear time however many pairs there are.
 */
#include "core/ring/plan.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/ring/ring.h"

/* ---- the table ---- */

static int by_name(const void *a, const void *b)
{
	const struct plan_node *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* Makes an array of pointers to the nodes, sorted by name. */
static int nodes_sort(const struct plan_node *nodes, size_t count, const struct plan_node ***ret)
{
	_free_ const struct plan_node **sorted = calloc(count + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (strlen(nodes[i].name) >= NAME_BYTES)
			return -EINVAL;
		sorted[i] = &nodes[i];
	}
	qsort(sorted, count, sizeof(*sorted), by_name);
	for (size_t i = 1; i < count; i++)
		if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
			return -EINVAL;
	*ret = take_ptr(sorted);
	return 0;
}

/* The nodes of both rings, over the plan's table of backends, whose names they point to. */
struct sides {
	struct ring_node *before, *after;
};

static void backend_take(struct plan *plan, struct sides *s, const struct plan_node *before,
			 const struct plan_node *after)
{
	size_t i = plan->backend_count++;
	struct plan_backend *b = &plan->backends[i];

	strcpy(b->name, before ? before->name : after->name);
	b->before = before;
	b->after = after;
	b->replaced = before && after && before->machine != after->machine;
	b->weight_before = before ? before->weight : 0;
	b->weight_after = after ? after->weight : 0;
	s->before[i] = (struct ring_node){ b->name, strlen(b->name), before ? before->points : 0 };
	s->after[i] = (struct ring_node){ b->name, strlen(b->name), after ? after->points : 0 };
}

static void backends_join(struct plan *plan, struct sides *s,
			  const struct plan_node **before, size_t before_count,
			  const struct plan_node **after, size_t after_count)
{
	size_t i = 0, j = 0;

	while (i < before_count || j < after_count) {
		int order = i == before_count ? 1 :
			    j == after_count  ? -1 :
						strcmp(before[i]->name, after[j]->name);

		backend_take(plan, s, order <= 0 ? before[i] : NULL, order >= 0 ? after[j] : NULL);
		i += order <= 0;
		j += order >= 0;
	}
}

/* ---- segments ---- */

/*
 * The owner of the segment that ends at a point. A ring without points is owned by nobody:
 * the number after the last backend's.
 */
static uint32_t owner_at(const struct ring *ring, size_t point)
{
	return ring->point_count ? ring->points[point % ring->point_count].node :
				   ring->node_count;
}

static uint64_t position_at(const struct ring *ring, size_t point)
{
	return point < ring->point_count ? ring->points[point].position : PLAN_CIRCLE;
}

static size_t skip(const struct ring *ring, size_t point, uint64_t position)
{
	while (point < ring->point_count && ring->points[point].position == position)
		point++;
	return point;
}

/* Adds the hashes from start to before end. */
static void arc_add(struct plan *plan, uint64_t start, uint64_t end)
{
	struct plan_arc *last = plan->arc_count ? &plan->arcs[plan->arc_count - 1] : NULL;

	if (last && last->last + 1ULL == start)
		last->last = end - 1;
	else
		plan->arcs[plan->arc_count++] = (struct plan_arc){ start, end - 1 };
	plan->moved += end - start;
}

/* Are all keys of the backend to move, because another machine has taken over its name? */
static bool is_replaced(const struct plan *plan, uint32_t backend)
{
	return backend < plan->backend_count && plan->backends[backend].replaced;
}

/*
 * Finds the segments whose owners differ, as arcs, and as moves that are not summed yet; returns
 * how many. ret may be NULL.
 */
static size_t segments_find(const struct ring *before, const struct ring *after,
			    struct plan *plan, struct plan_move *ret)
{
	uint64_t previous = 0;
	size_t i = 0, j = 0, count = 0;

	while (previous < PLAN_CIRCLE) {
		uint64_t a = position_at(before, i), b = position_at(after, j);
		uint64_t end = a < b ? a : b;
		uint32_t from = owner_at(before, i), to = owner_at(after, j);

		if ((from != to || is_replaced(plan, from)) && end > previous) {
			arc_add(plan, previous, end);
			if (ret)
				ret[count] = (struct plan_move){ from, to, end - previous };
			count++;
		}
		previous = end;
		i = skip(before, i, end);
		j = skip(after, j, end);
	}
	return count;
}

/* ---- moves ---- */

static int by_share(const void *a, const void *b)
{
	const struct plan_move *left = a, *right = b;

	if (left->share != right->share)
		return left->share > right->share ? -1 : 1;
	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return (left->to > right->to) - (left->to < right->to);
}

/* Groups the segments by `from`. start: one element for each owner, all 0. */
static void segments_spread(const struct plan_move *segments, size_t count, size_t owners,
			    size_t *start, struct plan_move *ret)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		start[segments[i].from]++;
	for (size_t f = 0; f < owners; f++) {
		size_t many = start[f];

		start[f] = sum;
		sum += many;
	}
	for (size_t i = 0; i < count; i++)
		ret[start[segments[i].from]++] = segments[i];
}

/* Sums the segments of each pair to one move. sums: one element for each owner, all 0. */
static size_t pairs_sum(const struct plan_move *spread, size_t count, uint64_t *sums,
			struct plan_move *ret)
{
	size_t moves = 0;

	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && spread[end].from == spread[i].from; end++)
			sums[spread[end].to] += spread[end].share;
		for (size_t k = i; k < end; k++) {
			uint64_t sum = sums[spread[k].to];

			if (sum)	/* 0: the pair has its move already */
				ret[moves++] = (struct plan_move){ spread[k].from, spread[k].to,
								   sum };
			sums[spread[k].to] = 0;
		}
	}
	return moves;
}

/* Sums the moves in place, in `segments`, and sets plan->move_count. */
static int moves_sum(struct plan *plan, struct plan_move *segments, size_t count)
{
	size_t nobody = plan->backend_count, owners = nobody + 1;
	_free_ size_t *start = calloc(owners, sizeof(*start));
	_free_ uint64_t *sums = calloc(owners, sizeof(*sums));
	_free_ struct plan_move *spread = calloc(count + 1, sizeof(*spread));

	if (!start || !sums || !spread)
		return -ENOMEM;
	segments_spread(segments, count, owners, start, spread);
	plan->move_count = pairs_sum(spread, count, sums, segments);
	qsort(segments, plan->move_count, sizeof(*segments), by_share);
	for (size_t i = 0; i < plan->move_count; i++) {
		if (segments[i].from == nobody)
			segments[i].from = PLAN_NOBODY;
		if (segments[i].to == nobody)
			segments[i].to = PLAN_NOBODY;
	}
	return 0;
}

/* ---- all together ---- */

/* The shares of both rings, by node: first those before. NULL: no memory. */
static uint64_t *shares_new(const struct ring *before, const struct ring *after, size_t count)
{
	uint64_t *shares = calloc(2 * count + 1, sizeof(*shares));

	if (!shares)
		return NULL;
	ring_shares(before, shares);
	ring_shares(after, shares + count);
	return shares;
}

/*
 * The least that any method must move for these shares: a node that gains must be given what it
 * gains, and nothing else needs to move. Of a ring that is nobody's, everything moves. is: what
 * is known of the nodes beside, or NULL: one that is replaced gains all that it has.
 */
static double least_moved(const struct ring *before, const struct ring *after, size_t count,
			  const uint64_t *shares, const struct plan_backend *is)
{
	uint64_t gained = 0;

	if (!before->point_count || !after->point_count)
		return before->point_count != after->point_count;
	for (size_t i = 0; i < count; i++) {
		uint64_t had = is && is[i].replaced ? 0 : shares[i], has = shares[count + i];

		gained += has > had ? has - had : 0;
	}
	return (double)gained / PLAN_CIRCLE;
}

static void *shrink(void *array, size_t count, size_t size)
{
	return reallocarray(array, count ?: 1, size) ?: array;
}

static int rings_compare(struct plan *plan, const struct ring *before, const struct ring *after)
{
	size_t most = before->point_count + after->point_count + 1, count = plan->backend_count;
	_free_ uint64_t *shares = shares_new(before, after, count);

	plan->arcs = calloc(most, sizeof(*plan->arcs));
	plan->moves = calloc(most, sizeof(*plan->moves));
	if (!shares || !plan->arcs || !plan->moves)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		plan->backends[i].share_before = shares[i];
		plan->backends[i].share_after = shares[count + i];
	}
	plan->least = least_moved(before, after, count, shares, plan->backends);
	if (moves_sum(plan, plan->moves, segments_find(before, after, plan, plan->moves)))
		return -ENOMEM;
	plan->arcs = shrink(plan->arcs, plan->arc_count, sizeof(*plan->arcs));
	plan->moves = shrink(plan->moves, plan->move_count, sizeof(*plan->moves));
	return 0;
}

static int plan_fill(struct plan *plan, const struct sides *s)
{
	struct ring before = {}, after = {};
	int err = ring_new(s->before, plan->backend_count, &before);

	if (!err)
		err = ring_update(&before, s->after, plan->backend_count, &after, NULL, NULL);
	if (!err)
		err = rings_compare(plan, &before, &after);
	ring_clear(&before);
	ring_clear(&after);
	return err;
}

int plan_new_arcs(const struct ring *before, const struct ring *after, struct plan *ret)
{
	size_t count = before->node_count > after->node_count ? before->node_count : after->node_count;
	_free_ uint64_t *shares = shares_new(before, after, count);
	struct plan plan = {};

	plan.arcs = calloc(before->point_count + after->point_count + 1, sizeof(*plan.arcs));
	if (!shares || !plan.arcs) {
		free(plan.arcs);
		return -ENOMEM;
	}
	plan.least = least_moved(before, after, count, shares, NULL);
	segments_find(before, after, &plan, NULL);
	plan.arcs = shrink(plan.arcs, plan.arc_count, sizeof(*plan.arcs));
	*ret = plan;
	return 0;
}

/* The table of backends alone; *ret must be cleared also on an error. */
static int backends_new(const struct plan_node *before, size_t before_count,
			const struct plan_node *after, size_t after_count, struct sides *s,
			struct plan *ret)
{
	_free_ const struct plan_node **was = NULL, **is = NULL;
	int err = nodes_sort(before, before_count, &was) ?: nodes_sort(after, after_count, &is);

	if (err)
		return err;
	ret->backends = calloc(before_count + after_count + 1, sizeof(*ret->backends));
	if (!ret->backends)
		return -ENOMEM;
	backends_join(ret, s, was, before_count, is, after_count);
	return 0;
}

int plan_new(const struct plan_node *before, size_t before_count,
	     const struct plan_node *after, size_t after_count, struct plan *ret)
{
	size_t most = before_count + after_count + 1;
	_free_ struct ring_node *nodes = calloc(2 * most, sizeof(*nodes));
	struct sides sides = { nodes, nodes + most };
	struct plan plan = {};
	int err = nodes ? backends_new(before, before_count, after, after_count, &sides, &plan) :
			  -ENOMEM;

	if (!err)
		err = plan_fill(&plan, &sides);
	if (err)
		plan_clear(&plan);
	else
		*ret = plan;
	return err;
}

void plan_keep_arcs(struct plan *plan)
{
	free(plan->backends);
	free(plan->moves);
	plan->backends = NULL;
	plan->moves = NULL;
	plan->backend_count = plan->move_count = 0;
}

void plan_clear(struct plan *plan)
{
	plan_keep_arcs(plan);
	free(plan->arcs);
	*plan = (struct plan){};
}

bool plan_moves_hash(const struct plan *plan, uint32_t hash)
{
	size_t low = 0, count = plan->arc_count;

	while (count) {		/* the first arc that does not end before the hash */
		size_t half = count / 2;

		if (plan->arcs[low + half].last < hash) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low < plan->arc_count && plan->arcs[low].first <= hash;
}
