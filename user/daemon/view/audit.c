// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which regions the traffic of each set of clients can reach: now, by the maps, and after the
 * loss of any one region, by the model. What the datapath would send to a backend that a rule
 * forbids is looked for in the maps themselves, and not in what the daemon believes of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/model/rules.h"
#include "core/ring/plan.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/view/view.h"
#include "dp/dp.h"

/* ---- now ---- */

/* Would the datapath send clients of the ring to the backend? Without rules, if it is alive. */
static bool passes(const struct engine *e, const struct live_ring *r,
		   const struct live_backend *backend)
{
	if (!xring_template(&e->dp->backends[backend->id])->generation)
		return false;
	return r->record == UINT32_MAX || e->dp->places[backend->id] >> r->allowed & 1;
}

static void add_region(json_t *list, const char *region)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
		if (!strcmp(json_string_value(one), region))
			return;
	json_array_append_new(list, json_string(region));
}

/*
 * Adds the regions that answer the traffic of a set of clients now. If their class moves, the
 * ring before counts, too. forbidden: backends that the rule forbids and to which the
 * datapath would send the traffic, by a pin or by an entry set by hand.
 */
static void reach_now(const struct engine *e, const struct live_service *s,
		      const struct live_ring *r, json_t *reach, json_t *forbidden)
{
	_free_ uint8_t *ids = calloc(XRING_ID_MASK + 1, 1);

	if (!ids || !r->has_extent)
		return;
	cells_names(&r->cells, ids);
	for (size_t i = 0; i < s->backend_count + s->leaving_count; i++) {
		const struct live_backend *backend = i < s->backend_count ? s->backends[i] :
					       s->leaving[i - s->backend_count];

		if (!passes(e, r, backend))
			continue;
		if (ids[backend->id])
			add_region(reach, backend->region);
		if (!backend->place_unknown &&
		    !route_allows(&r->route, backend->region, backend->tags))
			json_array_append_new(forbidden, json_string(backend->name));
	}
}

/* ---- the loss of a region ---- */

/*
 * The regions that would have traffic by this route if all backends of the region `lost` were
 * dead.
 */
static json_t *reach_without(struct engine *e, const struct service *s, const struct route *route,
			     const char *lost)
{
	_free_ struct plan_node *nodes = calloc(s->backend_count + 1, sizeof(*nodes));
	_free_ struct backend *backends = calloc(s->backend_count + 1, sizeof(*backends));
	struct service without = *s;
	json_t *reach = json_array();

	if (!nodes || !backends)
		return reach;
	memcpy(backends, s->backends, s->backend_count * sizeof(*backends));
	for (size_t i = 0; i < s->backend_count; i++)
		if (!strcmp(backends[i].region, lost))
			backends[i].state = BACKEND_MAINTENANCE;
	without.backends = backends;
	if (live_weigh(e->live, &without, route, engine_now(e), nodes))
		return reach;
	for (size_t i = 0; i < s->backend_count; i++)
		if (nodes[i].points)
			add_region(reach, s->backends[i].region);
	return reach;
}

static json_t *losses_json(struct engine *e, const struct service *s, const struct route *route)
{
	json_t *regions = json_array(), *losses = json_object(), *region;
	size_t i;

	for (size_t b = 0; b < s->backend_count; b++)
		add_region(regions, s->backends[b].region);
	json_array_foreach(regions, i, region)
		json_object_set_new(losses, json_string_value(region),
				    reach_without(e, s, route, json_string_value(region)));
	json_decref(regions);
	return losses;
}

/* ---- the sets ---- */

static json_t *set_json(struct engine *e, const struct service *s, const struct live_service *ls,
			const struct route *route, int rule, const char *interface)
{
	const struct live_ring *r = ls->classes ? ring_of_route(ls, route) : ls->main;
	json_t *reach = json_array(), *forbidden = json_array();
	char text[ROUTE_TEXT];

	if (r)
		reach_now(e, ls, r, reach, forbidden);
	return json_pack("{s:s, s:o, s:s, s:s, s:b, s:o, s:o, s:o, s:b}", "service", s->name, "rule",
			 rule < 0 ? json_null() : json_integer(rule + 1), "interface", interface,
			 "route", route_print(route, text), "strict", route_strict(route), "reach",
			 reach, "without", losses_json(e, s, route), "forbidden", forbidden, "ok",
			 !json_array_size(forbidden) && r);
}

static void audit_service(struct engine *e, const struct service *s, json_t *to)
{
	const struct live_service *ls = live_service(e->live, s->name);
	const struct rule *rule = service_rule(s);
	const struct targets *t = ls && ls->classes ? &ls->classes->compiled.targets : NULL;
	struct route route;

	if (!ls || !ls->main->has_extent)
		return;
	route_of(rule, NULL, NULL, &route);
	if (!t)
		json_array_append_new(to, set_json(e, s, ls, &route, rule ? rule - s->rules : -1, ""));
	for (uint32_t i = 0; t && i < t->count; i++) {
		const struct target *target = &t->list[i];

		for (uint32_t d = 0; d <= (target->by_ingress ? INGRESSES : 0); d++)
			if (!d || *e->live->ingresses[d - 1].name)
				json_array_append_new(to, set_json(e, s, ls,
						&t->routes[target->routes[d]], target->rule,
						d ? e->live->ingresses[d - 1].name : ""));
	}
}

json_t *view_audit(struct engine *e)
{
	json_t *sets = json_array(), *set;
	bool ok = true;
	size_t i;

	for (size_t s = 0; s < e->model.service_count; s++)
		audit_service(e, &e->model.services[s], sets);
	json_array_foreach(sets, i, set)
		ok &= json_is_true(json_object_get(set, "ok"));
	return json_pack("{s:b, s:o}", "ok", ok, "sets", sets);
}
