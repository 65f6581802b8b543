/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_RINGS_H
#define XRING_DAEMON_LIVE_RINGS_H

#include "core/place/route.h"
#include "core/ring/cells.h"
#include "core/ring/ring.h"
#include "core/value/number.h"

/*
 * The rings of a live service. A service without rules has its main ring alone; when the
 * route of that ring changes, the weights of its backends follow. A service with rules has a
 * ring for each route, with a ring record in the maps and, if the route is strict, a bit in
 * the backends' places. The route of such a ring never changes: clients move between rings
 * (daemon/live/classes.h).
 */
struct live;
struct live_service;

/* A backend's part of one ring; set by apply/weigh.c. */
struct live_part {
	uint32_t weight_now;			/* effective weight in this ring, thousandths */
	uint32_t points;			/* virtual nodes that it must have */
	bool forbidden;				/* the ring's route excludes the backend */
};

/* The ring of one route, and its cells. */
struct live_ring {
	struct live_service *service;
	struct route route;			/* what its rule says */
	bool frozen;				/* adopted with unknown route: nothing changes */
	bool wanted;				/* by a route of the model or a class */
	uint8_t digest[ROUTE_DIGEST];		/* of the route, from the adopted ring record */
	uint32_t record;			/* index of its ring record; UINT32_MAX: none */
	uint8_t allowed;			/* its bit in a backend's place; 0: all may */
	struct ring ring;
	struct cells cells;
	uint32_t base;				/* index of the first cell in the map */
	bool has_extent;
	bool blank;				/* the extent has not been filled yet */
	bool refined;				/* copied from `former`, which is not freed yet */
	uint32_t former;			/* with `refined`: base of the extent before */
	bool reconcile;				/* compare all cells, not only what changed */
	struct density density_shown;		/* as in the maps; 0: as the service's */
	struct live_part *parts;		/* by live_backend.index */
	uint32_t part_count;
	uint8_t *needed;			/* by cell: a pin needs LOOK; set by the walk */
	unsigned needed_bits;			/* size of `needed` as 2^bits */
};

struct live_ring *live_ring_new(struct live_service *s, const struct route *route);
void live_ring_free(struct live_ring *r);

/*
 * The service's ring with that route; NULL: there is none. An adopted ring whose route was
 * not known until now is found by the digest, and gets the route.
 */
struct live_ring *ring_of_route(const struct live_service *s, const struct route *route);
/* The same, and an adopted ring stays frozen. */
struct live_ring *ring_known(const struct live_service *s, const struct route *route);
struct live_ring *ring_of_base(const struct live_service *s, uint32_t base);

/*
 * Gives the ring a ring record and, if its route is strict, a bit, unless it has them.
 * -ENOSPC, logged with what was wanted.
 */
int ring_enroll(struct live *live, struct live_ring *r);
/* How many more strict rings the service can have. s may be NULL. */
unsigned ring_bits_free(const struct live_service *s);
void ring_discharge(struct live *live, struct live_ring *r);
/* Writes into the ring record where the cells are. */
void ring_recorded(struct live *live, const struct live_ring *r);

/* Gives the ring the adopted extent at that base. False: no such extent is left. */
bool ring_adopt(struct live *live, struct live_ring *r, uint32_t base, uint64_t now);

/* Frees the ring's record and extent at once. Call after a grace period. */
void ring_drop(struct live *live, struct live_ring *r);
/* Removes the rings that are not wanted; their extents go to extents_forget(). */
int rings_forget(struct live *live, struct live_service *s);

#endif
