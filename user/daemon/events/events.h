/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_EVENTS_EVENTS_H
#define XRING_DAEMON_EVENTS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/loop.h"

/*
 * What happened, when, and who asked for it: every message of the log is an event. The last ones are kept in
 * memory and in the state directory, where the next daemon goes on with the numbers.
 */
#define EVENTS_KEPT 10000u
#define EVENT_KIND 16
#define EVENT_NAME 64
#define EVENT_BY 32

struct state;

struct event {
	uint64_t number;		/* from 1 */
	uint64_t at_ms;			/* CLOCK_REALTIME */
	enum log_level level;
	char kind[EVENT_KIND];		/* "daemon" where the message is of no other */
	char name[EVENT_NAME];		/* of the service, of the interface; empty: of none */
	char by[EVENT_BY];		/* who asked for it, as "uid 0"; empty: nobody did */
	char *text;
};

struct events {
	struct event *ring;		/* EVENTS_KEPT; number n is at n % EVENTS_KEPT */
	uint64_t first, next;		/* numbers: of the oldest, and of the next one */
	char by[EVENT_BY];		/* of the request that is answered now */
	struct loop *loop;
	struct state *state;		/* NULL: not read yet */
	bool keeps;			/* what comes is written */
	struct loop_timer soon, again;	/* until it is written; after a failure */
	uint64_t written;		/* up to that number, without it */
	size_t whole_bytes, more_bytes;	/* of the file: as it was written last, and appended since */
};

/* From here on what is logged is an event. -ENOMEM or another error, which is logged. */
int events_begin(struct loop *loop, struct events *ret);
/* Reads what earlier daemons kept. */
int events_open(struct events *events, struct state *state);
/* From here on they are kept: a daemon that does not begin to serve leaves nothing behind. */
void events_keep(struct events *events);
/* Writes what is left. events may be all 0, and begun without being opened. */
void events_close(struct events *events);

/* What comes until the next call was asked for by that user; NULL: by nobody. */
void events_asked_by(struct events *events, const unsigned *uid);

/* The event of a number; NULL: there is none any more, or not yet. */
static inline const struct event *events_at(const struct events *events, uint64_t number)
{
	return events->ring && number >= events->first && number < events->next ?
		       &events->ring[number % EVENTS_KEPT] : NULL;
}

#endif
