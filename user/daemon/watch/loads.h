/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_LOADS_H
#define XRING_DAEMON_WATCH_LOADS_H

#include <stdbool.h>

#include "base/loop.h"
#include "core/model/model.h"

struct live;

/*
 * The loads of backends, for the datapath's bounds (core/load.h): told it every 20 ms
 * while any service has a bound, and every second else, to be seen.
 */
struct loads {
	struct live *live;
	const struct model *model;
	struct loop_timer timer;
	uint64_t looked;			/* ns */
	bool shedding;				/* some backend is over its bound */

	/* Told whenever that is so. */
	void *context;
	void (*shed)(void *context);
};

/* context and shed are the caller's to set, before. */
int loads_open(struct loop *loop, struct live *live, const struct model *model,
	       struct loads *loads);
void loads_close(struct loop *loop, struct loads *loads);

#endif
