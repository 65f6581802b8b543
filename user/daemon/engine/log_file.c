// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of changes in the state directory: changes.json, a line of JSON for each event. The
 * first line has the number of the next change. Each other line is of one change: what it says
 * is true from then on. Its rings and what undoes it stand in the line that they come with, so
 * that a line is as long as what it tells, whatever came before.
 *
 *     {"next_id": 8}
 *     {"id": 7, "service": "web", "stage": 0, ..., "undo": [{"from": YAML, "to": YAML}]}
 *     {"id": 7, "service": "web", "stage": 1, ..., "before": [...], "differs": [...], "arcs": [...]}
 *     {"id": 8, "service": "web", "stage": 1, ..., "before_of": 7, "differs": [...], "arcs": [...]}
 *     {"id": 7, "service": "web", "stage": 5, ...}
 *
 * Lines are appended, and not synced: after a crash of the host the maps are new, and no change
 * is under way. Where the file has become twice as long as it was, it is written as a whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/util.h"
#include "daemon/engine/log.h"
#include "daemon/engine/roster.h"
#include "daemon/engine/state.h"

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

/* ---- a line ---- */

static json_t *words_json(const struct change_entry *e)
{
	return json_pack("{s:I, s:s, s:o, s:i, s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:b, s:f,"
			 " s:f, s:I, s:b, s:o*}",
			 "id", (json_int_t)e->id, "service", e->service, "what",
			 change_whats_json(e), "asked", e->what_count, "stage", e->stage, "end",
			 e->end, "asked_ms", (json_int_t)e->asked_ms, "ended_ms",
			 (json_int_t)e->ended_ms, "asked_ns", (json_int_t)e->asked_ns, "took_ms",
			 (json_int_t)e->took_ms, "begun", (json_int_t)e->begun, "window",
			 (json_int_t)e->window, "settle", (json_int_t)e->settle, "cells", e->cells,
			 "planned", e->planned, "moved", e->moved, "least", e->least, "route",
			 (json_int_t)e->route, "of_clients", e->of_clients, "key_hash",
			 e->of_key ? json_integer(e->key_hash) : NULL);
}

/* The change under way that left what list[index] found; NULL: none. */
static const struct change_entry *left_by(const struct changes *c, size_t index)
{
	const struct roster *before = c->list[index]->before;

	while (index-- > 0)
		if (c->list[index]->after == before && c->list[index]->stage != STAGE_DONE)
			return c->list[index];
	return NULL;
}

#define ARCS_WRITTEN 4096	/* more are computed again */

static json_t *arcs_json(const struct plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->arc_count; i++) {
		json_array_append_new(list, json_integer(plan->arcs[i].first));
		json_array_append_new(list, json_integer(plan->arcs[i].last));
	}
	return list;
}

static void rings_add(const struct changes *c, size_t index, json_t *line)
{
	const struct change_entry *e = c->list[index], *base = left_by(c, index);

	if (!e->before || !e->after)
		return;
	if (base)
		json_object_set_new(line, "before_of", json_integer(base->id));
	else
		json_object_set_new(line, "before", roster_json(e->before, NULL));
	json_object_set_new(line, "differs", roster_json(e->after, e->before));
	if (e->planned && e->plan.arc_count <= ARCS_WRITTEN)
		json_object_set_new(line, "arcs", arcs_json(&e->plan));
}

static void undo_add(const struct change_entry *e, size_t from, json_t *line)
{
	json_t *list = json_array();

	for (size_t i = from; i < e->undo_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "from", e->undo[i].from,
						      "to", e->undo[i].to));
	if (json_array_size(list))
		json_object_set(line, "undo", list);
	json_decref(list);
}

/* Prints the line of list[index]; whole: with what was written before. */
static void line_print(FILE *to, const struct changes *c, size_t index, bool whole)
{
	struct change_entry *e = c->list[index];
	json_t *line = words_json(e);

	if (line && e->stage != STAGE_DONE) {
		if (whole || e->rings_dirty)
			rings_add(c, index, line);
		undo_add(e, whole ? 0 : e->undo_written, line);
	}
	if (line && !json_dumpf(line, to, JSON_COMPACT))
		fputc('\n', to);
	json_decref(line);
}

