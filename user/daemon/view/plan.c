// SPDX-License-Identifier: GPL-2.0-or-later
/* What a change would do: of one service, or of the whole model that a file is. */

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "conf/conf.h"
#include "core/model/key.h"
#include "core/model/merge.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/ring/cells.h"
#include "core/ring/plan.h"
#include "core/ring/ring.h"
#include "core/value/number.h"
#include "core/value/prefix_set.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/cells.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/live/ways_back.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "daemon/watch/new_flows.h"
#include "dp/dp.h"

/* ---- one service ---- */

static size_t parts_before(const struct live_service *s, struct plan_node **ret)
{
	size_t count = 0;

	*ret = calloc((s ? s->main->ring.node_count : 0) + 1, sizeof(**ret));
	if (*ret && s)
		count = ring_parts(s->main, ring_density(s->main), *ret);
	return count;
}

static size_t parts_after(const struct engine *e, const struct service *to, struct plan_node **ret)
{
	size_t count = to ? to->backend_count : 0, kept = 0;
	struct route route;

	route_of(to ? service_rule(to) : NULL, NULL, NULL, &route);
	*ret = calloc(count + 1, sizeof(**ret));
	if (!*ret || !to || live_weigh(e->live, to, &route, engine_now(e), *ret))
		return 0;
	for (size_t i = 0; i < count; i++)
		if ((*ret)[i].points)
			(*ret)[kept++] = (*ret)[i];
	return kept;
}

/* The number of cells that would be written; all, if the number of the ring's cells changes. */
static long cells_of_plan(const struct live_service *s, const struct plan_node *after,
			  size_t count)
{
	_free_ struct ring_node *nodes = calloc(count + 1, sizeof(*nodes));
	_free_ uint16_t *ids = calloc(count + 1, sizeof(*ids));
	struct ring ring;
	unsigned bits;
	long cells;

	if (!nodes || !ids)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		nodes[i] = (struct ring_node){ after[i].name, strlen(after[i].name),
					       after[i].points };
		ids[i] = after[i].machine;
	}
	if (ring_new(nodes, count, &ring))
		return -ENOMEM;
	bits = ring_bits(s ? s->main : NULL, ring.point_count);
	cells = 1l << bits;
	if (s && s->main->has_extent && bits == s->main->cells.bits)
		cells = cells_differ(&s->main->cells, &ring, ids);
	ring_clear(&ring);
	return cells < 0 ? 1l << bits : cells;
}

static json_t *stages_json(const struct service *s, bool leaves)
{
	double window = s->udp_idle_ms / 1000.0;
	double settle = (s->tcp_idle_ms > s->udp_idle_ms ? s->tcp_idle_ms : s->udp_idle_ms) /
			1000.0;

	return json_pack("{s:f, s:f, s:f, s:f, s:o}", "prepare", 0.0, "copy", window, "catch_up",
			 settle - window, "switch", 0.0, "cleanup",
			 leaves ? json_real(s->drain_ms / 1000.0) : json_null());
}

/* Does the change remove or drain a backend that is in the ring? */
static bool any_leaves(const struct live_service *live, const struct service *to)
{
	for (size_t i = 0; live && i < live->backend_count; i++) {
		const struct live_backend *backend = live->backends[i];
		const struct backend *b = service_backend(to, backend->name);

		if (!b || live_id(live, b) == LIVE_ID_NEW ||
		    (b->state != BACKEND_ACTIVE && backend->state == BACKEND_ACTIVE))
			return true;
	}
	return false;
}

