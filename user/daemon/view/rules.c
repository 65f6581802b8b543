// SPDX-License-Identifier: GPL-2.0-or-later
/* What a service's rules do with its clients: rule by rule, and for one client. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/model/rules.h"
#include "core/ring/plan.h"
#include "core/value/prefix_set.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/client_rings.h"
#include "daemon/live/live.h"
#include "daemon/live/places.h"
#include "daemon/live/rings.h"
#include "daemon/live/rule_counters.h"
#include "daemon/live/services.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "dp/dp.h"
#include "dp/read.h"

/* ---- clients, in words ---- */

static const struct rule *rule_at(const struct service *s, int index)
{
	return index < 0 || (size_t)index >= s->rule_count ? NULL : &s->rules[index];
}

/* The set of a rule's clients; NULL: the clients that no rule names. */
static const struct prefix_set *rule_set(const struct model *m, const struct rule *rule)
{
	const struct region *region = rule && *rule->region ? model_region(m, rule->region) : NULL;

	return region ? region->clients : rule ? rule->clients : NULL;
}

json_t *rule_clients_json(const struct model *m, const struct service *s, int index)
{
	const struct rule *rule = rule_at(s, index);
	const struct prefix_set *set = rule_set(m, rule);
	char text[PREFIX_TEXT], all[PREFIX_TEXT + 32];

	if (rule && *rule->region) {
		snprintf(all, sizeof(all), "region=%.60s", rule->region);
		return json_string(all);
	}
	if (!set)
		return json_string("everybody else");
	if (set->file)
		return json_string(set->file);
	prefix_print(&set->list.prefixes[0], text);
	if (set->list.count == 1)
		return json_string(text);
	snprintf(all, sizeof(all), "%s and %zu more", text, set->list.count - 1);
	return json_string(all);
}

/* The longest network of a set that contains the address; NULL: none does. */
static const struct prefix *longest(const struct prefix_set *set, const struct address *a)
{
	const struct prefix *best = NULL;

	for (size_t i = 0; set && i < set->list.count; i++)
		if (prefix_covers(&set->list.prefixes[i], a) &&
		    (!best || set->list.prefixes[i].bits > best->bits))
			best = &set->list.prefixes[i];
	return best;
}

/* ---- regions of one route ---- */

/* A region's position in the route's order of preference, from 1; -1: it is not in it. */
static int preference_of(const struct route *route, const char *region)
{
	if (*route->first)
		return strcmp(route->first, region) ? 2 : 1;
	for (size_t i = 0; i < route->preference_count; i++)
		if (!strcmp(route->preferences[i], region))
			return i + 1;
	return route->preference_count ? -1 : 1;
}

static struct region_share *share_of(struct region_share *list, size_t *count, const char *region)
{
	for (size_t i = 0; i < *count; i++)
		if (!strcmp(list[i].region, region))
			return &list[i];
	list[*count] = (struct region_share){ .region = region };
	return &list[(*count)++];
}

struct region_share *region_shares(const struct engine *e, const struct service *s,
				   const struct route *route, int64_t wall, size_t *ret_count)
{
	_free_ struct plan_node *nodes = calloc(s->backend_count + 1, sizeof(*nodes));
	struct region_share *list = calloc(s->backend_count + 1, sizeof(*list));

	*ret_count = 0;
	if (!nodes || !list || live_weigh_at(e->live, s, route, engine_now(e), wall, nodes)) {
		free(list);
		return NULL;
	}
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = &s->backends[i];
		struct region_share *share = share_of(list, ret_count, b->region);

		share->backends++;
		share->allowed |= route_allows(route, b->region, b->tags);
		share->counts += nodes[i].weight;
	}
	return list;
}

static json_t *share_json(const struct engine *e, const struct region_share *share,
			  const struct route *route, const struct xring_placed *placed,
			  uint64_t whole)
{
	const struct xring_placed *one =
		placed ? &placed[1 + region_number(e->live, share->region)] : NULL;
	int preference = preference_of(route, share->region);
	json_t *json = json_pack("{s:s, s:b, s:i, s:f}", "region", share->region, "allowed",
				 share->allowed, "backends", share->backends, "share",
				 whole ? share->counts / (double)whole : 0);

	json_object_set_new(json, "preference", share->allowed && preference > 0 ?
			    json_integer(preference) : json_null());
	if (one) {
		json_object_set_new(json, "packets", json_integer((json_int_t)one->packets));
		json_object_set_new(json, "bytes", json_integer((json_int_t)one->bytes));
	}
	return json;
}