/* ---- writing ---- */

static void all_written(struct changes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		c->list[i]->dirty = c->list[i]->rings_dirty = false;
		c->list[i]->undo_written = c->list[i]->undo_count;
	}
	c->dirty = false;
}

/* The lines of all changes, or of those of which changes.json lacks something. */
static char *lines_print(const struct changes *c, bool whole, size_t *ret_len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, ret_len);

	if (!to)
		return NULL;
	if (whole)
		fprintf(to, "{\"next_id\":%u}\n", c->next_id);
	for (size_t i = 0; i < c->count; i++)
		if (whole || c->list[i]->dirty)
			line_print(to, c, i, whole);
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}

#define MORE_LEAST 65536		/* so many bytes may be appended to any file */

static int lines_append(struct changes *c)
{
	size_t len;
	_free_ char *text = lines_print(c, false, &len);

	if (!text || c->more_bytes + len > c->whole_bytes + MORE_LEAST ||
	    state_append(c->state, STATE_CHANGES, text, len))
		return -1;
	c->more_bytes += len;
	return 0;
}

static int whole_write(struct changes *c)
{
	size_t len;
	_free_ char *text = lines_print(c, true, &len);

	if (!text)
		return -1;
	state_keep(c->state, STATE_CHANGES, text, len);
	c->whole_bytes = len;
	c->more_bytes = 0;
	return 0;
}

void changes_write(struct changes *c)
{
	if (c->dirty && (!lines_append(c) || !whole_write(c)))
		all_written(c);
}

void changes_write_soon(struct changes *c, uint64_t now)
{
	if (!c->dirty || (now >= c->written && now - c->written < NS_PER_S))
		return;
	changes_write(c);
	c->written = now;
}

/* ---- reading ---- */

static uint64_t number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static char *text_copy(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? strdup(text) : NULL;
}

static void whats_read(struct change_entry *e, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		if (i == CHANGE_WHATS || !json_is_string(item))
			break;
		free(e->what[i]);
		e->what[i] = strdup(json_string_value(item));
	}
}

static void words_read(struct change_entry *e, const json_t *line)
{
	whats_read(e, json_object_get(line, "what"));
	e->what_count = number(line, "asked");
	e->stage = number(line, "stage") <= STAGE_DONE ? number(line, "stage") : STAGE_DONE;
	snprintf(e->end, sizeof(e->end), "%s",
		 json_string_value(json_object_get(line, "end")) ?: "");
	e->asked_ms = number(line, "asked_ms");
	e->ended_ms = number(line, "ended_ms");
	e->asked_ns = number(line, "asked_ns");
	e->took_ms = json_object_get(line, "took_ms") ? number(line, "took_ms") :
		     e->ended_ms > e->asked_ms ? e->ended_ms - e->asked_ms : 0;
	e->begun = number(line, "begun");
	e->window = number(line, "window");
	e->settle = number(line, "settle");
	e->cells = number(line, "cells");
	e->route = number(line, "route");
	e->of_clients = json_is_true(json_object_get(line, "of_clients"));
	e->of_key = json_is_integer(json_object_get(line, "key_hash"));
	e->key_hash = number(line, "key_hash");
	e->moved = json_number_value(json_object_get(line, "moved"));
	e->least = json_number_value(json_object_get(line, "least"));
	if (e->stage == STAGE_DONE)
		e->planned = json_is_true(json_object_get(line, "planned"));
}

static void arcs_read(struct change_entry *e, const json_t *list)
{
	size_t count = json_array_size(list) / 2;
	struct plan_arc *arcs = list ? calloc(count + 1, sizeof(*arcs)) : NULL;

	if (!arcs)
		return;
	for (size_t i = 0; i < count; i++)
		arcs[i] = (struct plan_arc){ json_integer_value(json_array_get(list, 2 * i)),
					     json_integer_value(json_array_get(list, 2 * i + 1)) };
	plan_clear(&e->plan);
	e->plan.arcs = arcs;
	e->plan.arc_count = count;
	e->planned = true;
}

