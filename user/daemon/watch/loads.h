/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_LOADS_H
#define XRING_DAEMON_WATCH_LOADS_H

#include <stdbool.h>

#include "base/loop.h"

/*
 * The loads of backends for the datapath's bounds (core/backend/load.h): written into the
 * maps every 20 ms while any service has a bound, and else every second, for show. While a
 * backend is over its bound the walk over the pins goes on, because shed flows leave pins.
 */
struct engine;

struct loads {
	struct engine *engine;
	struct loop_timer timer;
	uint64_t looked;			/* ns: when loads were last looked at */
	bool shedding;				/* some backend is over its bound */
};

int loads_open(struct engine *e, struct loads *ret);
void loads_close(struct loads *loads);

#endif
