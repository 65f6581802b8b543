/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_PLAN_H
#define XRING_CORE_RING_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value/name.h"

/*
 * What a change of one service's ring does: which hashes get another backend, from which
 * backend to which, and the least that any method could have moved. Everything is exact,
 * computed from the points of the ring before and the ring after. Shares are in units of
 * 2^-32 of the circle.
 */
struct plan_node {
	const char *name;
	uint32_t weight;		/* thousandths, the effective weight */
	uint32_t points;		/* number of virtual nodes; 0: owns nothing */
	/*
	 * An identity. Another number in the other ring under the same name: it is another
	 * machine.
	 */
	uint32_t machine;
};

#define PLAN_NOBODY UINT32_MAX		/* the owner of all hashes in a ring without points */
#define PLAN_CIRCLE (1ULL << 32)

struct plan_backend {
	char name[NAME_BYTES];
	bool before, after;		/* is the backend in the ring before, in the ring after? */
	bool replaced;			/* in both rings, but another machine: all its keys move */
	uint32_t weight_before, weight_after;
	uint64_t share_before, share_after;
};

struct plan_move {
	uint32_t from, to;		/* indices into backends, or PLAN_NOBODY */
	uint64_t share;
};

struct plan_arc {
	uint32_t first, last;		/* hashes, both included */
};

struct plan {
	struct plan_backend *backends;	/* sorted by name */
	size_t backend_count;
	struct plan_move *moves;	/* the largest first */
	size_t move_count;
	struct plan_arc *arcs;		/* sorted, with gaps between them */
	size_t arc_count;
	/* sum of the shares of all moves, equal to the sum of all arcs */
	uint64_t moved;
	/* 0 to 1: the part of the circle that any method must move for these shares */
	double least;
};

/*
 * Compares two rings, given by their nodes in any order; either may be empty. -ENOMEM;
 * -EINVAL: a ring has a name twice, or a name of NAME_BYTES or more. *ret keeps no pointer
 * into the lists.
 */
int plan_new(const struct plan_node *before, size_t before_count,
	     const struct plan_node *after, size_t after_count, struct plan *ret);
/*
 * The arcs alone, their sum and the least, of two rings whose tables of nodes mean the same by a number.
 * -ENOMEM.
 */
struct ring;
int plan_new_arcs(const struct ring *before, const struct ring *after, struct plan *ret);
void plan_clear(struct plan *plan);
/* Keeps the arcs alone, and the sums: what plan_moves_hash() needs. */
void plan_keep_arcs(struct plan *plan);

/* Does the change give this hash another backend? */
bool plan_moves_hash(const struct plan *plan, uint32_t hash);

/* The name of one end of a move; NULL: PLAN_NOBODY. */
static inline const char *plan_name(const struct plan *plan, uint32_t backend)
{
	return backend == PLAN_NOBODY ? NULL : plan->backends[backend].name;
}

#endif
