/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HOT_STATE_H
#define XRING_DAEMON_WATCH_HOT_STATE_H

#include "daemon/watch/hot.h"

/*
 * What is set by hand, in hot.json of the state directory, which is written whole at each
 * change. Lines about a service or key that no longer exists are left out when the file is
 * read.
 */
int hot_state_write(const struct hot_watch *w, struct why *why);	/* now, or not at all */
void hot_state_keep(const struct hot_watch *w);			/* now, or as soon as it can be */
int hot_state_read(struct hot_watch *w);

const char *hand_print(enum hand hand);		/* split, pinned, exempt */

#endif
