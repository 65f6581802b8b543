// SPDX-License-Identifier: GPL-2.0-or-later
/* A service's ring, and the owners of keys. */
#include <stdlib.h>

#include "base/util.h"
#include "core/hot/entries.h"
#include "core/ring/cells.h"
#include "core/ring/ring.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/client_rings.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/path.h"
#include "daemon/live/rings.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "dp/dp.h"
#include "dp/read.h"

static json_t *backend_json(const struct engine *e, const struct live_service *s,
			    const struct live_backend *backend, const uint64_t *shares,
			    uint64_t packets)
{
	struct xring_traffic traffic = {};

	dp_traffic_read(e->dp, backend->id, &traffic);
	return json_pack("{sssisfsfsI}", "name", backend->name, "vnodes",
			 s->main->ring.nodes[backend->index].points, "share",
			 shares[backend->index] / CIRCLE, "seen",
			 packets ? traffic.packets / (double)packets : 0.0, "packets", (json_int_t)traffic.packets);
}

/* Packets of the service's present backends. */
static uint64_t live_packets(const struct engine *e, const struct live_service *s)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < s->backend_count; i++) {
		struct xring_traffic one = {};

		dp_traffic_read(e->dp, s->backends[i]->id, &one);
		packets += one.packets;
	}
	return packets;
}

json_t *view_lookup(const struct live *live, const struct live_service *s, const char *key,
		    const struct xring_flow *flow, size_t n)
{
	const struct live_ring *r = ring_of_flow(live, s, flow);
	uint32_t hash = live_key_hash(live, s, flow);
	const struct live_key *entry = live_key(live, s, hash);
	uint64_t side = entry ? hot_newest(*entry->answer) : 0;
	const struct live_backend *owner =
		live_backend_by_id(s, xring_hot_backend(side) ?: cells_lookup(&r->cells, hash));
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

json_t *view_ring(const struct engine *e, const struct service *model)
{
	const struct live_service *s = live_service(e->live, model->name);
	_free_ uint64_t *shares = NULL;
	json_t *nodes = json_array();
	uint64_t packets;

	if (s && s->main->has_extent) {
		shares = live_shares(s);
		packets = live_packets(e, s);
		for (size_t i = 0; shares && i < s->backend_count; i++)
			if (s->backends[i]->index < s->main->ring.node_count)
				json_array_append_new(
					nodes, backend_json(e, s, s->backends[i], shares, packets));
	}
	return json_pack("{sssisisiso}", "service", model->name, "vnodes", model->vnodes,
			 "points", s ? (int)s->main->ring.point_count : 0, "cells",
			 s && s->main->has_extent ? 1 << s->main->cells.bits : 0, "backends",
			 nodes);
}
