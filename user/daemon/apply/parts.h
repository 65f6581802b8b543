/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_PARTS_H
#define XRING_DAEMON_APPLY_PARTS_H

struct live;
struct live_service;


/* What the files of apply/ have of one another; nobody else includes this. */

/* What the daemon knows of a service; the maps are not touched. */
void service_free(struct live *live, struct live_service *s);

/* Takes out of the maps what nothing names any more, after a grace period. */
void live_cleanup(struct live *live);

#endif
