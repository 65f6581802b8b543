// SPDX-License-Identifier: GPL-2.0-or-later
/* The regions that get a service's traffic, now or at another hour. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/place/route.h"
#include "core/place/weigh.h"
#include "core/time/tz.h"
#include "daemon/engine/engine.h"
#include "daemon/live/live.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"

static double whole_of(const struct region_share *list, size_t count)
{
	double whole = 0;

	for (size_t i = 0; i < count; i++)
		whole += list[i].counts;
	return whole;
}

/* The region's position among the preferences, from 1; null: it is none of them. */
static json_t *preference_json(const struct route *route, const char *region)
{
	for (size_t i = 0; i < route->preference_count; i++)
		if (!strcmp(route->preferences[i], region))
			return json_integer(i + 1);
	return *route->first ? json_integer(strcmp(route->first, region) ? 2 : 1) : json_null();
}

static const char *timezone_of(const struct model *m, const char *region)
{
	for (size_t i = 0; i < m->region_count; i++)
		if (!strcmp(m->regions[i].name, region) && *m->regions[i].timezone)
			return m->regions[i].timezone;
	return "UTC";
}

static json_t *region_json(const struct engine *e, const struct service *s,
			   const struct route *route, const struct region_share *share,
			   int64_t wall, double whole)
{
	const struct tz *zone = region_zone(e->live->zones, share->region);

	return json_pack("{s:s, s:s, s:i, s:f, s:o, s:i, s:f}", "region", share->region,
			 "timezone", timezone_of(&e->model, share->region), "offset",
			 tz_offset(zone, wall / 1000), "weight",
			 region_weight(s, e->live->zones, share->region, wall) / 1000.0,
			 "preference", preference_json(route, share->region), "backends",
			 share->backends, "share", whole > 0 ? share->counts / whole : 0);
}

static json_t *hour_json(const struct region_share *list, size_t count, int64_t wall)
{
	double whole = whole_of(list, count);
	json_t *shares = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(shares, list[i].region,
				    json_real(whole > 0 ? list[i].counts / whole : 0));
	return json_pack("{s:f, s:o}", "at", wall / 1000.0, "shares", shares);
}

json_t *view_placement(const struct engine *e, const struct service *s, const struct route *route,
		       int64_t wall)
{
	size_t count;
	_free_ struct region_share *list = region_shares(e, s, route, wall, &count);
	json_t *regions;

	if (!list)
		return NULL;
	regions = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(regions, region_json(e, s, route, &list[i], wall,
							   whole_of(list, count)));
	return json_pack("{s:s, s:f, s:o, s:o}", "service", s->name, "at", wall / 1000.0,
			 "regions", regions, "rules", rules_json(e, s));
}

json_t *view_forecast(const struct engine *e, const struct service *s, const struct route *route,
		      int64_t wall, unsigned hours)
{
	json_t *json = json_array();

	for (unsigned hour = 0; hour <= hours; hour++, wall += 3600 * 1000) {
		size_t count;
		_free_ struct region_share *list = region_shares(e, s, route, wall, &count);

		if (list)
			json_array_append_new(json, hour_json(list, count, wall));
	}
	return json;
}
