/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_NEW_FLOWS_H
#define XRING_DAEMON_WATCH_NEW_FLOWS_H

#include <stdbool.h>

#include "base/loop.h"

/*
 * How many flows began lately, by service, from the datapath's counters every ten seconds.
 * Since nothing is kept of a flow, this is all that can be known of the number of flows.
 */
#define FLOWS_EVERY_MS 10000u

struct engine;
struct live_service;

struct flows {
	struct engine *engine;
	struct loop_timer timer;
};

int flows_open(struct engine *e, struct flows *ret);
void flows_close(struct flows *flows);

/* TCP flows that began within one settle time, or since the daemon samples; false: unknown. */
bool flows_recent(const struct flows *flows, const struct live_service *s, uint64_t *ret);

#endif
