/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_PLACES_H
#define XRING_DAEMON_LIVE_PLACES_H

#include <stdint.h>

struct live;
struct live_service;
struct model;

/* The service's backends' places: which rings allow them, and their region. */
void places_write(struct live *live, struct live_service *s);

/* Numbers of regions, in counters and places: 1 and up; 0: none. */
uint32_t region_number(const struct live *live, const char *name);

/* Regions get their numbers, of m; where they change, counters begin anew. */
int live_regions_set(struct live *live, const struct model *m);

#endif
