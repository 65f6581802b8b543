/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_ASKED_H
#define XRING_DAEMON_WATCH_ASKED_H

#include "base/loop.h"

/*
 * Replies of mode nat whose next hop has no MAC address yet: the daemon has the kernel ask for it,
 * because the kernel does not ask for the sake of a packet that it takes for a forgery. Looks ten times a
 * second where a service is of mode nat.
 */
struct engine;

struct asked_watch {
	struct engine *engine;
	struct loop_timer timer;
};

int asked_open(struct engine *e, struct asked_watch *ret);
void asked_close(struct asked_watch *watch);

#endif
