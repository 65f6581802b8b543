/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HOMES_H
#define XRING_DAEMON_WATCH_HOMES_H

#include <jansson.h>

#include "base/loop.h"
#include "daemon/engine/engine.h"
#include "daemon/live/events.h"

struct homes;

/*
 * Homes of clients (`home: follow`), which follow the ingress at which the clients enter. The
 * datapath's counters are read twice a second, and core/place/homes.h judges. A network that
 * moves is another run of the service's targets, so its move is a change like any other.
 *
 * Homes are kept in the state directory (`homes`): a line for each move, written before the
 * maps follow. The whole file is written again when it is opened and when it has grown long.
 */
/* A service's slot (live_service->home): the homes of its clients' networks. */
struct home_service {
	struct homes *homes;
	/* Names of regions; number n, as in `homes`, is [n - 1]. */
	char (*regions)[PLACE_NAME];
	size_t region_count;
};

struct home_watch {
	struct engine *engine;
	struct engine_listener listener;
	struct loop_timer look;
	struct service_listener services;
	uint64_t lines;				/* lines in the file */
	bool recheck;				/* the model has changed since the last look */
};

/* Reads the file and gives the services their homes; before the first flush. */
int homes_open(struct engine *e, struct home_watch *ret);
void homes_close(struct home_watch *w);

/* The name of a region by its number in `homes`. */
const char *home_region(const struct home_service *hs, unsigned number);	/* "": none */

#endif
