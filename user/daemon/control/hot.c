// SPDX-License-Identifier: GPL-2.0-or-later
/* Hot keys as they are seen, and what is set by hand. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xring/hash.h>

#include "base/log.h"
#include "base/util.h"
#include "core/model/key_value.h"
#include "daemon/control/verbs.h"
#include "daemon/watch/hot_state.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/view/status.h"
#include "proto/proto.h"

/* ---- shards ---- */

static uint32_t shard_position(const struct engine *e, uint32_t hash, uint32_t shard)
{
	return hash_split(e->dp->config->hash_key, hash, shard);
}

/* Over how many backends. */
static uint32_t backends_of(const struct engine *e, const struct live_service *s,
			    const struct heat_key *key, uint32_t shards)
{
	const struct cells *cells = &ring_of_flow(e->live, s, &key->flow)->cells;
	_free_ uint8_t *seen = calloc(XRING_ID_MASK + 1, 1);
	uint32_t count = 0;

	for (uint32_t i = 0; seen && i < shards && count < s->node_count; i++) {
		uint32_t id = cells_lookup(cells, shard_position(e, key->hash, i));

		count += id && !seen[id];
		seen[id] = 1;
	}
	return count;
}

/* ---- the list ---- */

/* What is known of one key, from the watch, by hand, and from the maps. */
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
		[HEAT_NONE] = "cooling",	/* its entry is not settled yet */
		[HEAT_HOT] = "hot",
		[HEAT_SPLIT] = "split",
		[HEAT_COOLING] = "cooling",
		[HEAT_ELEPHANT] = "elephant",
	};

	if (k->hand)
		return hand_print(k->hand->hand);
	/* It found no entry. */
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
		"{s:s, s:s, s:f, s:f, s:f, s:s, s:s, s:i, s:i, s:o, s:o, s:f}",
		"service", k->s->name, "key", key_flow_print(&k->s->key, &k->key->flow, text),
		"rate_pps", rate, "share", all > 0 ? fmin(rate / all, 1) : 0, "times_average",
		average > 0 ? rate / average : 0, "state", state_says(k), "by",
		k->hand ? "hand" : "auto", "shards", shards, "backends",
		shards ? backends_of(e, k->s, k->key, shards) : 1, "backend",
		k->hand && k->hand->hand == HAND_PIN ? json_string(k->hand->backend) : json_null(),
		"flows", k->entry ? json_integer(k->entry->pins) : json_null(), "since",
		(k->hand ? k->hand->since_ms : k->key->since_ms) / 1000.0);

	return json;
}

