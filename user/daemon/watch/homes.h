/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HOMES_H
#define XRING_DAEMON_WATCH_HOMES_H

#include <jansson.h>

#include "base/loop.h"
#include "daemon/engine/engine.h"
#include "daemon/live/events.h"

struct homes;

/*
 * Clients that belong where they come in (`home: follow`): the datapath's counters are
 * looked at twice a second, core/place/homes.h judges, and who moves is another run of the
 * service's targets, which is a change as any other.
 *
 * Homes are kept in the state directory (`homes`): a line for each move, written before
 * the maps follow, and all of them anew when the file is opened or has grown long.
 */
/* A service's slot (live_service->home): where its clients' networks belong. */
struct home_service {
	struct homes *homes;
	char (*regions)[PLACE_NAME];		/* by number in homes, from 1 on */
	size_t region_count;
};

struct home_watch {
	struct engine *engine;
	struct engine_listener listener;
	struct loop_timer look;
	struct service_listener services;
	int log;				/* appended to; -1: not open */
	uint64_t lines;				/* in it */
	bool recheck;				/* the rules are others */
};

/* Reads what was kept, before the first flush; the services get their homes. */
int homes_open(struct engine *e, struct home_watch *ret);
void homes_close(struct home_watch *w);

const char *home_region(const struct home_service *hs, unsigned number);	/* "": none */

#endif
