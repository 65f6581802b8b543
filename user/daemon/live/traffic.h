/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_TRAFFIC_H
#define XRING_DAEMON_LIVE_TRAFFIC_H

#include <stdint.h>

#include <xring/abi.h>

struct live;
struct live_backend;
struct live_service;

/* Reads what every backend has counted; what follows is as of then. -ENOMEM, or the kernel's. */
int live_traffic_look(struct live *live);

struct xring_traffic live_traffic(const struct live *live, const struct live_backend *backend);

/* A service's packets of established flows, and of UDP: a flood of SYNs is none. */
uint64_t live_established(const struct live *live, const struct live_service *s);

#endif
