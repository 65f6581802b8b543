// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flows that something is known of: pinned flows, handshakes in moving cells, and the
 * last packet seen of each followed key. The tables are walked in steps, a bounded number for
 * each request, so that no other client waits; the answer says where the next request goes
 * on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "core/hot/rates.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/value/address.h"
#include "core/value/number.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/path.h"
#include "daemon/live/rings.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "daemon/watch/hot.h"
#include "dp/dp.h"
#include "dp/pins.h"

#define STEPS 8				/* steps of DP_WALK_STEP entries in one answer */

enum source {
	SOURCE_PINS,
	SOURCE_SYNS,
	SOURCES,
};

/* ---- what is asked for ---- */

int flows_client_parse(const char *text, struct flows_query *q)
{
	char address[ADDRESS_TEXT];
	const char *slash = strchr(text, '/');
	struct address a;
	uint32_t bits;

	if (slash && (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	snprintf(address, sizeof(address), "%.*s", slash ? (int)(slash - text) : -1, text);
	if (address_parse(address, &a))
		return -EINVAL;
	bits = a.family == AF_INET ? 32 : 128;
	if (slash && unsigned_parse(slash + 1, 0, bits, &bits))
		return -EINVAL;
	q->family = a.family;
	for (unsigned i = 0; i < sizeof(q->net); i++) {
		unsigned whole = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * i : 0;

		q->mask[i] = 0xff00 >> whole;
		q->net[i] = a.bytes[i] & q->mask[i];
	}
	return 0;
}

static bool is_client(const struct flows_query *q, const struct xring_flow *flow)
{
	const uint8_t *src = (const uint8_t *)flow->src;

	if (!q->family)
		return true;
	if ((flow->family == 4) != (q->family == AF_INET))
		return false;
	for (int i = 0; i < 16; i++)
		if ((src[i] & q->mask[i]) != q->net[i])
			return false;
	return true;
}

/* ---- flows ---- */

static const char *end_print(const __be32 *addr, uint8_t family, __be16 port,
			     char buf[ENDPOINT_TEXT])
{
	struct address a = { family == 4 ? AF_INET : AF_INET6 };

	memcpy(a.bytes, addr, sizeof(a.bytes));
	return endpoint_print(&a, ntohs(port), buf);
}

static bool is_full(const struct flows_query *q)
{
	return q->limit && json_array_size(q->list) >= q->limit;
}

/* Adds a flow, if it is asked for. idle: seconds; below 0: not known. */
static void flow_add(struct flows_query *q, const struct live_service *s,
		     const struct live_backend *backend, const struct xring_flow *flow,
		     const char *kind, double idle)
{
	char client[ENDPOINT_TEXT], vip[ENDPOINT_TEXT], key[KEY_VALUE_TEXT];

	if (is_full(q) || (q->service && strcmp(q->service, s->name)) ||
	    (q->backend && strcmp(q->backend, backend->name)) || !is_client(q, flow))
		return;
	json_array_append_new(q->list, json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "service", s->name, "client",
		end_print(flow->src, flow->family, flow->ports, client), "vip",
		end_print(flow->dst, flow->family, flow->ports >> 16, vip), "protocol",
		flow->proto == IPPROTO_TCP ? "tcp" : "udp", "backend", backend->name, "kind", kind,
		"key", key_flow_print(&s->key, flow, key), "idle",
		idle < 0 ? json_null() : json_real(idle)));
}

/* Adds the last packet seen of each followed key. */
static void sampled_add(struct flows_query *q)
{
	const struct live *live = q->daemon->engine->live;

	for (size_t i = 0; i < live->service_count; i++) {
		const struct live_service *s = live->services[i];
		const struct hot_service *hs = s->hot;

		for (size_t k = 0; hs && s->main->has_extent && k < hs->heat.count; k++) {
			const struct heat_key *key = &hs->heat.keys[k];
			const struct live_backend *backend = key->samples ?
				live_backend_by_id(s, live_answer(live, s, &key->flow)) : NULL;

			if (backend)
				flow_add(q, s, backend, &key->flow, "sampled", -1);
		}
	}
}

static void step_add(struct flows_query *q, const struct dp_walk *walk, enum source source)
{
	const struct live *live = q->daemon->engine->live;
	uint64_t now = engine_now(q->daemon->engine);

	for (uint32_t i = 0; i < walk->count; i++) {
		const struct xring_pin *pin = &walk->pins[i];
		const struct live_backend *backend = pin->backend < live->dp->backend_count ?
					       live->by_id[pin->backend] : NULL;

		if (backend)
			flow_add(q, backend->service, backend, &walk->flows[i],
				 source == SOURCE_PINS ? "pinned" : "handshake",
				 now > pin->seen ? (double)(now - pin->seen) / NS_PER_S : 0);
	}
}

/* Adds what some steps of the walk find; *ret_cursor: where the walk goes on. */
static int walk_add(struct flows_query *q, const json_t *cursor, json_t **ret_cursor)
{
	_free_ struct dp_walk *walk = calloc(1, sizeof(*walk));
	json_int_t at = json_integer_value(json_object_get(cursor, "table"));
	enum source source = at >= 0 && at < SOURCES ? (enum source)at : SOURCE_PINS;
	int err = 0;

	if (!walk)
		return -ENOMEM;
	dp_walk_begin(q->daemon->engine->dp, source == SOURCE_SYNS, walk);
	walk->begun = json_object_get(cursor, "position");
	walk->position = json_integer_value(json_object_get(cursor, "position"));
	for (int i = 0; i < STEPS && !is_full(q); i++) {
		err = dp_walk_step(walk);
		if (err)
			return err;
		step_add(q, walk, source);
		if (!walk->done)
			continue;
		if (++source == SOURCES) {
			*ret_cursor = json_null();
			return 0;
		}
		dp_walk_begin(q->daemon->engine->dp, true, walk);
	}
	*ret_cursor = json_pack("{s:i}", "table", source);
	if (walk->begun)
		json_object_set_new(*ret_cursor, "position", json_integer(walk->position));
	return 0;
}

/* ---- counts, as the last walk of the daemon left them ---- */

static bool is_asked(const struct flows_query *q, const struct live_service *s)
{
	return !q->service || !strcmp(q->service, s->name);
}

static json_t *counts_json(const struct flows_query *q)
{
	const struct live *live = q->daemon->engine->live;
	json_t *backends = json_array(), *keys = json_array();
	json_int_t pins = 0;

	for (uint32_t id = 1; id < live->dp->backend_count; id++) {
		const struct live_backend *backend = live->by_id[id];

		if (!backend || !is_asked(q, backend->service))
			continue;
		pins += backend->pins;
		json_array_append_new(backends, json_pack("{s:s, s:s, s:i}", "service",
							  backend->service->name, "name", backend->name,
							  "pins", backend->pins));
	}
	for (size_t i = 0; i < live->key_count; i++) {
		const struct live_key *key = live->keys[i];
		char text[KEY_VALUE_TEXT];

		if (is_asked(q, key->service))
			json_array_append_new(keys, json_pack(
				"{s:s, s:s, s:i}", "service", key->service->name, "key",
				key_flow_print(&key->service->key, &key->record->flow, text),
				"pins", key->pins));
	}
	return json_pack("{s:I, s:o, s:o}", "pins", pins, "backends", backends, "keys", keys);
}

json_t *view_flows(const struct daemon *d, struct flows_query *q, const json_t *cursor)
{
	json_t *next = NULL, *json;

	q->daemon = d;
	q->list = json_array();
	if (!cursor)
		sampled_add(q);
	if (walk_add(q, cursor, &next)) {
		json_decref(q->list);
		return NULL;
	}
	json = json_pack("{s:o, s:o}", "flows", q->list, "cursor", next);
	if (!cursor)
		json_object_set_new(json, "counts", counts_json(q));
	return json;
}
