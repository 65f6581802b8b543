// SPDX-License-Identifier: GPL-2.0-or-later
/* Clients' networks and their homes. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/place/homes.h"
#include "core/value/address.h"
#include "core/value/prefix.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/homes.h"

json_t *home_json(const struct engine *e, const struct service *s, const struct address *client)
{
	const struct live_service *ls = live_service(e->live, s->name);
	const struct home_service *hs = ls ? ls->home : NULL;
	const struct home *how = service_home(s);
	const struct home_record *r;
	char text[PREFIX_TEXT];
	struct prefix p;

	if (!hs || !how)
		return json_null();
	p = prefix_of(client, client->family == AF_INET ? how->prefix4 : how->prefix6);
	r = homes_find(hs->homes, &p);
	if (!r)
		return json_null();
	return json_pack("{s:s, s:s, s:I}", "network", prefix_print(&p, text), "region",
			 home_region(hs, r->region), "since_ms", (json_int_t)r->since_ms);
}

static json_t *record_json(const struct live_service *s, const struct home_record *r)
{
	const struct home_service *hs = s->home;
	char text[PREFIX_TEXT], why[96];

	snprintf(why, sizeof(why), "%u.%u%% of its traffic came in there", r->share / 10,
		 r->share % 10);
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:f, s:s}", "service", s->name, "network",
			 prefix_print(&r->prefix, text), "region", home_region(hs, r->region),
			 "from", home_region(hs, r->from), "since_ms", (json_int_t)r->since_ms,
			 "share", r->share / 1000.0, "why", why);
}

json_t *view_homes(const struct engine *e, const char *service)
{
	json_t *json = json_array();
	const struct home_record *r;

	for (size_t i = 0; i < e->live->service_count; i++) {
		const struct live_service *s = e->live->services[i];

		if (!s->home || (service && strcmp(service, s->name)))
			continue;
		for (size_t at = 0; (r = homes_next(s->home->homes, &at));)
			json_array_append_new(json, record_json(s, r));
	}
	return json;
}
