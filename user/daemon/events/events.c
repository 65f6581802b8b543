// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/events/events.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/events/file.h"

#define SOON_MS 100			/* what came in that time is written together */
#define AGAIN_MS 5000

static struct event *at(const struct events *events, uint64_t number)
{
	return &events->ring[number % EVENTS_KEPT];
}

/* A file name may have any bytes; JSON has none but UTF-8. */
static void make_valid(char *text)
{
	json_t *json = json_string(text);

	for (unsigned char *c = (unsigned char *)text; !json && *c; c++)
		*c = *c < 0x80 ? *c : '?';
	json_decref(json);
}

/* An event that there is no memory for has no text: its number says that it was. */
static void event_add(struct events *events, const struct event *event)
{
	struct event *to = at(events, event->number);

	if (events->first == events->next)
		events->first = event->number;
	free(to->text);
	*to = *event;
	to->text = strdup(event->text);
	if (to->text)
		make_valid(to->text);
	make_valid(to->name);
	events->next = event->number + 1;
	if (events->next - events->first > EVENTS_KEPT)
		events->first = events->next - EVENTS_KEPT;
}

static void logged(void *context, enum log_level level, const char *kind, const char *name,
		   const char *line)
{
	struct events *events = context;
	struct event event = { .number = events->next, .at_ms = clock_wall_ms(), .level = level,
			       .text = (char *)line };

	snprintf(event.kind, sizeof(event.kind), "%s", kind ?: "daemon");
	snprintf(event.name, sizeof(event.name), "%s", name ?: "");
	snprintf(event.by, sizeof(event.by), "%s", events->by);
	event_add(events, &event);
	if (events->keeps && !events->soon.set && !events->again.set)
		loop_timer_set(&events->soon, SOON_MS);
}

static void write_now(void *context)
{
	struct events *events = context;

	if (!events_write(events))
		loop_timer_set(&events->again, AGAIN_MS);
}

void events_asked_by(struct events *events, const unsigned *uid)
{
	events->by[0] = '\0';
	if (uid)
		snprintf(events->by, sizeof(events->by), "uid %u", *uid);
}

int events_begin(struct loop *loop, struct events *ret)
{
	int err;

	*ret = (struct events){ .loop = loop, .first = 1, .next = 1,
				.ring = calloc(EVENTS_KEPT, sizeof(*ret->ring)) };
	ret->soon.source.fd = ret->again.source.fd = -1;
	if (!ret->ring)
		return log_err(-ENOMEM, "events");
	err = loop_timer_new(loop, &ret->soon, write_now, ret) ?:
	      loop_timer_new(loop, &ret->again, write_now, ret);
	if (!err)
		log_also(logged, ret);
	return err;
}

/* What was logged before the file was read comes behind it. */
int events_open(struct events *events, struct state *state)
{
	struct events early = *events;
	int err;

	events->ring = calloc(EVENTS_KEPT, sizeof(*events->ring));
	if (!events->ring) {
		events->ring = early.ring;
		return log_err(-ENOMEM, "events");
	}
	events->first = events->next = 1;
	events->state = state;
	err = events_read(events, event_add);
	events->written = events->next;
	for (uint64_t n = early.first; n < early.next; n++) {
		struct event *event = at(&early, n);

		event->number = events->next;
		if (event->text)
			event_add(events, event);
		free(event->text);
	}
	free(early.ring);
	return err;
}

void events_keep(struct events *events)
{
	events->keeps = true;
	if (events->written < events->next)
		loop_timer_set(&events->soon, SOON_MS);
}

void events_close(struct events *events)
{
	if (!events->loop)
		return;
	log_also(NULL, NULL);
	if (events->keeps && events->written < events->next)
		events_write(events);
	if (events->soon.source.fd >= 0)
		loop_timer_close(events->loop, &events->soon);
	if (events->again.source.fd >= 0)
		loop_timer_close(events->loop, &events->again);
	for (uint64_t n = events->first; events->ring && n < events->next; n++)
		free(at(events, n)->text);
	free(events->ring);
	*events = (struct events){};
}
