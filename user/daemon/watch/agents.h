/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_AGENTS_H
#define XRING_DAEMON_WATCH_AGENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "core/backend/agent.h"
#include "core/model/check.h"
#include "daemon/live/events.h"

/*
 * Asks the agents of backends (`agent` of a service), and lets what they say count: a backend
 * that its agent calls down is cut like one that its health check finds down; weights and states
 * are changes like those of an operator, at most one a second for each backend. What an agent said
 * last stays while it cannot be reached, and over a restart (struct xring_owner); it is no part of
 * the model.
 */
struct engine;
struct live_backend;
struct sharer;
struct sharers;

/* The agent of one backend: a slot of struct live_backend. */
struct backend_agent {
	struct agent_watch *all;
	struct live_backend *backend;
	struct sharer *sharer;		/* NULL: it cannot be asked */
	struct check how;		/* the settings that `sharer` was made with */
	struct agent_word said;		/* its last word, which may not count yet */
	char line[64];			/* its last line; empty: none has come since the start */
	char why[160];			/* why the last one could not be had or read; empty: it was */
	bool unread;			/* the last line had no meaning */
	uint64_t unread_count;		/* lines without a meaning since the start */
	uint64_t changed_ns;		/* when its word last changed the backend (clock_ns()); 0: never */
};

struct agent_watch {
	struct engine *engine;
	struct sharers *sharers;	/* NULL: before agents_start() */
	struct backend_listener backends;
	struct loop_timer timer;	/* for words that came within a second of another */
};

/* Begins to follow the backends; before the first flush. Logs errors. */
int agents_open(struct engine *e, struct agent_watch *ret);
/* Begins to ask the agents. Logs errors. */
int agents_start(struct agent_watch *w);
void agents_close(struct agent_watch *w);

/* As "agent of backend b1 of web: connection refused: 50% stays"; empty: all is right, or no agent. */
#define AGENT_WRONG 384
const char *agent_wrong(const struct live_backend *backend, char buf[AGENT_WRONG]);

#endif
