/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_PLAN_H
#define XRING_CORE_RING_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value/name.h"

/*
 * What a change of one service's ring does: which hashes get another backend,
 * from whom to whom, and how little any method could have moved. Everything is
 * exact, from the points of the ring before and the ring after. A share is in
 * units of 2^-32 of the circle.
 */
struct plan_node {
	const char *name;
	uint32_t weight;		/* thousandths, as it counts */
	uint32_t points;		/* virtual nodes; 0: owns nothing */
	uint32_t machine;		/* another number on the other side: another machine */
};

#define PLAN_NOBODY UINT32_MAX		/* where a ring has no point */
#define PLAN_CIRCLE (1ULL << 32)

struct plan_backend {
	char name[NAME_BYTES];
	bool before, after;		/* is it listed there? */
	bool replaced;			/* in both, by another machine: all its keys move */
	uint32_t weight_before, weight_after;
	uint64_t share_before, share_after;
};

struct plan_move {
	uint32_t from, to;		/* indices into backends, or PLAN_NOBODY */
	uint64_t share;
};

struct plan_arc {
	uint32_t first, last;		/* hashes, both among them */
};

struct plan {
	struct plan_backend *backends;	/* sorted by name */
	size_t backend_count;
	struct plan_move *moves;	/* the largest first */
	size_t move_count;
	struct plan_arc *arcs;		/* sorted, with gaps between them */
	size_t arc_count;
	uint64_t moved;			/* the sum of moves, and of arcs */
	double least;			/* 0 to 1: what any method moves at these weights */
};

/*
 * Both lists come in any order and either may be empty. -ENOMEM; -EINVAL where
 * a list has a name twice, or one of NAME_BYTES or more. *ret keeps nothing of
 * the lists.
 */
int plan_new(const struct plan_node *before, size_t before_count,
	     const struct plan_node *after, size_t after_count, struct plan *ret);
void plan_clear(struct plan *plan);

/* Does this hash get another backend? */
bool plan_moves_hash(const struct plan *plan, uint32_t hash);

/* The name of a move's end; NULL: nobody. */
static inline const char *plan_name(const struct plan *plan, uint32_t backend)
{
	return backend == PLAN_NOBODY ? NULL : plan->backends[backend].name;
}

#endif
