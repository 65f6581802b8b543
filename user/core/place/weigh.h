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
 * What a service's placement makes of its backends in the ring of one route: it forbids
 * some and shares the traffic among regions, the schedule weighs regions by their clocks.
 * All of it is weights on that ring, so that every shift is a change like another.
 */
struct placed {
	const struct backend *backend;	/* its region and tags */
	uint32_t total;			/* thousandths that it would count, were it alive */
	uint32_t counts;		/* that it does; the answer too */
	bool forbidden;			/* the answer: by a constraint */
};

/* A region's clock. */
struct region_zone {
	char name[PLACE_NAME];
	struct tz zone;
};

struct region_zones {
	struct region_zone *list;
	size_t count;
};

void zones_clear(struct region_zones *zones);

/* The universal one where the region has none. */
const struct tz *region_zone(const struct region_zones *zones, const char *region);

/* The rule for everybody; NULL: there is none. */

/* The weight of a region by the service's schedule, thousandths; now: ms of UTC. */
uint32_t region_weight(const struct service *s, const struct region_zones *zones,
		       const char *region, int64_t now);

/* *ret_next: when (ms of UTC) the answer is another one by time alone; INT64_MAX: never. -ENOMEM. */
int places_weigh(const struct service *s, const struct route *route,
		 const struct region_zones *zones, int64_t now, struct placed *list, size_t count,
		 int64_t *ret_next);

#endif
