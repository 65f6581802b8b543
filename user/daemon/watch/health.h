/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HEALTH_H
#define XRING_DAEMON_WATCH_HEALTH_H

#include <stdbool.h>

#include "daemon/live/events.h"

/*
 * The health checks of all backends, and what follows from their results: the flows of a
 * backend that goes down are cut at once; a backend that comes up is a change like any other.
 */
struct engine;
struct sharers;

struct health_watch {
	struct engine *engine;
	struct backend_listener backends;
	struct sharers *sharers;	/* NULL: before health_start() */
	bool tunnel;			/* checks via the VIP can be sent */
};

/* Begins to follow the backends; before the first flush. */
void health_open(struct engine *e, struct health_watch *ret);
/* Begins to probe the backends. Logs errors. */
int health_start(struct health_watch *w);
void health_close(struct health_watch *w);

#endif
