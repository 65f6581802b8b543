/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_RINGS_H
#define XRING_DAEMON_LIVE_RINGS_H

#include "core/place/route.h"
#include "core/ring/cells.h"
#include "core/ring/ring.h"

/*
 * The rings of a live service. One that tells no clients apart has its main ring, whose
 * route may become another one: its weights follow. With rules there is a ring for each
 * route, with a record in the maps and, if it is strict, a bit in the backends' places;
 * what it is for stays as it is, and clients move between rings (daemon/live/classes.h).
 */
struct live;
struct live_service;

/* Of a backend in one ring. */
struct live_part {
	uint32_t weight_now;			/* thousandths: what it counts now in the main ring */
	uint32_t points;			/* that it is to have */
	bool forbidden;				/* by the ring's rule */
};

/* The ring of one route, and its cells. */
struct live_ring {
	struct live_service *service;
	struct route route;			/* what its rule says */
	bool frozen;				/* found, and nobody knows what for: it stays as it is */
	bool wanted;				/* by the model, or by a class of clients */
	uint8_t digest[ROUTE_DIGEST];		/* of that, as it was found */
	uint32_t record;			/* in the maps; of a service with rules alone */
	uint8_t allowed;			/* its bit in a backend's place; 0: all are */
	struct ring ring;
	struct cells cells;
	uint32_t base;
	bool has_extent;
	bool blank;				/* the extent holds no answer yet */
	bool refined;				/* from the extent at `former`, not let go yet */
	uint32_t former;
	bool reconcile;				/* the cells may say anything: look at all */
	uint32_t vnodes_shown;			/* of the ring in the maps */
	struct live_part *parts;		/* by a backend's index */
	uint32_t part_count;
	uint8_t *needed;			/* the walk's own, by cell */
	unsigned needed_bits;
};

struct live_ring *live_ring_new(struct live_service *s, const struct route *route);
void live_ring_free(struct live_ring *r);

/* NULL where there is none. One that was found, and is of that route, is from now on known. */
struct live_ring *ring_of_route(const struct live_service *s, const struct route *route);
struct live_ring *ring_of_base(const struct live_service *s, uint32_t base);

/* A record, and a bit if it is strict, where it has none. -ENOSPC, with what was wanted in the log. */
int ring_enroll(struct live *live, struct live_ring *r);
void ring_discharge(struct live *live, struct live_ring *r);
/* The record says where the ring's cells are. */
void ring_recorded(struct live *live, const struct live_ring *r);

/* Takes the extent at that base, one of those that were found. False: there is none. */
bool ring_adopt(struct live *live, struct live_ring *r, uint32_t base, uint64_t now);

/* At once; behind a grace period. */
void ring_drop(struct live *live, struct live_ring *r);
/* Takes out those that are not wanted: their extents are let go. */
int rings_forget(struct live *live, struct live_service *s);

#endif
