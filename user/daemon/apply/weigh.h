/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_WEIGH_H
#define XRING_DAEMON_APPLY_WEIGH_H

#include <stdbool.h>
#include <stdint.h>

struct live;
struct live_service;
struct service;

/*
 * Sets the effective weights of the service's backends, in all its rings, and which of them
 * are dead. *ret_next: when (ns) they change by time alone, 0: never. True: something differs
 * from the maps.
 */
bool backends_weigh(const struct live *live, struct live_service *s, const struct service *model,
		 uint64_t now, uint64_t *ret_next);

#endif
