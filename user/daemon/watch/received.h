/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_RECEIVED_H
#define XRING_DAEMON_WATCH_RECEIVED_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "daemon/engine/engine.h"

/*
 * What the devices that run the program have received by their own counters, so that it can be held
 * against the sum of the verdicts. It is kept in the map xring_received beside the verdicts, so that both
 * begin and end together. Looks each second, when counters are asked for, and before the program is
 * attached anywhere: what a device had received by then does not count. That is kept at once after, as a daemon
 * that is killed has no other look. What it receives while another
 * hand keeps the program off does, and shows.
 */
struct received_watch {
	struct engine *engine;
	struct engine_listener listener;
	struct loop_timer timer;
	struct received_device *known;	/* all devices as of the last look, by ifindex */
	size_t count;
};

int received_open(struct engine *e, struct received_watch *ret);
void received_look(struct received_watch *watch);
void received_close(struct received_watch *watch);

#endif