/* "after" is of version 0.3.0, which wrote both rings as wholes. */
static void rings_read(const struct changes *c, struct change_entry *e, const json_t *line)
{
	const json_t *before = json_object_get(line, "before");
	const json_t *after = json_object_get(line, "after");
	const json_t *differs = json_object_get(line, "differs");
	const struct change_entry *base = changes_find(c, number(line, "before_of"));

	if (!before && !(base && base->after))
		return;
	roster_put(e->before);
	roster_put(e->after);
	e->before = before ? roster_read(before, NULL) : roster_get(base->after);
	e->after = differs ? roster_read(differs, e->before) : roster_read(after, NULL);
	arcs_read(e, json_object_get(line, "arcs"));
}

/* "undo_from" and "undo_to" are of version 0.3.0, which knew one of each. */
static void undo_read(struct change_entry *e, const json_t *line)
{
	const json_t *item;
	size_t i;

	change_undo(e, text_copy(line, "undo_from"), text_copy(line, "undo_to"));
	json_array_foreach(json_object_get(line, "undo"), i, item)
		change_undo(e, text_copy(item, "from"), text_copy(item, "to"));
}

static struct change_entry *entry_get(struct changes *c, uint32_t id, const char *service)
{
	struct change_entry *e = changes_find(c, id) ?: change_new(c, service);

	if (e && e->id != id)
		e->id = id;
	if (c->next_id <= id)
		c->next_id = id + 1;
	return e;
}

static bool change_read(struct changes *c, const json_t *line)
{
	const char *service = json_string_value(json_object_get(line, "service"));
	uint32_t id = number(line, "id");
	struct change_entry *e = service && id ? entry_get(c, id, service) : NULL;

	if (!e)
		return false;
	words_read(e, line);
	rings_read(c, e, line);
	undo_read(e, line);
	if (e->stage != STAGE_DONE)
		return true;
	change_undo_clear(e);
	plan_clear(&e->plan);
	roster_put(e->before);
	roster_put(e->after);
	e->before = e->after = NULL;
	return true;
}

/* False: the line makes no sense. Version 0.3.0 had all changes in one. */
static bool line_read(struct changes *c, const char *text, size_t len)
{
	json_t *line = json_loadb(text, len, 0, NULL);
	const json_t *all = json_object_get(line, "changes"), *item;
	uint32_t next = number(line, "next_id");
	bool right = next || all || change_read(c, line);
	size_t i;

	json_array_foreach(all, i, item)
		right &= change_read(c, item);
	if (next > c->next_id)
		c->next_id = next;
	json_decref(line);
	return right;
}

/* A line that was cut when the daemon was killed is left out, as any other without sense. */
static void file_read(struct changes *c)
{
	_free_ char *text = NULL;
	size_t len, wrong = 0, line;

	if (state_read(c->state, STATE_CHANGES, &text, &len) || !text)
		return;
	for (size_t at = 0; at < len; at += line + 1) {
		line = (char *)memchr(text + at, '\n', len - at) - (text + at);
		if (!memchr(text + at, '\n', len - at))
			line = len - at;
		wrong += !line_read(c, text + at, line);
	}
	if (wrong)
		state_set_aside(c->state, STATE_CHANGES,
				"%zu lines make no sense, others are taken", wrong);
}

void changes_open(struct changes *c, struct state *state, bool adopted)
{
	*c = (struct changes){ .state = state, .next_id = 1 };
	file_read(c);
	/* If the maps are new, no change is under way any more. */
	for (size_t i = c->count; !adopted && i-- > 0;) {
		if (c->list[i]->stage == STAGE_DONE)
			continue;
		c->list[i]->asked_ns = 0;
		change_end(c, c->list[i], "the maps were made anew");
	}
	/* What follows is appended to the present list. */
	changes_forget_oldest(c);
	if (!whole_write(c))
		all_written(c);
}

void changes_close(struct changes *c)
{
	if (c->state && c->more_bytes + c->dirty)
		whole_write(c);		/* under a seal */
	for (size_t i = 0; i < c->count; i++)
		change_free(c->list[i]);
	free(c->list);
	*c = (struct changes){};
}