/* placed: the rule's counters (rule_counters_read()); NULL: the rule is not counted. */
static json_t *regions_json(const struct engine *e, const struct service *s,
			    const struct route *route, const struct xring_placed *placed)
{
	_free_ struct region_share *list = NULL;
	json_t *json = json_array();
	uint64_t whole = 0;
	size_t count;

	list = region_shares(e, s, route, live_wall_ms(e->live), &count);
	for (size_t i = 0; list && i < count; i++)
		whole += list[i].counts;
	for (size_t i = 0; list && i < count; i++)
		json_array_append_new(json, share_json(e, &list[i], route, placed, whole));
	return json;
}

/* ---- rules ---- */

/* About as many networks as a target has: the number of its runs. */
static uint32_t networks_of(const struct targets *t, uint32_t target)
{
	uint32_t networks = 0;

	for (int f = 0; f < 2; f++)
		for (size_t i = 0; i < t->runs[f].count; i++)
			networks += t->runs[f].list[i].value == target;
	return networks;
}

/* The counters of a rule, for all of its clients together; NULL: it is not counted. */
static struct xring_placed *rule_placed(const struct engine *e, const struct service *s,
					const struct live_service *ls, int rule)
{
	const struct rule_counters *l = ls ? rule_counters_find(ls, s->rules, rule) : NULL;
	struct xring_placed *placed =
		l && l->counter ? calloc(e->live->region_count + 2, sizeof(*placed)) : NULL;

	if (placed && rule_counters_read(e->live, l, placed)) {
		free(placed);
		return NULL;
	}
	return placed;
}

static json_t *rule_json(const struct engine *e, const struct service *s,
			 const struct live_service *ls, const struct targets *t, uint32_t index,
			 uint32_t ingress)
{
	const struct target *target = &t->list[index];
	const struct route *route = &t->routes[target->routes[ingress]];
	const struct live_ring *ring = ls ? ring_of_route(ls, route) : NULL;
	const char *entry = ingress ? e->live->ingresses[ingress - 1].name : "";
	_free_ struct xring_placed *placed = rule_placed(e, s, ls, target->rule);
	char text[ROUTE_TEXT];

	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:b, s:i, s:o, s:I, s:i}", "rule",
			 target->rule < 0 ? json_null() : json_integer(target->rule + 1),
			 "clients", rule_clients_json(&e->model, s, target->rule),
			 "client_region", target->region, "interface", entry, "route",
			 route_print(route, text), "strict", route_strict(route), "networks",
			 networks_of(t, index), "regions", regions_json(e, s, route, placed), "dropped",
			 placed ? (json_int_t)placed[0].packets : 0, "points", ring ? (int)ring->ring.point_count : 0);
}

/* Appends a target: once for each ingress, if ingresses differ. */
static void target_append(const struct engine *e, const struct service *s,
			  const struct live_service *ls, const struct targets *t, uint32_t i,
			  json_t *list)
{
	json_array_append_new(list, rule_json(e, s, ls, t, i, 0));
	for (uint32_t d = 1; d <= INGRESSES && t->list[i].by_ingress; d++)
		if (*e->live->ingresses[d - 1].name)
			json_array_append_new(list, rule_json(e, s, ls, t, i, d));
}

/* The only rule of a service: it has sent what the backends have got. */
static json_t *only_json(const struct engine *e, const struct service *s,
			 const struct live_service *ls, const struct rule *rule)
{
	_free_ struct xring_placed *placed = calloc(e->live->region_count + 2, sizeof(*placed));
	struct route route;
	char text[ROUTE_TEXT];

	for (size_t i = 0; placed && i < ls->backend_count; i++) {
		const struct live_backend *backend = ls->backends[i];
		struct xring_placed *one = &placed[1 + region_number(e->live, backend->region)];
		struct xring_traffic traffic;

		if (dp_traffic_read(e->dp, backend->id, &traffic))
			continue;
		one->packets += traffic.packets;
		one->bytes += traffic.bytes;
	}
	route_of(rule, NULL, NULL, &route);
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:i, s:o, s:n, s:i}", "rule",
			 (json_int_t)(rule - s->rules + 1), "clients", "everybody",
			 "client_region", "", "interface", "", "route", route_print(&route, text),
			 "strict", route_strict(&route), "networks", 1, "regions",
			 regions_json(e, s, &route, placed), "dropped", "points",
			 (int)ls->main->ring.point_count);
}

json_t *rules_json(const struct engine *e, const struct service *s)
{
	const struct live_service *ls = live_service(e->live, s->name);
	const struct targets *t = ls && ls->classes ? &ls->classes->compiled.targets : NULL;
	json_t *list = json_array();

	if (ls && !t && service_rule(s))
		json_array_append_new(list, only_json(e, s, ls, service_rule(s)));

	for (int rule = 0; t && rule <= (int)s->rule_count; rule++)
		for (uint32_t i = 0; i < t->count; i++)
			if (t->list[i].rule == (rule < (int)s->rule_count ? rule : -1))
				target_append(e, s, ls, t, i, list);
	return list;
}

