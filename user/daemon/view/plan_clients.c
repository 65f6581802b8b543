// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which clients would get another answer by a change of rules, lists, schedules or backends.
 * The whole address space as it is compiled now is compared with what the other model would
 * compile to.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/util.h"
#include "core/lpm/runs.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/place/route.h"
#include "core/place/routes.h"
#include "core/ring/plan.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/view/parts.h"

/* The clients that have one target now and one target then. */
struct pair {
	uint32_t before, after;
	double space[2];			/* share of all addresses: IPv4, IPv6 */
	size_t networks;
};

struct pairs {
	struct pair *list;
	size_t count;
	bool failed;
};

static uint32_t pair_of(void *context, uint32_t before, uint32_t after)
{
	struct pairs *all = context;
	struct pair *list;

	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].before == before && all->list[i].after == after)
			return i;
	list = array_grow(all->list, all->count, sizeof(*list));
	if (!list) {
		all->failed = true;
		return 0;
	}
	all->list = list;
	list[all->count] = (struct pair){ .before = before, .after = after };
	return all->count++;
}

static int pairs_find(const struct targets *before, const struct targets *after,
		      struct pairs *ret)
{
	int err = 0;

	for (int f = 0; f < 2 && !err; f++) {
		struct runs runs = {};

		err = runs_combine(&before->runs[f], &after->runs[f], pair_of, ret, &runs);
		for (size_t i = 0; !err && i < runs.count; i++) {
			double end = i + 1 < runs.count ? (double)runs.list[i + 1].first :
							  ldexp(1, 128);
			struct pair *pair = &ret->list[runs.list[i].value];

			pair->space[f] += ldexp(end - (double)runs.list[i].first, -128);
			pair->networks++;
		}
		runs_clear(&runs);
	}
	return err ?: ret->failed ? -ENOMEM : 0;
}

/* ---- regions ---- */

/* The regions with a share of the traffic, as {name: share}. */
static json_t *shares_json(const struct engine *e, const struct service *s,
			   const struct route *route)
{
	_free_ struct plan_node *nodes = calloc(s->backend_count + 1, sizeof(*nodes));
	json_t *shares = json_object();
	double whole = 0;

	if (!nodes || live_weigh(e->live, s, route, engine_now(e), nodes))
		return shares;
	for (size_t i = 0; i < s->backend_count; i++)
		whole += nodes[i].points;
	for (size_t i = 0; i < s->backend_count; i++) {
		const char *region = s->backends[i].region;
		double share = nodes[i].points / whole;

		if (nodes[i].points)
			json_object_set_new(shares, region, json_real(share +
				json_number_value(json_object_get(shares, region))));
	}
	return shares;
}

/* NULL if neither the route nor the share of any region changes. */
static json_t *way_json(const struct engine *e, const struct service *was,
			const struct service *now, const struct route *from,
			const struct route *to)
{
	json_t *before = shares_json(e, was, from), *after = shares_json(e, now, to);
	char from_text[ROUTE_TEXT], to_text[ROUTE_TEXT];

	if (route_equal(from, to) && json_equal(before, after)) {
		json_decref(before);
		json_decref(after);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "service", now->name, "from",
			 route_print(from, from_text), "to", route_print(to, to_text), "before",
			 before, "after", after);
}

static void pair_append(const struct engine *e, const struct service *was, const struct model *m,
			const struct service *now, const struct targets *before,
			const struct targets *after, const struct pair *pair,
			const struct ingress ingresses[INGRESSES], json_t *to)
{
	const struct target *from = &before->list[pair->before], *then = &after->list[pair->after];

	for (uint32_t d = 0; d <= (from->by_ingress || then->by_ingress ? INGRESSES : 0); d++) {
		json_t *way;

		if (d && !*ingresses[d - 1].name)
			continue;
		way = way_json(e, was, now, &before->routes[from->routes[d]],
			       &after->routes[then->routes[d]]);
		if (!way)
			continue;
		json_object_set_new(way, "interface", json_string(d ? ingresses[d - 1].name : ""));
		json_object_set_new(way, "rule", then->rule < 0 ? json_null() :
				    json_integer(then->rule + 1));
		json_object_set_new(way, "clients", rule_clients_json(m, now, then->rule));
		json_object_set_new(way, "networks", json_integer(pair->networks));
		json_object_set_new(way, "ipv4", json_real(pair->space[0]));
		json_object_set_new(way, "ipv6", json_real(pair->space[1]));
		json_array_append_new(to, way);
	}
}

/* ---- services ---- */

/* The homes, with regions numbered as in the other model. */
static struct home_network *homes_as(const struct engine *e, const struct live_service *s,
			      const struct model *m, size_t *ret_count)
{
	struct home_network *list = calloc((s ? s->home_count : 0) + 1, sizeof(*list));

	*ret_count = 0;
	for (size_t i = 0; list && s && i < s->home_count; i++) {
		const char *name = e->model.regions[s->homes[i].region - 1].name;
		const struct region *region = model_region(m, name);

		if (region)
			list[(*ret_count)++] = (struct home_network){ s->homes[i].prefix,
							       region - m->regions + 1 };
	}
	return list;
}

static int targets_in(const struct engine *e, const struct model *m, const struct service *s,
		      const struct ingress ingresses[INGRESSES], struct targets *ret)
{
	size_t count;
	_free_ struct home_network *homes = homes_as(e, live_service(e->live, s->name), m, &count);

	return homes ? targets_of(m, s, ingresses, homes, count, ret) : -ENOMEM;
}

static int service_clients(const struct engine *e, const struct service *was,
			   const struct model *m, const struct service *now, json_t *to)
{
	struct ingress ingresses[INGRESSES];
	struct targets before, after;
	struct pairs pairs = {};
	int err = targets_in(e, &e->model, was, e->live->ingresses, &before);

	if (err)
		return err;
	memcpy(ingresses, e->live->ingresses, sizeof(ingresses));
	ingresses_set(ingresses, m);
	err = targets_in(e, m, now, ingresses, &after);
	if (!err) {
		err = pairs_find(&before, &after, &pairs);
		for (size_t i = 0; i < pairs.count && !err; i++)
			pair_append(e, was, m, now, &before, &after, &pairs.list[i], ingresses, to);
		targets_clear(&after);
	}
	targets_clear(&before);
	free(pairs.list);
	return err;
}

json_t *plan_clients(const struct engine *e, const struct model *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *now = &m->services[i];
		const struct service *was = model_service(&e->model, now->name);

		if (was && m->region_count && service_clients(e, was, m, now, list)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
