/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CLASS_SHIFTS_H
#define XRING_DAEMON_LIVE_CLASS_SHIFTS_H

struct live;
struct live_service;
struct live_times;

/*
 * Brings classes and prefixes to what the service's targets ask for. classes_apply() calls
 * this when the targets are compiled and their rings are in the maps. After an error, for
 * example -ENOSPC, some classes may exist that have no clients yet.
 */
int clients_shift(struct live *live, struct live_service *s, const struct live_times *times);

#endif
