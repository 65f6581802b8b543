/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CLASS_SHIFTS_H
#define XRING_DAEMON_LIVE_CLASS_SHIFTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live;
struct live_classes;
struct live_ring;
struct live_service;
struct live_times;
struct lpm_entry;
struct targets;

/* What the clients of a service must get. */
struct shift_wish {
	const struct targets *targets;
	const uint32_t *counters;		/* by target: first counter of its rule */
	struct live_ring *const *rings;		/* by number of the route */
};

/*
 * Brings classes and prefixes to what the service's targets ask for. classes_apply() calls
 * this when the targets are compiled and their rings are in the maps. After an error, for
 * example -ENOSPC, some classes may exist that have no clients yet.
 */
int clients_shift(struct live *live, struct live_service *s, const struct live_times *times);

/*
 * What clients_shift() would do, if what is wished for were compiled: takes the places of new
 * classes from `taken` (class_places_take()), and lists the prefixes that the tables would get.
 * At least as much as it then takes. -ENOSPC: there are too few places. -ENOMEM. The caller
 * frees *ret.
 */
int clients_plan(struct live *live, struct live_classes *c, const struct shift_wish *wish,
		 bool *taken, struct lpm_entry **ret, size_t *ret_count);

#endif
