/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_PARTS_H
#define XRING_DAEMON_APPLY_PARTS_H

struct live;
struct live_service;
struct model;

/* What the files of apply/ use of one another; no other folder includes this. */

/* Frees what the daemon knows of a service, and leaves the maps as they are. */
void service_free(struct live *live, struct live_service *s);

/* Takes out of the maps what nothing names any more, after a grace period. */
void live_cleanup(struct live *live);

/*
 * Frees what goes with the model before anything of the model is applied, if there is no room
 * for both. Until the next live_vips_write() nobody serves the VIPs of services that go.
 */
int live_make_room(struct live *live, const struct model *m);

#endif
