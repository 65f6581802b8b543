// SPDX-License-Identifier: GPL-2.0-or-later
/* What happened, from a number on. */
#include <string.h>

#include "base/log.h"
#include "daemon/events/events.h"
#include "daemon/view/view.h"

#define EVENTS_SHOWN 500		/* in one answer, so that others do not wait */

static const char *level_word(enum log_level level)
{
	return level <= LOG_LEVEL_ERROR ? "error" : level == LOG_LEVEL_WARNING ? "warning" : "info";
}

static bool is_asked(const struct event *event, const struct events_query *q)
{
	return event && (!q->service || !strcmp(event->name, q->service)) &&
	       (!q->kind || !strcmp(event->kind, q->kind));
}

/* The number of the first of the last ones that are asked for. */
static uint64_t first_of_last(const struct events *events, const struct events_query *q)
{
	uint64_t n = events->next;
	unsigned found = 0;

	while (n > events->first && found < q->last)
		found += is_asked(events_at(events, --n), q);
	return n;
}

static json_t *event_json(const struct event *event)
{
	return json_pack("{s:I, s:f, s:s, s:s, s:s*, s:s*, s:s}", "number", (json_int_t)event->number,
			 "time", event->at_ms / 1000.0, "level", level_word(event->level), "kind",
			 event->kind, "name", *event->name ? event->name : NULL, "by",
			 *event->by ? event->by : NULL, "text", event->text ?: "");
}

json_t *view_events(const struct events *events, const struct events_query *q)
{
	uint64_t n = q->last ? first_of_last(events, q) : q->after + 1;
	json_t *list = json_array();

	if (n < events->first)
		n = events->first;
	for (; n < events->next && json_array_size(list) < EVENTS_SHOWN; n++)
		if (is_asked(events_at(events, n), q))
			json_array_append_new(list, event_json(events_at(events, n)));
	return json_pack("{s:o, s:I, s:b}", "events", list, "after",
			 (json_int_t)(n < events->next ? n : events->next) - 1, "more",
			 n < events->next);
}
