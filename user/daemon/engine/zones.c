// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine/zones.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/zones.h"
#include "core/model/placement.h"
#include "core/place/weigh.h"
#include "daemon/engine/engine.h"
#include "daemon/live/live.h"

/* A zone that the host has lost: the region keeps its clock, or UTC counts. */
static struct tz zone_lost(struct region_zones *before, const struct region *region, int err)
{
	for (size_t i = 0; i < before->count; i++) {
		struct tz *zone = &before->list[i].zone;

		if (!strcmp(before->list[i].name, region->name)) {
			struct tz ret = *zone;

			*zone = (struct tz){};
			return ret;
		}
	}
	log_warn("timezone %s of region %s: %s: UTC counts", region->timezone, region->name,
		 errno_text(err));
	return (struct tz){};
}

static int zones_of(const struct model *m, struct region_zones *before, struct region_zones *ret)
{
	ret->list = calloc(m->region_count + 1, sizeof(*ret->list));
	for (size_t i = 0; ret->list && i < m->region_count; i++) {
		struct region_zone *zone = &ret->list[ret->count];
		int err = zone_load(m->regions[i].timezone, &zone->zone);

		if (err == -ENOMEM)
			return err;
		if (err)
			zone->zone = zone_lost(before, &m->regions[i], err);
		snprintf(zone->name, sizeof(zone->name), "%s", m->regions[i].name);
		ret->count++;
	}
	return ret->list ? 0 : -ENOMEM;
}

void engine_zones(struct engine *e)
{
	struct region_zones zones = {};
	int err = zones_of(&e->model, e->live->zones, &zones);

	if (err) {
		log_err(err, "time zones: regions keep the clocks they had");
		zones_clear(&zones);
		return;
	}
	zones_clear(e->live->zones);
	*e->live->zones = zones;
}
