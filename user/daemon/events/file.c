// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The events in the state directory: events.json, a line of JSON for each.
 *
 *     {"number":7,"at":1764500000000,"level":6,"kind":"health","name":"web","by":"","text":"..."}
 *
 * Lines are appended, and not synced. Where the file has become twice as long as it was, it is written as
 * a whole, without those that are not kept any more.
 */
#include "daemon/events/file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "daemon/engine/state.h"
#include "daemon/events/events.h"

#define MORE_LEAST (1u << 20)		/* so many bytes may be appended to any file */

static void line_print(FILE *to, const struct event *event)
{
	json_t *line = json_pack("{s:I, s:I, s:i, s:s, s:s, s:s, s:s}", "number",
				 (json_int_t)event->number, "at", (json_int_t)event->at_ms,
				 "level", (int)event->level, "kind", event->kind, "name", event->name,
				 "by", event->by, "text", event->text ?: "");

	if (line && !json_dumpf(line, to, JSON_COMPACT))
		fputc('\n', to);
	json_decref(line);
}

static char *lines_print(const struct events *events, uint64_t from, size_t *ret_len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, ret_len);

	if (!to)
		return NULL;
	for (uint64_t n = from > events->first ? from : events->first; n < events->next; n++)
		line_print(to, events_at(events, n));
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}

static bool lines_append(struct events *events)
{
	size_t len;
	_free_ char *text = lines_print(events, events->written, &len);

	if (!text || events->more_bytes + len > events->whole_bytes + MORE_LEAST ||
	    state_append(events->state, STATE_EVENTS, text, len))
		return false;
	events->more_bytes += len;
	return true;
}

/* What cannot be written now waits in the state directory's own memory: as of now, so it is tried again. */
static bool whole_write(struct events *events)
{
	size_t len;
	_free_ char *text = lines_print(events, 0, &len);

	if (!text)
		return false;
	state_keep(events->state, STATE_EVENTS, text, len);
	events->whole_bytes = len;
	events->more_bytes = 0;
	return !events->state->file[STATE_EVENTS].waiting;
}

bool events_write(struct events *events)
{
	uint64_t next = events->next;

	if (!lines_append(events) && !whole_write(events))
		return false;
	events->written = next;
	return true;
}

typedef void (*add_fn)(struct events *events, const struct event *event);

static void text_take(char *to, size_t size, const json_t *line, const char *key)
{
	snprintf(to, size, "%s", json_string_value(json_object_get(line, key)) ?: "");
}

/* False: it makes no sense, or its number is not the next one. */
static bool line_read(struct events *events, const char *text, size_t len, add_fn add)
{
	json_t *line = json_loadb(text, len, 0, NULL);
	json_int_t number = json_integer_value(json_object_get(line, "number"));
	struct event event = {
		.number = number,
		.at_ms = json_integer_value(json_object_get(line, "at")),
		.level = json_integer_value(json_object_get(line, "level")),
		.text = (char *)json_string_value(json_object_get(line, "text")),
	};
	bool good = event.text && number > 0 && number < INT64_MAX / 2 &&
		    (events->first == events->next || event.number == events->next);

	if (good) {
		text_take(event.kind, sizeof(event.kind), line, "kind");
		text_take(event.name, sizeof(event.name), line, "name");
		text_take(event.by, sizeof(event.by), line, "by");
		add(events, &event);
	}
	json_decref(line);
	return good;
}

int events_read(struct events *events, add_fn add)
{
	size_t len, wrong = 0;
	_free_ char *text = NULL;
	int err = state_read(events->state, STATE_EVENTS, &text, &len);

	if (err || !text)
		return err;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t bytes = end ? (size_t)(end - text) - at : len - at;

		wrong += !line_read(events, text + at, bytes, add);
		at += bytes + 1;
	}
	if (wrong)
		state_set_aside(events->state, STATE_EVENTS, "%zu lines make no sense, others are taken",
				wrong);
	events->more_bytes = len;
	return 0;
}
