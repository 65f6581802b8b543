/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_TRAFFIC_H
#define XRING_DAEMON_LIVE_TRAFFIC_H

#include <stdint.h>

#include <xring/abi.h>

struct live;
struct live_backend;
struct live_service;

/*
 * Reads the counters of every backend; the other functions answer as of that time. -ENOMEM,
 * or the kernel's error.
 */
int live_traffic_look(struct live *live);
/* The same of one service's backends alone. */
int live_traffic_look_at(struct live *live, const struct live_service *s);

struct xring_traffic live_traffic(const struct live *live, const struct live_backend *backend);

/* Of all backends of a service, also of those that are gone. */
struct xring_traffic live_traffic_of(const struct live *live, const struct live_service *s);

/*
 * The service's packets of established TCP flows and of UDP, so that a flood of SYNs counts
 * nothing.
 */
uint64_t live_established(const struct live *live, const struct live_service *s);

#endif