static json_t *service_plan(const struct daemon *d, const struct live_service *s,
			    const struct service *to)
{
	const struct engine *e = d->engine;
	_free_ struct plan_node *before = NULL, *after = NULL;
	size_t before_count = parts_before(s, &before);
	size_t after_count = parts_after(e, to, &after);
	long cells = to ? cells_of_plan(s, after, after_count) : 0;
	struct plan plan;
	uint64_t flows;
	json_t *json;

	if (!before || !after || plan_new(before, before_count, after, after_count, &plan))
		return NULL;
	if (s && to && !plan.moved && !cells) {
		plan_clear(&plan);
		return NULL;
	}
	json = json_pack("{s:s, s:s, s:I, s:i}", "service", s ? s->name : to->name, "action",
			 !s ? "add" : !to ? "remove" : "change", "cells", (json_int_t)cells,
			 "pins", s ? s->pins : 0);
	plan_json(&plan, json);
	json_object_set_new(json, "new_flows", s && flows_recent(&d->flows, s, &flows) ?
			    json_integer(flows * ((double)plan.moved / PLAN_CIRCLE)) : json_null());
	if (s && to)
		json_object_set_new(json, "stages", stages_json(to, any_leaves(s, to)));
	plan_clear(&plan);
	return json;
}

/* ---- the whole model ---- */

static void say(json_t *list, const char *fmt, const char *what)
{
	char text[256];

	snprintf(text, sizeof(text), fmt, what);
	json_array_append_new(list, json_string(text));
}

static void other_interfaces(json_t *list, const struct model *from, const struct model *to)
{
	for (size_t i = 0; i < to->interface_count; i++) {
		const struct interface *now = &to->interfaces[i];
		const struct interface *was = model_interface(from, now->name);

		if (!was || strcmp(was->region, now->region))
			say(list, was ? "interface %s: another region" : "interfaces: + %s",
			    now->name);
	}
	for (size_t i = 0; i < from->interface_count; i++)
		if (!model_interface(to, from->interfaces[i].name))
			say(list, "interfaces: - %s", from->interfaces[i].name);
}

/* The ways back for which backends would wait; with --cut, the flows that these cut instead. */
struct waits {
	const struct ways_back *ways;
	bool cut;
	uint64_t now;
	json_t *list;
};

static void say_waits(void *context, const struct service *s, const struct backend *b,
		      const struct way_back *way)
{
	const struct waits *waits = context;
	uint64_t left = way->until > waits->now ? way->until - waits->now : 0;
	char at[ENDPOINT_TEXT], time[DURATION_TEXT];
	json_t *text;

	endpoint_print(&b->address, b->port, at);
	if (waits->cut)
		text = json_sprintf("service %s: backend %s at %s cuts the flows of backend %s of "
				    "service %s", s->name, b->name, at, way->of->name,
				    way->of->service->name);
	else
		text = json_sprintf("service %s: backend %s at %s waits until the flows of backend "
				    "%s of service %s are gone, %s at most", s->name, b->name, at,
				    way->of->name, way->of->service->name,
				    duration_print((left + NS_PER_S - 1) / NS_PER_S * 1000, time));
	json_array_append_new(waits->list, text);
}

/* What else differs beside rings, told so that nothing comes as a surprise. */
static json_t *others(const struct engine *e, const struct model *to, struct waits *waits)
{
	const struct model *from = &e->model;
	json_t *list = waits->list = json_array();

	live_replies_wait(waits->ways, from, to, say_waits, waits);
	other_interfaces(list, from, to);
	for (size_t i = 0; i < to->region_count; i++) {
		const struct region *was = model_region(from, to->regions[i].name);

		if (!was || !region_equal(was, &to->regions[i]))
			say(list, was ? "region %s: other settings" : "regions: + %s",
			    to->regions[i].name);
	}
	for (size_t i = 0; i < from->region_count; i++)
		if (!model_region(to, from->regions[i].name))
			say(list, "regions: - %s", from->regions[i].name);
	if (memcmp(from->hash_key, to->hash_key, HASH_KEY_BYTES))
		say(list, "%s", "hash_key: another one: every flow moves");
	for (size_t i = 0; i < to->service_count; i++) {
		const struct service *now = &to->services[i];
		const struct service *was = model_service(from, now->name);

		if (was && !service_same_but_backends(was, now))
			say(list, "service %s: other settings", now->name);
	}
	if (from->flush_interval_ms != to->flush_interval_ms ||
	    from->flush_changes != to->flush_changes)
		say(list, "%s", "flush: other settings");
	if (from->limit_cells != to->limit_cells || from->limit_backends != to->limit_backends ||
	    from->limit_networks != to->limit_networks ||
	    from->limit_fragments != to->limit_fragments ||
	    from->pins != to->pins)
		say(list, "%s", "limits, pins: other sizes");
	if (from->reload_guard != to->reload_guard)
		say(list, "reload_guard: %s", to->reload_guard ? "on" : "off");
	if (from->tunnel_source != to->tunnel_source)
		say(list, "%s", "tunnel_source: another one");
	if (from->gue.variant != to->gue.variant || from->gue.port != to->gue.port)
		say(list, "%s", "gue: other settings");
	if (from->echo_passes != to->echo_passes)
		say(list, "echo: %s", to->echo_passes ? "pass" : "answer");
	return list;
}

