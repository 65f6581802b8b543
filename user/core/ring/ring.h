/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_RING_H
#define XRING_CORE_RING_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The ring: a circle of 32-bit positions with each node's virtual nodes (points) on it. A
 * hash belongs to the first point strictly clockwise of it (Karger et al., STOC 1997).
 *
 *     0 ---A---B-----A----C---B---- 2^32 = 0
 *        ^                      ^
 *        h: A                   h: A, across 0
 *
 * A ring is a function of the set of nodes and their counts of points alone, never of the
 * order in which nodes came: points are sorted by position, and on one position by the
 * names of their nodes, so that the lesser name keeps the position.
 *
 * A node is known by a small number, which the caller gives and never changes, and by a
 * name, which the caller must keep alive as long as the ring.
 */
struct ring_point {
	uint32_t position;
	uint32_t node;			/* index into ring.nodes */
};

struct ring_node {
	const char *name;
	size_t name_len;		/* a name may hold any byte */
	uint32_t points;		/* number of virtual nodes */
};

struct ring {
	struct ring_point *points;
	size_t point_count;
	struct ring_node *nodes;
	size_t node_count;
};

/* The MD5 of the text, read as one big-endian integer, modulo 2^32. */
uint32_t ring_position(const void *text, size_t len);

/* Builds *ret from a copy of the nodes; -ENOMEM. */
int ring_new(const struct ring_node *nodes, size_t count, struct ring *ret);
void ring_clear(struct ring *ring);

/*
 * Builds *ret like `from`, but with other counts of virtual nodes. `nodes` is the new
 * table: its first from->node_count entries are from's nodes in from's order, with 0 points
 * for a node that is gone. The cost is a copy of the points, and work for those that
 * differ. If ret_delta is not NULL, *ret_delta lists the differing points, sorted; the
 * caller frees the list. -ENOMEM.
 */
int ring_update(const struct ring *from, const struct ring_node *nodes, size_t count,
		struct ring *ret, struct ring_point **ret_delta, size_t *ret_delta_count);

/* Index of the point that owns hash; point_count must not be 0. */
size_t ring_owner(const struct ring *ring, uint32_t hash);

/* Finds the first n distinct nodes from hash on; returns how many there were. */
size_t ring_replicas(const struct ring *ring, uint32_t hash, size_t n, uint32_t *ret);

/* How much of the circle each node owns, in units of 2^-32: shares[node_count]. */
void ring_shares(const struct ring *ring, uint64_t *shares);

/*
 * How much of the circle two rings over one table of nodes answer differently, in units of
 * 2^-32. An empty ring differs everywhere from one that is not empty.
 */
uint64_t ring_difference(const struct ring *a, const struct ring *b);

#endif
