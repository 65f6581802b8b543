/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HOT_STATE_H
#define XRING_DAEMON_WATCH_HOT_STATE_H

#include "daemon/watch/hot.h"

/*
 * What is set by hand, in hot.json of the state directory: written whole whenever it
 * changes. A word about a service or a key that is no more is left out when it is read.
 */
int hot_state_write(const struct hot_watch *w);
int hot_state_read(struct hot_watch *w);

const char *hand_print(enum hand hand);		/* split, pinned, exempt */

#endif
