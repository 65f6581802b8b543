/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CELLS_H
#define XRING_DAEMON_LIVE_CELLS_H

#include <stddef.h>
#include <stdint.h>

struct live;
struct live_backend;
struct live_report;
struct live_ring;
struct live_times;
struct plan_node;

/* A ring of a live service and its cells. */

/* How many bits it is to have for that many points. */
unsigned ring_bits(const struct live_ring *r, size_t points);

/* Virtual nodes in the ring as it is, also of a backend that is about to leave it. */
uint32_t ring_points(const struct live_ring *r, const struct live_backend *backend);

/* The backends of the ring as it is; ret has room for all of them. */
size_t ring_parts(const struct live_ring *r, uint32_t vnodes, struct plan_node *ret);

/*
 * Brings ring and cells to what the nodes count. Written words are added to the
 * report; a change of the ring is told to live->moved.
 */
int ring_apply(struct live *live, struct live_ring *r, const struct live_times *times,
		 struct live_report *report);

/* Frees the extents and ids that nothing names any more; behind a grace period. */
void extents_forget(struct live *live);

/* Puts an extent of 2^bits cells and as many old ones among those to be forgotten. */
int extent_leave(struct live *live, uint32_t base, unsigned bits);

#endif