/* Adds the present contents of a list file, which the text that names the file does not show. */
static void hash_clients(SHA2_CTX *sha, const struct prefix_set *set)
{
	for (size_t i = 0; set && set->file && i < set->list.count; i++) {
		const struct prefix *p = &set->list.prefixes[i];

		SHA256Update(sha, p->address.bytes, sizeof(p->address.bytes));
		SHA256Update(sha, &p->bits, 1);
	}
}

static void hash_model_clients(SHA2_CTX *sha, const struct model *m)
{
	for (size_t i = 0; i < m->region_count; i++)
		hash_clients(sha, m->regions[i].clients);
	for (size_t i = 0; i < m->service_count; i++)
		for (size_t k = 0; k < m->services[i].rule_count; k++)
			hash_clients(sha, m->services[i].rules[k].clients);
}

/*
 * The hash of a plan: of the text, the model that runs, and which backends are alive; 16
 * hexadecimal digits.
 */
static int plan_hash(const struct engine *e, const struct model *to, const char *text, size_t len,
		     char ret[17])
{
	_free_ char *running = conf_print(&e->model);
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;

	if (!running)
		return -ENOMEM;
	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)text, len);
	SHA256Update(&sha, (const uint8_t *)running, strlen(running));
	hash_model_clients(&sha, to);
	hash_model_clients(&sha, &e->model);
	for (uint32_t id = 1; id < e->dp->backend_count; id++) {
		const struct live_backend *backend = e->live->by_id[id];
		uint8_t down = backend ? backend->dead : 2;

		SHA256Update(&sha, &down, 1);
	}
	SHA256Final(digest, &sha);
	for (int i = 0; i < 8; i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

static json_t *plan_make(const struct daemon *d, const struct model *to, const char *text, size_t len,
			 struct waits *waits)
{
	const struct engine *e = d->engine;
	json_t *services = json_array(), *clients = plan_clients(e, to);
	char hash[17];

	for (size_t i = 0; i < to->service_count; i++) {
		json_t *one = service_plan(d, live_service(e->live, to->services[i].name),
					   &to->services[i]);

		if (one)
			json_array_append_new(services, one);
	}
	for (size_t i = 0; i < e->live->service_count; i++)
		if (!model_service(to, e->live->services[i]->name))
			json_array_append_new(services,
					      service_plan(d, e->live->services[i], NULL));
	if (!clients || plan_hash(e, to, text, len, hash)) {
		json_decref(services);
		json_decref(clients);
		return NULL;
	}
	return json_pack("{s:s, s:o, s:o, s:o}", "hash", hash, "services", services, "clients",
			 clients, "other", others(e, to, waits));
}

json_t *view_plan(const struct daemon *d, const struct model *to, const char *text, size_t len,
		  bool cut)
{
	struct live *live = d->engine->live;
	struct ways_back now = live->ways, then;
	struct waits waits = { .ways = &then, .cut = cut, .now = engine_now(d->engine) };
	json_t *plan;

	if (ways_back_new(live, to, waits.now, false, &then))
		return NULL;
	/* What is weighed for the plan waits for what would leave with that model. */
	live->ways = cut ? (struct ways_back){} : then;
	plan = plan_make(d, to, text, len, &waits);
	live->ways = now;
	ways_back_clear(&then);
	return plan;
}
