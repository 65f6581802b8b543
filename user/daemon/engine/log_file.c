// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of changes in the state directory: changes.json. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "daemon/engine/log.h"
#include "daemon/engine/state.h"

static json_t *roster_json(const struct roster *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i}", "name",
						      r->nodes[i].name, "weight",
						      r->nodes[i].weight, "points",
						      r->nodes[i].points, "machine",
						      r->nodes[i].machine));
	return list;
}

json_t *change_whats_json(const struct change_entry *e)
{
	json_t *list = json_array();
	char more[32];

	for (unsigned i = 0; i < CHANGE_WHATS && e->what[i]; i++)
		json_array_append_new(list, json_string(e->what[i]));
	if (e->what_count > CHANGE_WHATS) {
		snprintf(more, sizeof(more), "and %u more", e->what_count - CHANGE_WHATS);
		json_array_append_new(list, json_string(more));
	}
	return list;
}

#define CHANGES_WHOLE 16	/* changes under way whose backends are written */

/*
 * The backends are written only while the change is under way: later they would be many names
 * of little use.
 */
static json_t *entry_kept(const struct change_entry *e, bool whole)
{
	static const struct roster nobody;

	return json_pack("{s:i, s:s, s:o, s:i, s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:b, s:f,"
			 " s:f, s:o, s:o, s:s*, s:s*, s:o*}",
			 "id", e->id, "service", e->service, "what", change_whats_json(e),
			 "asked", e->what_count, "stage", e->stage, "end", e->end,
			 "asked_ms", (json_int_t)e->asked_ms, "ended_ms", (json_int_t)e->ended_ms,
			 "asked_ns", (json_int_t)e->asked_ns, "took_ms", (json_int_t)e->took_ms,
			 "begun", (json_int_t)e->begun, "window", (json_int_t)e->window,
			 "settle", (json_int_t)e->settle, "cells", e->cells, "planned", e->planned,
			 "moved", e->moved,
			 "least", e->least, "before", roster_json(whole ? &e->before : &nobody),
			 "after", roster_json(whole ? &e->after : &nobody), "undo_from", e->undo_from, "undo_to", e->undo_to,
			 "key_hash", e->of_key ? json_integer(e->key_hash) : NULL);
}

static uint64_t number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static char *text_copy(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? strdup(text) : NULL;
}

static void roster_read(const json_t *list, struct roster *r)
{
	const json_t *item;
	size_t i;

	r->nodes = calloc(json_array_size(list) + 1, sizeof(*r->nodes));
	json_array_foreach(list, i, item) {
		char *name = text_copy(item, "name");

		if (r->nodes && name)
			r->nodes[r->count++] = (struct plan_node){
				name, number(item, "weight"), number(item, "points"),
				number(item, "machine"),
			};
	}
}

static void entry_read(struct changes *c, const json_t *json)
{
	const char *service = json_string_value(json_object_get(json, "service"));
	struct change_entry *e = service ? change_new(c, service) : NULL;
	const json_t *item;
	size_t i;

	if (!e)
		return;
	e->id = number(json, "id");
	json_array_foreach(json_object_get(json, "what"), i, item)
		if (i < CHANGE_WHATS && json_is_string(item))
			e->what[i] = strdup(json_string_value(item));
	e->what_count = number(json, "asked");
	e->stage = number(json, "stage") <= STAGE_DONE ? number(json, "stage") : STAGE_DONE;
	snprintf(e->end, sizeof(e->end), "%s",
		 json_string_value(json_object_get(json, "end")) ?: "");
	e->asked_ms = number(json, "asked_ms");
	e->ended_ms = number(json, "ended_ms");
	e->asked_ns = number(json, "asked_ns");
	e->took_ms = json_object_get(json, "took_ms") ? number(json, "took_ms") :
		     e->ended_ms > e->asked_ms ? e->ended_ms - e->asked_ms : 0;
	e->begun = number(json, "begun");
	e->window = number(json, "window");
	e->settle = number(json, "settle");
	e->cells = number(json, "cells");
	e->of_key = json_is_integer(json_object_get(json, "key_hash"));
	e->key_hash = number(json, "key_hash");
	e->moved = json_number_value(json_object_get(json, "moved"));
	e->least = json_number_value(json_object_get(json, "least"));
	roster_read(json_object_get(json, "before"), &e->before);
	roster_read(json_object_get(json, "after"), &e->after);
	e->undo_from = text_copy(json, "undo_from");
	e->undo_to = text_copy(json, "undo_to");
	e->planned = e->stage == STAGE_DONE && json_is_true(json_object_get(json, "planned"));
}

void changes_write_soon(struct changes *c, uint64_t now)
{
	if (!c->dirty || (now >= c->written && now - c->written < NS_PER_S))
		return;
	changes_write(c);
	c->written = now;
}

void changes_write(struct changes *c)
{
	json_t *list, *root;
	unsigned wholes = 0;
	char *text;

	if (!c->dirty)
		return;
	list = json_array();
	for (size_t i = c->count; i-- > 0;) {
		const struct change_entry *e = c->list[i];
		bool whole = e->stage != STAGE_DONE && wholes < CHANGES_WHOLE;

		wholes += whole;
		json_array_insert_new(list, 0, entry_kept(e, whole));
	}
	root = json_pack("{s:i, s:o}", "next_id", c->next_id, "changes", list);
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	if (text) {
		state_keep(c->state, STATE_CHANGES, text, strlen(text));
		c->dirty = false;
	}
	free(text);
	json_decref(root);
}

static json_t *file_read(struct state *state)
{
	_free_ char *text = NULL;
	json_error_t wrong;
	json_t *root;
	size_t len;

	if (state_read(state, STATE_CHANGES, &text, &len) || !text)
		return NULL;
	root = json_loadb(text, len, 0, &wrong);
	if (!json_is_array(json_object_get(root, "changes"))) {
		state_set_aside(state, STATE_CHANGES, "%s", root ? "it has no list of changes" :
				wrong.text);
		json_decref(root);
		return NULL;
	}
	return root;
}

void changes_open(struct changes *c, struct state *state, bool adopted)
{
	json_t *root = file_read(state);
	const json_t *item;
	size_t i;

	*c = (struct changes){ .state = state, .next_id = 1 };
	json_array_foreach(json_object_get(root, "changes"), i, item)
		entry_read(c, item);
	c->next_id = number(root, "next_id") ?: 1;
	json_decref(root);
	/* If the maps are new, no change is under way any more. */
	for (i = c->count; !adopted && i-- > 0;) {
		if (c->list[i]->stage == STAGE_DONE)
			continue;
		c->list[i]->asked_ns = 0;
		change_end(c, c->list[i], "the maps were made anew");
	}
}

void changes_close(struct changes *c)
{
	if (c->state)
		changes_write(c);
	for (size_t i = 0; i < c->count; i++)
		change_free(c->list[i]);
	free(c->list);
	*c = (struct changes){};
}
