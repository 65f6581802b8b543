/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_TIME_SCHEDULE_H
#define XRING_CORE_TIME_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

struct tz;


/*
 * The weight of a region by the time on its own clocks. An entry is a slot that
 * comes again each day that it names; in it the region has the entry's weight, in no
 * slot it has weight 1. A slot begins and ends when the local clock first shows that
 * time or, where the clock skips it, at once after the skip (core/time/tz.h): one from 01:30
 * to 02:30 on the night when the clock goes from 01:00 to 02:00 is half an hour long, in
 * the night when it goes from 02:00 back to 01:00 it is two hours.
 *
 * The weight goes from what it was before the slot to the entry's in SCHEDULE_STEPS
 * equal steps within `over_ms` from the slot's beginning (the first after a tenth of
 * it, the last at its end), and in as many back to 1, the last at the slot's end; but
 * not where another slot begins there, whose steps then go from the one weight to the
 * other. In a slot that a change of the clock made too short for both, a ramp is half
 * of the slot.
 *
 * Times are milliseconds of UTC since 1970.
 */
#define SCHEDULE_STEPS 10
#define SCHEDULE_DAYS 0x7fu		/* all of them */

struct schedule_entry {
	uint16_t from, to;		/* minutes of the day; to <= from: of the next day */
	uint8_t days;			/* on which it begins: bit 0 Monday, bit 6 Sunday */
	uint32_t weight;		/* thousandths */
	uint32_t over_ms;
};

/* Of one region. What it points to is the caller's. */
struct schedule {
	const struct tz *zone;
	const struct schedule_entry *entries;
	size_t count;
};

#define WANT_HOURS "HH:MM-HH:MM, as 08:00-20:00 or 22:00-06:00"
#define WANT_DAYS "days or ranges of mon tue wed thu fri sat sun, as mon-fri or mon,wed,sat-sun"
#define HOURS_TEXT 16
#define DAYS_TEXT 40

/* 00:00 to 24:00, and not from one time to the same. -EINVAL with *ret untouched. */
int hours_parse(const char *text, uint16_t *ret_from, uint16_t *ret_to);
int days_parse(const char *text, uint8_t *ret);
const char *hours_print(const struct schedule_entry *e, char buf[HOURS_TEXT]);
const char *days_print(uint8_t days, char buf[DAYS_TEXT]);

struct schedule_error {
	size_t entry;			/* the one that is refused, */
	size_t other;			/* because of this one, or the same */
	struct why why;
};

/* 0, or -EINVAL: two entries of a region overlap, or ramps are longer than their slot. */
int schedule_check(const struct schedule_entry *entries, size_t count,
		   struct schedule_error *ret);

uint32_t schedule_weight(const struct schedule *s, int64_t now);	/* thousandths */
/* When the weight changes next, after now; INT64_MAX: never. */
int64_t schedule_next(const struct schedule *s, int64_t now);

#endif
