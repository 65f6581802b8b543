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

static int zones_of(const struct model *m, struct region_zones *ret)
{
	ret->list = calloc(m->region_count + 1, sizeof(*ret->list));
	for (size_t i = 0; ret->list && i < m->region_count; i++) {
		struct region_zone *zone = &ret->list[ret->count];
		int err = zone_load(m->regions[i].timezone, &zone->zone);

		if (err)
			return err;
		snprintf(zone->name, sizeof(zone->name), "%s", m->regions[i].name);
		ret->count++;
	}
	return ret->list ? 0 : -ENOMEM;
}

void engine_zones(struct engine *e)
{
	struct region_zones zones = {};
	int err = zones_of(&e->model, &zones);

	if (err) {
		log_err(err, "time zones: regions keep the clocks they had");
		zones_clear(&zones);
		return;
	}
	zones_clear(e->live->zones);
	*e->live->zones = zones;
}
