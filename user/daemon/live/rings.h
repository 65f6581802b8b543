/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_RINGS_H
#define XRING_DAEMON_LIVE_RINGS_H

#include "daemon/live/live.h"

/*
 * The rings of a live service. One that tells no clients apart has its main ring, whose
 * route may become another one: its weights follow. With rules there is a ring for each
 * route, with a record in the maps and, if it is strict, a bit in the backends' places;
 * what it is for stays as it is, and clients move between rings (daemon/live_classes.h).
 */
struct live_ring *live_ring_new(struct live_service *s, const struct route *route);
void live_ring_free(struct live_ring *r);

/* NULL where there is none. One that was found, and is of that route, is from now on known. */
struct live_ring *ring_of_route(const struct live_service *s, const struct route *route);
struct live_ring *ring_of_base(const struct live_service *s, uint32_t base);

/* A record, and a bit if it is strict, where it has none. -ENOSPC, with what was wanted in the log. */
int ring_enroll(struct live *live, struct live_ring *r);
void ring_discharge(struct live *live, struct live_ring *r);
/* The record says where the ring's cells are. */
void ring_recorded(struct live *live, const struct live_ring *r);

/* The service's backends' places: which rings allow them, and their region. */
void places_write(struct live *live, struct live_service *s);

/* Takes the extent at that base, one of those that were found. False: there is none. */
bool ring_adopt(struct live *live, struct live_ring *r, uint32_t base, uint64_t now);

/* At once; behind a grace period. */
void ring_drop(struct live *live, struct live_ring *r);
/* Takes out those that are not wanted: their extents are let go. */
int rings_forget(struct live *live, struct live_service *s);

/* Numbers of regions, in counters and places: 1 and up; 0: none. */
uint32_t region_number(const struct live *live, const char *name);

#endif