static void service_append(const struct engine *e, const struct hot_service *hs, json_t *list)
{
	const struct live_service *s = live_service(e->live, hs->name);

	for (size_t i = 0; s && s->main->has_extent && i < hs->heat.count; i++) {
		const struct heat_key *key = &hs->heat.keys[i];
		struct seen seen = { s, &hs->heat, key, hot_hand(&e->hot, s, key->hash),
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

/* A new list in another order. */
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

json_t *hot_json(const struct engine *e, const char *service)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->hot.service_count; i++)
		if (!service || !strcmp(service, e->hot.services[i].name))
			service_append(e, &e->hot.services[i], list);
	return sorted(list);
}

int show_hot(struct engine *e, const json_t *request, struct answer *a)
{
	if (request_text(request, "service") && !request_service(&e->model, request, a))
		return -EINVAL;
	a->data = hot_json(e, request_text(request, "service"));
	return 0;
}

/* ---- one key ---- */

/* The service and the key of a request; NULL with the answer filled. */
static struct live_service *request_key(struct engine *e, const json_t *request,
					struct xring_flow *ret, struct answer *a)
{
	const struct service *model = request_service(&e->model, request, a);
	const char *text = model ? request_need(request, "key", a) : NULL;
	struct live_service *s = text ? live_service(e->live, model->name) : NULL;

	if (!text)
		return NULL;
	if (key_flow_parse(text, model, ret, a->why, sizeof(a->why))) {
		a->code = EXIT_WORDS;
		return NULL;
	}
	if (!s || !s->main->has_extent) {
		answer_no(a, EXIT_NO, "service %s: it is not in the maps yet", model->name);
		return NULL;
	}
	return s;
}

static json_t *shard_json(const struct live_ring *r, uint32_t shard, uint32_t position,
			  uint16_t backend)
{
	const struct live_node *node = live_node_by_id(r->service, backend ?:
						       cells_lookup(&r->cells, position));

	return json_pack("{s:i, s:I, s:s?}", "shard", shard, "position", (json_int_t)position,
			 "backend", node ? node->name : NULL);
}

/* A key that is not split is one shard: itself. */
int show_hot_shards(struct engine *e, const json_t *request, struct answer *a)
{
	struct xring_flow flow;
	struct live_service *s = request_key(e, request, &flow, a);
	const struct live_key *key;
	uint64_t side;
	uint32_t hash;

	if (!s)
		return -EINVAL;
	hash = live_key_hash(e->live, s, &flow);
	key = live_key(e->live, s, hash);
	side = key ? hot_newest(*key->answer) : 0;
	a->data = json_array();
	if (!xring_hot_shards(side))
		json_array_append_new(a->data, shard_json(ring_of_flow(e->live, s, &flow), 0, hash, xring_hot_backend(side)));
	for (uint32_t i = 0; i < xring_hot_shards(side); i++)
		json_array_append_new(a->data, shard_json(ring_of_flow(e->live, s, &flow), i,
							  shard_position(e, hash, i), 0));
	return 0;
}

/* ---- by hand ---- */

static int hand_set(struct engine *e, struct hot_hand *hand, const struct live_service *s,
		    const char *key, struct answer *a)
{
	snprintf(hand->service, sizeof(hand->service), "%s", s->name);
	hand->since_ms = changes_clock_ms();
	changes_touch_none(&e->changes);
	switch (hot_hand_set(e, hand)) {
	case 0:
		a->data = json_pack("{s:o}", "changes", changes_ids(&e->changes));
		return 0;
	case -ENOSPC:
		return answer_no(a, EXIT_NO, "service %s: key %s: the table of hot keys is full: "
				 "want another one cleared", s->name, key);
	default:
		return answer_no(a, EXIT_NO, "service %s: key %s: it could not be kept in %s",
				 s->name, key, e->options.state);
	}
}

int do_hot_split(struct engine *e, const json_t *request, struct answer *a)
{
	const json_t *shards = json_object_get(request, "shards");
	struct hot_hand hand = { .hand = HAND_SPLIT };
	struct live_service *s = request_key(e, request, &hand.flow, a);

	if (!s)
		return -EINVAL;
	if (s->key.kind == KEY_FLOW)
		return answer_no(a, EXIT_NO, "service %s: its key is the flow: there is nothing "
				 "to split", s->name);
	hand.shards = model_service(&e->model, s->name)->hot.shards;
	if (shards) {
		json_int_t n = json_integer_value(shards);

		if (n < 1 || n > HOT_SHARDS_MAX)
			return answer_no(a, EXIT_WORDS, "shards %lld: want 1 to %u", (long long)n,
					 HOT_SHARDS_MAX);
		hand.shards = n;
	}
	return hand_set(e, &hand, s, request_text(request, "key"), a);
}

int do_hot_pin(struct engine *e, const json_t *request, struct answer *a)
{
	struct hot_hand hand = { .hand = HAND_PIN };
	struct live_service *s = request_key(e, request, &hand.flow, a);
	const char *name = s ? request_need(request, "backend", a) : NULL;

	if (!name)
		return -EINVAL;
	if (!service_backend(model_service(&e->model, s->name), name))
		return answer_no(a, EXIT_NO, "service %s: backend %s: no such backend", s->name,
				 name);
	snprintf(hand.backend, sizeof(hand.backend), "%s", name);
	return hand_set(e, &hand, s, request_text(request, "key"), a);
}

int do_hot_exempt(struct engine *e, const json_t *request, struct answer *a)
{
	struct hot_hand hand = { .hand = HAND_EXEMPT };
	struct live_service *s = request_key(e, request, &hand.flow, a);

	return s ? hand_set(e, &hand, s, request_text(request, "key"), a) : -EINVAL;
}

int do_hot_clear(struct engine *e, const json_t *request, struct answer *a)
{
	struct xring_flow flow;
	struct live_service *s = request_key(e, request, &flow, a);
	int err;

	if (!s)
		return -EINVAL;
	changes_touch_none(&e->changes);
	err = hot_clear(e, s, &flow);
	if (err == -ENOENT)
		return answer_no(a, EXIT_NO, "service %s: key %s: it is neither hot nor set by "
				 "hand", s->name, request_text(request, "key"));
	if (err)
		return answer_no(a, EXIT_NO, "service %s: key %s: %s", s->name,
				 request_text(request, "key"), errno_text(-err));
	a->data = json_pack("{s:o}", "changes", changes_ids(&e->changes));
	return 0;
}
