// SPDX-License-Identifier: GPL-2.0-or-later
/* hot.json: what is set by hand of hot keys. */
#include "daemon/watch/hot_state.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/state.h"
#include "daemon/watch/hands.h"

static const char *const words[] = { "split", "pinned", "exempt" };

const char *hand_print(enum hand hand)
{
	return words[hand];
}

static json_t *hand_json(const struct engine *e, const struct hot_hand *hand)
{
	const struct service *s = model_service(&e->model, hand->service);
	char key[KEY_VALUE_TEXT];

	if (!s)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:I}", "service", hand->service, "key",
			 key_flow_print(&s->key, &hand->flow, key), "state", words[hand->hand],
			 "shards", hand->shards, "backend", hand->backend, "since_ms",
			 (json_int_t)hand->since_ms);
}

static char *hands_print(const struct hot_watch *w)
{
	json_t *list = json_array();
	char *text;

	for (size_t i = 0; i < w->hand_count; i++) {
		json_t *one = hand_json(w->engine, &w->hands[i]);

		if (one)
			json_array_append_new(list, one);
	}
	text = json_dumps(list, JSON_INDENT(1));
	json_decref(list);
	return text;
}

int hot_state_write(const struct hot_watch *w, struct why *why)
{
	_free_ char *text = hands_print(w);

	return text ? state_write(w->engine->state, STATE_HOT, text, strlen(text), why) :
		      why_set(why, -ENOMEM, "out of memory");
}

void hot_state_keep(const struct hot_watch *w)
{
	_free_ char *text = hands_print(w);

	if (text)
		state_keep(w->engine->state, STATE_HOT, text, strlen(text));
}

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key)) ?: "";
}

static int word_parse(const char *text, enum hand *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]))
			continue;
		*ret = (enum hand)i;
		return 0;
	}
	return -EINVAL;
}

/* Reads one element; false: its service or key no longer exists. */
static bool hand_read(const struct engine *e, const json_t *json, struct hot_hand *ret)
{
	const struct service *s = model_service(&e->model, text_of(json, "service"));
	struct why why;

	*ret = (struct hot_hand){
		.shards = json_integer_value(json_object_get(json, "shards")),
		.since_ms = json_integer_value(json_object_get(json, "since_ms")),
	};
	if (!s || word_parse(text_of(json, "state"), &ret->hand) ||
	    key_flow_parse(text_of(json, "key"), s, &ret->flow, &why) ||
	    (ret->hand == HAND_SPLIT && (!ret->shards || ret->shards > HOT_SHARDS_MAX)))
		return false;
	ret->key = s->key;
	snprintf(ret->service, sizeof(ret->service), "%s", s->name);
	snprintf(ret->backend, sizeof(ret->backend), "%s", text_of(json, "backend"));
	return true;
}

int hot_state_read(struct hot_watch *w)
{
	_free_ char *text = NULL;
	json_t *list, *item;
	json_error_t wrong;
	size_t len, i;
	int err = state_read(w->engine->state, STATE_HOT, &text, &len);

	if (err || !text)
		return err;
	list = json_loadb(text, len, 0, &wrong);
	if (!json_is_array(list))
		state_set_aside(w->engine->state, STATE_HOT, "%s", list ? "it is no list" :
				wrong.text);
	w->hands = calloc(json_array_size(list) + 1, sizeof(*w->hands));
	if (!w->hands) {
		json_decref(list);
		return -ENOMEM;
	}
	json_array_foreach(list, i, item) {
		if (w->hand_count == HANDS_MOST) {
			log_warn("hot.json: want at most %u keys: %zu are left out", HANDS_MOST,
				 json_array_size(list) - i);
			break;
		}
		if (hand_read(w->engine, item, &w->hands[w->hand_count]))
			w->hand_count++;
		else
			log_warn("hot.json: %s of service %s is no key any more",
				 text_of(item, "key"), text_of(item, "service"));
	}
	json_decref(list);
	return 0;
}
