// SPDX-License-Identifier: GPL-2.0-or-later
/* Hot keys: their rates, and the backends over which they are split. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <xring/hash.h>

#include "base/util.h"
#include "core/hot/entries.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/ring/cells.h"
#include "daemon/live/backends.h"
#include "daemon/live/client_rings.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/path.h"
#include "daemon/live/rings.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "daemon/watch/hands.h"
#include "daemon/watch/hot_state.h"
#include "dp/dp.h"

static uint32_t shard_position(const struct engine *e, uint32_t hash, uint32_t shard)
{
	return hash_split(e->dp->config->hash_key, hash, shard);
}

/* The number of backends over which a key's shards are spread. */
static uint32_t backends_of(const struct engine *e, const struct live_service *s,
			    const struct heat_key *key, uint32_t shards)
{
	const struct cells *cells = &ring_of_flow(e->live, s, &key->flow)->cells;
	_free_ uint8_t *seen = calloc(XRING_ID_MASK + 1, 1);
	uint32_t count = 0;

	for (uint32_t i = 0; seen && i < shards && count < s->backend_count; i++) {
		uint32_t id = cells_lookup(cells, shard_position(e, key->hash, i));

		count += id && !seen[id];
		seen[id] = 1;
	}
	return count;
}

/* What is known of a key: by watch/hot.c, by hand, in the maps. */
struct seen {
	const struct live_service *s;
	const struct heat_service *heat;
	const struct heat_key *key;
	const struct hot_hand *hand;
	const struct live_key *entry;
};

static const char *state_says(const struct seen *k)
{
	static const char *const words[] = {
		[HEAT_NONE] = "cooling",	/* healed, but its entry has not settled yet */
		[HEAT_HOT] = "hot",
		[HEAT_SPLIT] = "split",
		[HEAT_COOLING] = "cooling",
		[HEAT_ELEPHANT] = "elephant",
	};

	if (k->hand)
		return hand_print(k->hand->hand);
	/* There was no room for its entry. */
	if (k->key->state == HEAT_SPLIT && !(k->entry && hot_newest(*k->entry->answer)))
		return words[HEAT_HOT];
	return words[k->key->state];
}

static json_t *key_json(const struct engine *e, const struct seen *k)
{
	uint64_t side = k->entry ? hot_newest(*k->entry->answer) : 0;
	double rate = heat_rate(&k->key->pace), all = heat_rate(&k->heat->pace);
	double average = heat_average(k->heat);
	uint32_t shards = xring_hot_shards(side);
	char text[KEY_VALUE_TEXT];
	json_t *json = json_pack(
		"{s:s, s:s, s:f, s:f, s:f, s:f, s:s, s:s, s:i, s:i, s:o, s:o, s:f}",
		"service", k->s->name, "key", key_flow_print(&k->s->key, &k->key->flow, text),
		"rate_pps", rate, "share", all > 0 ? fmin(rate / all, 1) : 0, "times_average",
		average > 0 ? rate / average : 0, "proven", heat_proven(k->key), "state", state_says(k), "by",
		k->hand ? "hand" : "auto", "shards", shards, "backends",
		shards ? backends_of(e, k->s, k->key, shards) : 1, "backend",
		k->hand && k->hand->hand == HAND_PIN ? json_string(k->hand->backend) : json_null(),
		"flows", k->entry ? json_integer(k->entry->pins) : json_null(), "since",
		(k->hand ? k->hand->since_ms : k->key->since_ms) / 1000.0);

	return json;
}

static void service_append(const struct daemon *d, const struct live_service *s, json_t *list)
{
	const struct engine *e = d->engine;
	const struct hot_service *hs = s->hot;

	for (size_t i = 0; hs && s->main->has_extent && i < hs->heat.count; i++) {
		const struct heat_key *key = &hs->heat.keys[i];
		struct seen seen = { s, &hs->heat, key, hot_hand(&d->hot, s, key->hash),
				     live_key(e->live, s, key->hash) };

		if (key->state || seen.hand || seen.entry)
			json_array_append_new(list, key_json(e, &seen));
	}
}

static double rate_of(const json_t *key)
{
	return json_real_value(json_object_get(key, "rate_pps"));
}

static int by_rate(const void *left, const void *right)
{
	double a = rate_of(*(json_t *const *)left), b = rate_of(*(json_t *const *)right);

	return (a < b) - (a > b);
}

/* The items of a list in another list, sorted. */
static json_t *sorted(json_t *list)
{
	size_t count = json_array_size(list);
	_free_ json_t **items = calloc(count + 1, sizeof(*items));
	json_t *ret = json_array();

	for (size_t i = 0; items && i < count; i++)
		items[i] = json_array_get(list, i);
	if (items && count)
		qsort(items, count, sizeof(*items), by_rate);
	for (size_t i = 0; items && i < count; i++)
		json_array_append(ret, items[i]);
	json_decref(list);
	return ret;
}

json_t *view_hot(const struct daemon *d, const char *service)
{
	const struct live *live = d->engine->live;
	json_t *list = json_array();

	for (size_t i = 0; i < live->service_count; i++)
		if (!service || !strcmp(service, live->services[i]->name))
			service_append(d, live->services[i], list);
	return sorted(list);
}

static json_t *shard_json(const struct live_ring *r, uint32_t shard, uint32_t position,
			  uint16_t given)
{
	const struct live_backend *backend = live_backend_by_id(r->service, given ?:
						       cells_lookup(&r->cells, position));

	return json_pack("{s:i, s:I, s:s?}", "shard", shard, "position", (json_int_t)position,
			 "backend", backend ? backend->name : NULL);
}

json_t *view_shards(const struct engine *e, const struct live_service *s,
		    const struct xring_flow *flow)
{
	uint32_t hash = live_key_hash(e->live, s, flow);
	const struct live_key *key = live_key(e->live, s, hash);
	const struct live_ring *r = ring_of_flow(e->live, s, flow);
	uint64_t side = key ? hot_newest(*key->answer) : 0;
	json_t *json = json_array();

	/* A key that is not split is its own only shard. */
	if (!xring_hot_shards(side))
		json_array_append_new(json, shard_json(r, 0, hash, xring_hot_backend(side)));
	for (uint32_t i = 0; i < xring_hot_shards(side); i++)
		json_array_append_new(json, shard_json(r, i, shard_position(e, hash, i), 0));
	return json;
}
