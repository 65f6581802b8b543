/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_PARTS_H
#define XRING_DAEMON_APPLY_PARTS_H

struct live;
struct live_service;

/* What the files of apply/ use of one another; no other folder includes this. */

/* Frees what the daemon knows of a service, and leaves the maps as they are. */
void service_free(struct live *live, struct live_service *s);

/* Takes out of the maps what nothing names any more, after a grace period. */
void live_cleanup(struct live *live);

#endif
