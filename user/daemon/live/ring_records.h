/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_RING_RECORDS_H
#define XRING_DAEMON_LIVE_RING_RECORDS_H

#include <stdint.h>

struct live;
struct xring_route;

/* The index of a free ring record in the maps; XRING_ROUTES: none is free. */
uint32_t ring_record_free(const struct live *live);
void ring_record_write(struct live *live, uint32_t index, const struct xring_route *record);
void ring_record_drop(struct live *live, uint32_t index);

#endif
