// SPDX-License-Identifier: GPL-2.0-or-later
/* A service's ring, and who owns which key. */
#include <stdlib.h>

#include "base/util.h"
#include "core/model/key_value.h"
#include "daemon/control/verbs.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/view/status.h"
#include "proto/proto.h"

static json_t *node_json(const struct engine *e, const struct live_service *s,
			 const struct live_node *node, const uint64_t *shares, uint64_t packets)
{
	struct xring_traffic traffic = {};

	dp_traffic_read(e->dp, node->id, &traffic);
	return json_pack("{sssisfsfsI}", "name", node->name, "vnodes",
			 s->main->ring.nodes[node->index].points, "share",
			 shares[node->index] / CIRCLE, "seen",
			 packets ? traffic.packets / (double)packets : 0.0, "packets", (json_int_t)traffic.packets);
}

/* Packets of the backends that are there now. */
static uint64_t live_packets(const struct engine *e, const struct live_service *s)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < s->node_count; i++) {
		struct xring_traffic one = {};

		dp_traffic_read(e->dp, s->nodes[i]->id, &one);
		packets += one.packets;
	}
	return packets;
}

int show_ring(struct engine *e, const json_t *request, struct answer *a)
{
	const struct service *model = request_service(&e->model, request, a);
	const struct live_service *s = model ? live_service(e->live, model->name) : NULL;
	_free_ uint64_t *shares = NULL;
	uint64_t packets;
	json_t *nodes;

	if (!model)
		return -1;
	nodes = json_array();
	if (s && s->main->has_extent) {
		shares = live_shares(s);
		packets = live_packets(e, s);
		for (size_t i = 0; shares && i < s->node_count; i++)
			if (s->nodes[i]->index < s->main->ring.node_count)
				json_array_append_new(nodes, node_json(e, s, s->nodes[i], shares,
								       packets));
	}
	a->data = json_pack("{sssisisiso}", "service", model->name, "vnodes", model->vnodes,
			    "points", s ? (int)s->main->ring.point_count : 0, "cells",
			    s && s->main->has_extent ? 1 << s->main->cells.bits : 0, "backends", nodes);
	return 0;
}

#define LOOKUPS_MAX 20000u	/* of one request: it holds up all others */

/*
 * {"key", "hash", "backends": [...]}: the first is what the cells say, or whom the key was
 * given to. "shards", where it is split: then that is where new flows do not go.
 */
static json_t *lookup_json(const struct live *live, const struct live_service *s, const char *key,
			   const struct xring_flow *flow, size_t n)
{
	const struct live_ring *r = ring_of_flow(live, s, flow);
	uint32_t hash = live_key_hash(live, s, flow);
	const struct live_key *entry = live_key(live, s, hash);
	uint64_t side = entry ? hot_newest(*entry->answer) : 0;
	const struct live_node *owner =
		live_node_by_id(s, xring_hot_backend(side) ?: cells_lookup(&r->cells, hash));
	_free_ uint32_t *found = calloc(n, sizeof(*found));
	json_t *names = json_array();
	size_t many = found ? ring_replicas(&r->ring, hash, n, found) : 0;

	if (owner)
		json_array_append_new(names, json_string(owner->name));
	for (size_t i = 0; i < many && json_array_size(names) < n; i++)
		if (!owner || owner->index != found[i])
			json_array_append_new(names, json_string(r->ring.nodes[found[i]].name));
	return json_pack("{s:s, s:I, s:o, s:o*}", "key", key, "position", (json_int_t)hash,
			 "backends", names, "shards", xring_hot_shards(side) ?
			 json_integer(xring_hot_shards(side)) : NULL);
}

int show_lookup(struct engine *e, const json_t *request, struct answer *a)
{
	const struct service *model = request_service(&e->model, request, a);
	const struct live_service *s = model ? live_service(e->live, model->name) : NULL;
	const json_t *keys = json_object_get(request, "keys"), *key;
	json_int_t n = json_integer_value(json_object_get(request, "n")) ?: 1;
	json_t *list;
	size_t i;

	if (!model)
		return -1;
	if (n < 1 || n > 1000)
		return answer_no(a, EXIT_WORDS, "n %lld: want 1 to 1000", (long long)n);
	if (json_array_size(keys) * n > LOOKUPS_MAX)
		return answer_no(a, EXIT_WORDS, "%zu keys: want at most %lld of %lld backends each",
				 json_array_size(keys), LOOKUPS_MAX / n, n);
	if (!s || !s->main->has_extent)
		return answer_no(a, EXIT_NO, "service %s: it is not in the maps yet", model->name);
	list = json_array();
	json_array_foreach(keys, i, key) {
		const char *text = json_string_value(key) ?: "";
		struct xring_flow flow;

		if (key_flow_parse(text, model, &flow, a->why, sizeof(a->why))) {
			json_decref(list);
			a->code = EXIT_WORDS;
			return -1;
		}
		json_array_append_new(list, lookup_json(e->live, s, text, &flow, n));
	}
	a->data = list;
	return 0;
}
