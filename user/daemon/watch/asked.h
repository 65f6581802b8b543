/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_ASKED_H
#define XRING_DAEMON_WATCH_ASKED_H

#include <stddef.h>

#include <xring/ask.h>

#include "base/loop.h"

/*
 * Replies of mode nat whose next hop has no MAC address yet: the daemon has the kernel ask for it,
 * because the kernel does not ask for the sake of a packet that it takes for a forgery. Looks ten times a
 * second where a service is of mode nat.
 *
 * The next hops that were asked for are kept alive from then on, as long as they answer: replies pass by XDP,
 * so the kernel sees no use of them, and would forget them under a client that goes on. Of more than
 * ASKED_KEPT the one is let go that was asked for the longest time ago; it is asked for again if need be.
 *
 * Each second the daemon also tells the datapath which replies the host would take for forgeries
 * (xring_config.replies).
 */
#define ASKED_KEPT 1024u

struct engine;

struct asked_watch {
	struct engine *engine;
	struct loop_timer timer;
	struct loop_timer keepalive;
	struct loop_timer doubts;
	struct xring_ask kept[ASKED_KEPT];	/* the one asked for last is the last */
	size_t count;
	size_t cursor;			/* the one that the keepalive looks at next */
};

int asked_open(struct engine *e, struct asked_watch *ret);
void asked_close(struct asked_watch *watch);

#endif
