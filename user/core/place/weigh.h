/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_WEIGH_H
#define XRING_CORE_PLACE_WEIGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/time/tz.h"
#include "core/value/name.h"

struct backend;
struct route;
struct service;

/*
 * What the placement of a service makes of its backends on the ring of one route.
 * Constraints forbid some backends, preferences share the traffic among regions, and the
 * schedule weighs regions by their clocks. All of that becomes weights on the ring, so that
 * every shift of traffic is an ordinary change of a ring.
 */
struct placed {
	const struct backend *backend;	/* its region and tags are read */
	uint32_t total;			/* in: thousandths that it would count if it were alive */
	uint32_t counts;		/* in and out: thousandths that it counts */
	bool forbidden;			/* out: a constraint of the route forbids the backend */
};

/* A region's time zone, loaded. */
struct region_zone {
	char name[PLACE_NAME];
	struct tz zone;
};

struct region_zones {
	struct region_zone *list;
	size_t count;
};

void zones_clear(struct region_zones *zones);

/* The zone of a region; UTC if the region has none. */
const struct tz *region_zone(const struct region_zones *zones, const char *region);

/* The weight of a region by the service's schedule, thousandths; now: ms of UTC. */
uint32_t region_weight(const struct service *s, const struct region_zones *zones,
		       const char *region, int64_t now);

/* May the backend ever have a weight on the ring of that route? */
bool route_may_use(const struct route *route, const struct backend *b);

/*
 * Weighs all backends for one route. *ret_next: when the answer will change by time alone,
 * in ms of UTC; INT64_MAX: never. -ENOMEM.
 */
int places_weigh(const struct service *s, const struct route *route,
		 const struct region_zones *zones, int64_t now, struct placed *list, size_t count,
		 int64_t *ret_next);

#endif
