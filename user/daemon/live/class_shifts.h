/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CLASS_SHIFTS_H
#define XRING_DAEMON_LIVE_CLASS_SHIFTS_H

struct live;
struct live_service;
struct live_times;


/*
 * Classes and prefixes become what the service's targets ask for: by live_classes.c, whose
 * targets are compiled, and whose rings are in the maps. Where it fails, as -ENOSPC, some
 * classes may be ready that no client has yet.
 */
int clients_shift(struct live *live, struct live_service *s, const struct live_times *times);

#endif
