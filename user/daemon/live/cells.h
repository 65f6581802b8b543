/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CELLS_H
#define XRING_DAEMON_LIVE_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "core/value/number.h"

struct live;
struct live_backend;
struct live_report;
struct live_ring;
struct live_times;
struct plan_node;
struct route;
struct service;

/* A ring of a live service and its cells. */

/* The size (2^bits cells) that the ring needs for that many points. r may be NULL. */
unsigned ring_bits(const struct live_ring *r, size_t points);

/*
 * The points of the ring of a route in which every backend that it may use has its full weight:
 * a ring has cells for that many from the first, so that a return from death needs no room.
 */
size_t route_points(const struct route *route, const struct service *s);

/*
 * The size to which a ring of at least that many points goes before it changes: fewer cells, if
 * it has far too many, in the steady state, where nothing but answers counts.
 */
unsigned ring_bits_steady(const struct live_ring *r, size_t points);

/* Virtual nodes that the backend has in the ring now, also if it is about to leave the ring. */
uint32_t ring_points(const struct live_ring *r, const struct live_backend *backend);

/* The backends that have points in the ring now, for plans; ret has room for all of them. */
size_t ring_parts(const struct live_ring *r, struct density density, struct plan_node *ret);
struct density ring_density(const struct live_ring *r);	/* as in the maps */

/*
 * Brings the ring and its cells to the effective weights of the backends. Adds the number of
 * written words to the report, and tells a change of the ring to live->events.moved.
 */
int ring_apply(struct live *live, struct live_ring *r, const struct live_times *times,
		 struct live_report *report);

/*
 * The part of ring_apply() that waits for nothing: dead and forbidden backends leave the ring,
 * and nothing else moves.
 */
int ring_bury(struct live *live, struct live_ring *r, const struct live_times *times,
	      struct live_report *report);

/* Frees the extents that no slot and no class names any more. Call after a grace period. */
void extents_forget(struct live *live);

/*
 * Puts an extent (newest and old table, 2^bits cells each) on the list that extents_forget()
 * frees.
 */
int extent_leave(struct live *live, uint32_t base, unsigned bits);

#endif
