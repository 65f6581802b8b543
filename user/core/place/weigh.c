// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/place/weigh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/model/model.h"
#include "core/model/rules.h"
#include "core/place/route.h"
#include "core/place/waterfall.h"
#include "core/time/schedule.h"
#include "core/time/tz.h"
#include "core/value/number.h"

static const struct tz universal;

void zones_clear(struct region_zones *zones)
{
	for (size_t i = 0; i < zones->count; i++)
		tz_clear(&zones->list[i].zone);
	free(zones->list);
	*zones = (struct region_zones){};
}

const struct tz *region_zone(const struct region_zones *zones, const char *region)
{
	for (size_t i = 0; i < zones->count; i++)
		if (!strcmp(zones->list[i].name, region))
			return &zones->list[i].zone;
	return &universal;
}

/* ---- schedules ---- */

/* The schedule of one region. entries: room for all entries of the service. */
static struct schedule schedule_of(const struct service *s, const struct region_zones *zones,
				   const char *region, struct schedule_entry *entries)
{
	struct schedule schedule = { region_zone(zones, region), entries, 0 };

	for (size_t i = 0; i < s->daylight_count; i++)
		if (!strcmp(s->daylights[i].region, region))
			entries[schedule.count++] = s->daylights[i].entry;
	return schedule;
}

uint32_t region_weight(const struct service *s, const struct region_zones *zones,
		       const char *region, int64_t now)
{
	_free_ struct schedule_entry *entries = calloc(s->daylight_count + 1, sizeof(*entries));
	struct schedule schedule;

	if (!entries)
		return WEIGHT_ONE;
	schedule = schedule_of(s, zones, region, entries);
	return schedule.count ? schedule_weight(&schedule, now) : WEIGHT_ONE;
}

/* Multiplies each backend's weights by its region's weight at that hour. */
static int schedules_apply(const struct service *s, const struct region_zones *zones, int64_t now,
			   struct placed *list, size_t count, int64_t *next)
{
	_free_ struct schedule_entry *entries = calloc(s->daylight_count + 1, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < count && s->daylight_count; i++) {
		struct schedule schedule = schedule_of(s, zones, list[i].backend->region, entries);
		uint64_t weight;
		int64_t at;

		if (!schedule.count)
			continue;
		weight = schedule_weight(&schedule, now);
		list[i].total = list[i].total * weight / WEIGHT_ONE;
		list[i].counts = list[i].counts * weight / WEIGHT_ONE;
		at = schedule_next(&schedule, now);
		*next = at < *next ? at : *next;
	}
	return 0;
}

/* ---- rules ---- */

/*
 * The position of a region in a route's order of preference; the number of regions there,
 * if it has none.
 */
static size_t preference_of(const struct route *route, const char *region)
{
	size_t i = 0;

	if (*route->first)
		return strcmp(route->first, region) != 0;
	while (i < route->preference_count && strcmp(route->preferences[i], region))
		i++;
	return i;
}

bool route_may_use(const struct route *route, const struct backend *b)
{
	size_t regions = *route->first ? 2 : route->preference_count;

	return route_allows(route, b->region, b->tags) &&
	       (!regions || preference_of(route, b->region) < regions);
}

static int preferences_apply(const struct route *route, struct placed *list, size_t count)
{
	size_t region_count = *route->first ? 2 : route->preference_count;

	struct waterfall_region regions[RULE_PREFERENCES] = {};
	_free_ struct waterfall_backend *backends = calloc(count + 1, sizeof(*backends));
	_free_ size_t *at = calloc(count + 1, sizeof(*at));
	size_t used = 0;

	if (!backends || !at)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t region = preference_of(route, list[i].backend->region);

		if (region == region_count || list[i].forbidden) {
			list[i].counts = 0;
			continue;
		}
		regions[region].total += list[i].total;
		regions[region].healthy += list[i].counts;
		at[used] = i;
		backends[used++] = (struct waterfall_backend){ region, list[i].counts, 0 };
	}
	waterfall_shares(route->spillover, route->threshold, regions, region_count);
	waterfall_weights(regions, region_count, backends, used);
	for (size_t i = 0; i < used; i++)
		list[at[i]].counts = backends[i].effective;
	return 0;
}

int places_weigh(const struct service *s, const struct route *route,
		 const struct region_zones *zones, int64_t now, struct placed *list, size_t count,
		 int64_t *ret_next)
{
	int64_t next = INT64_MAX;
	int err = schedules_apply(s, zones, now, list, count, &next);

	for (size_t i = 0; i < count; i++) {
		const struct backend *b = list[i].backend;

		list[i].forbidden = !route_allows(route, b->region, b->tags);
		if (list[i].forbidden)
			list[i].counts = list[i].total = 0;
	}
	if (!err && (route->preference_count || *route->first))
		err = preferences_apply(route, list, count);
	*ret_next = next;
	return err;
}
