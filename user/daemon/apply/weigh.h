/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_WEIGH_H
#define XRING_DAEMON_APPLY_WEIGH_H

#include <stdbool.h>
#include <stdint.h>

struct live;
struct live_service;
struct service;

/* *ret_next: when the answer changes by time (0: never). True where it changed now. */
bool backends_weigh(const struct live *live, struct live_service *s, const struct service *model,
		 uint64_t now, uint64_t *ret_next);

#endif
