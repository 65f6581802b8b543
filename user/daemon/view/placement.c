// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a service's traffic goes, by region: now, or at another hour. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "daemon/control/verbs.h"
#include "daemon/live/live.h"
#include "daemon/view/rules_json.h"
#include "proto/proto.h"

#define HOURS_MAX 24 * 31

static double whole_of(const struct region_share *list, size_t count)
{
	double whole = 0;

	for (size_t i = 0; i < count; i++)
		whole += list[i].counts;
	return whole;
}

/* Its place among the preferences, from 1; null: it is none of them. */
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
			   const struct route *route, const struct region_share *share, int64_t wall,
			   double whole)
{
	const struct tz *zone = region_zone(&e->live->zones, share->region);

	return json_pack("{s:s, s:s, s:i, s:f, s:o, s:i, s:f}", "region", share->region,
			 "timezone", timezone_of(&e->model, share->region), "offset",
			 tz_offset(zone, wall / 1000), "weight",
			 region_weight(s, &e->live->zones, share->region, wall) / 1000.0,
			 "preference", preference_json(route, share->region), "backends",
			 share->backends, "share", whole > 0 ? share->counts / whole : 0);
}

/* When it is asked for: seconds since 1970; now by default. */
static int64_t wall_of(const struct engine *e, const json_t *request)
{
	const json_t *at = json_object_get(request, "at");

	return json_is_number(at) ? (int64_t)(json_number_value(at) * 1000) :
				    live_wall_ms(e->live);
}

int show_placement(struct engine *e, const json_t *request, struct answer *a)
{
	const struct service *s = request_service(&e->model, request, a);
	int64_t wall = wall_of(e, request);
	_free_ struct region_share *list = NULL;
	struct route route;
	json_t *regions;
	size_t count;

	if (!s || request_route(e, s, request, a, &route))
		return -1;
	list = region_shares(e, s, &route, wall, &count);
	if (!list)
		return answer_no(a, EXIT_NO, "no memory");
	regions = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(regions, region_json(e, s, &route, &list[i], wall,
							   whole_of(list, count)));
	a->data = json_pack("{s:s, s:f, s:o, s:o}", "service", s->name, "at", wall / 1000.0,
			    "regions", regions, "rules", rules_json(e, s));
	return 0;
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

/* Hour by hour, as the backends are now. */
int show_forecast(struct engine *e, const json_t *request, struct answer *a)
{
	const struct service *s = request_service(&e->model, request, a);
	json_int_t hours = json_integer_value(json_object_get(request, "hours")) ?: 24;
	int64_t wall = wall_of(e, request);
	struct route route;

	if (!s || request_route(e, s, request, a, &route))
		return -1;
	if (hours < 1 || hours > HOURS_MAX)
		return answer_no(a, EXIT_WORDS, "hours %lld: want 1 to %d", (long long)hours,
				 HOURS_MAX);
	a->data = json_array();
	for (json_int_t hour = 0; hour <= hours; hour++, wall += 3600 * 1000) {
		size_t count;
		_free_ struct region_share *list = region_shares(e, s, &route, wall, &count);

		if (list)
			json_array_append_new(a->data, hour_json(list, count, wall));
	}
	return 0;
}
