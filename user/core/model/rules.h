/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_RULES_H
#define XRING_CORE_MODEL_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/time/schedule.h"
#include "core/value/name.h"

struct daylight;
struct home;
struct region;
struct rule;
struct service;

/*
 * The arrays of regions, rules and schedules that models hold. A copy can grow
 * (base/array.h) and shares the sets of clients with the original. NULL: no memory.
 */
struct region *regions_copy(const struct region *regions, size_t count);
void regions_free(struct region *regions, size_t count);
bool region_equal(const struct region *a, const struct region *b);

struct rule *rules_copy(const struct rule *rules, size_t count);
void rules_free(struct rule *rules, size_t count);
bool rules_equal(const struct rule *a, size_t a_count, const struct rule *b, size_t b_count);

/* One entry of a service's schedule: the weight of a region by the time on the region's clocks. */
struct daylight {
	char region[PLACE_NAME];
	struct schedule_entry entry;
};

bool daylights_equal(const struct daylight *a, size_t a_count, const struct daylight *b,
		     size_t b_count);

/* The rule for clients that no other rule names; NULL: there is none. */
const struct rule *service_rule(const struct service *s);
/* How networks of the service's clients get a home region; NULL: they get none. */
const struct home *service_home(const struct service *s);

#endif
