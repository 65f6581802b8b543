/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_PLACES_H
#define XRING_DAEMON_LIVE_PLACES_H

#include <stdint.h>

struct live;
struct live_service;
struct model;

/* Writes the places of the service's backends: which rings allow them, and their regions. */
void places_write(struct live *live, struct live_service *s);

/* The number of a region in counters and places, from 1; 0: the model has no such region. */
uint32_t region_number(const struct live *live, const char *name);

/* Numbers the regions of m. Where numbers change, the rule counters start again from 0. */
int live_regions_set(struct live *live, const struct model *m);

#endif