/* ---- one client ---- */

static const char *backend_name(const struct live_service *s, uint32_t id)
{
	const struct live_backend *backend = live_backend_by_id(s, id);

	return backend ? backend->name : NULL;
}

/* The backend of a key in one ring, to which a new flow of the key would go. */
static json_t *backend_json(const struct engine *e, const struct live_service *s,
			    const struct live_ring *ring, const struct service *model,
			    const char *key)
{
	uint32_t hash;
	const char *name;
	struct why why;

	if (!ring || !ring->has_extent ||
	    key_hash_text(key, model, (uint64_t *)e->dp->config->hash_key, &hash, &why))
		return json_null();
	name = backend_name(s, cells_lookup(&ring->cells, hash));
	return name ? json_string(name) : json_null();
}

static json_t *way_json(const struct engine *e, const struct service *s,
			const struct live_service *ls, const struct route *route,
			const char *interface, const char *key)
{
	const struct live_ring *ring = ring_of_route(ls, route);
	char text[ROUTE_TEXT];

	return json_pack("{s:s, s:s, s:b, s:o, s:o}", "interface", interface, "route",
			 route_print(route, text), "strict", route_strict(route), "regions",
			 regions_json(e, s, route, NULL), "backend",
			 backend_json(e, ls, ring, s, key));
}

int rule_client_parse(const char *text, struct address *ret)
{
	char address[ADDRESS_TEXT];
	size_t len = *text == '[' ? strcspn(text + 1, "]") : strcspn(text, "/,");

	if (*text == '[')
		text++;
	else if (memchr(text, '.', len))
		len = strcspn(text, ":/,");
	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = 0;
	return address_parse(address, ret);
}

/* The target of a client. */
static uint32_t target_of(const struct live_service *s, const struct address *client)
{
	const struct targets *t = &s->classes->compiled.targets;

	return runs_find(&t->runs[client->family == AF_INET6], client);
}

static json_t *plain_json(const struct engine *e, const struct service *s,
			  const struct live_service *ls, const char *key)
{
	const struct rule *rule = service_rule(s);
	struct route route;

	route_of(rule, NULL, NULL, &route);
	return json_pack("{s:o, s:o, s:n, s:s, s:n, s:b, s:[o]}", "rule",
			 rule ? json_integer(rule - s->rules + 1) : json_null(), "clients",
			 rule_clients_json(&e->model, s, rule ? rule - s->rules : -1), "network",
			 "client_region", "", "home",
			 "moving", false, "ways", way_json(e, s, ls, &route, "", key));
}

static json_t *told_json(const struct engine *e, const struct service *s,
			 const struct live_service *ls, const struct address *client,
			 const char *key)
{
	const struct targets *t = &ls->classes->compiled.targets;
	const struct target *target = &t->list[target_of(ls, client)];
	const struct rule *rule = rule_at(s, target->rule);
	const struct prefix *network = longest(rule_set(&e->model, rule), client);
	const struct live_class *class = class_of(e->live, ls, client);
	json_t *ways = json_array();
	char text[PREFIX_TEXT];

	json_array_append_new(ways, way_json(e, s, ls, &t->routes[target->routes[0]], "", key));
	for (uint32_t d = 1; d <= INGRESSES && target->by_ingress; d++)
		if (*e->live->ingresses[d - 1].name)
			json_array_append_new(ways, way_json(e, s, ls,
							     &t->routes[target->routes[d]],
							     e->live->ingresses[d - 1].name, key));
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:b, s:o}", "rule",
			 rule ? json_integer(target->rule + 1) : json_null(), "clients",
			 rule_clients_json(&e->model, s, target->rule), "network",
			 network ? json_string(prefix_print(network, text)) : json_null(),
			 "client_region", target->region, "home", home_json(e, s, client),
			 "moving", class && class->moving, "ways", ways);
}

void client_route(const struct engine *e, const struct service *s, const struct address *client,
		  struct route *ret)
{
	const struct live_service *ls = live_service(e->live, s->name);

	if (client && ls && ls->classes && ls->classes->own)
		*ret = ls->classes->compiled.targets.routes[
			ls->classes->compiled.targets.list[target_of(ls, client)].routes[0]];
	else
		route_of(service_rule(s), NULL, NULL, ret);
}

json_t *view_explain(const struct engine *e, const struct service *s,
		     const struct live_service *ls, const struct address *client, const char *key)
{
	json_t *json = ls->classes && ls->classes->own ? told_json(e, s, ls, client, key) :
							 plain_json(e, s, ls, key);

	json_object_set_new(json, "service", json_string(s->name));
	json_object_set_new(json, "client", json_string(key));
	return json;
}
