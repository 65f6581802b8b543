/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_TIME_SCHEDULE_H
#define XRING_CORE_TIME_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

struct tz;


/*
 * The weight of a region, by the time on the region's own clocks. An entry is a slot of
 * time that comes again on each day that the entry names. Within a slot the region has the
 * entry's weight, outside of all slots weight 1. A slot begins and ends when the local
 * clock first shows that time or, if the clock skips that time, at once after the skip
 * (core/time/tz.h). A slot from 01:30 to 02:30 is half an hour long in the night when the
 * clock goes from 01:00 to 02:00, and two hours long in the night when the clock goes from
 * 02:00 back to 01:00.
 *
 *     entry's weight          ________
 *                          __|        |__
 *     1     ______________|              |______
 *                         |              |
 *                       begin           end
 *                         |--|        |--|
 *                        over_ms     over_ms
 *
 * The weight goes from its value before the slot to the entry's in SCHEDULE_STEPS equal
 * steps within `over_ms` of the slot's beginning: the first step after a tenth of that
 * time, the last at its end. Before the slot's end the weight goes back to 1 in as many
 * steps, the last at the slot's end. If another slot begins at that end, there is no way
 * back: the steps of the other slot go from the one weight to the other. In a slot that a
 * change of the clock made too short for both ramps, each ramp is half of the slot.
 *
 * Times are milliseconds of UTC since 1970.
 */
#define SCHEDULE_STEPS 10
#define SCHEDULE_DAYS 0x7fu		/* all seven days */

struct schedule_entry {
	/* minutes of the day; to <= from: `to` is on the next day */
	uint16_t from, to;
	/* the days on which the slot begins: bit 0 Monday, bit 6 Sunday */
	uint8_t days;
	uint32_t weight;		/* thousandths */
	uint32_t over_ms;		/* length of each ramp; 0: the weight jumps */
};

/* The schedule of one region. The caller owns what the pointers point to. */
struct schedule {
	const struct tz *zone;
	const struct schedule_entry *entries;
	size_t count;
};

#define WANT_HOURS "HH:MM-HH:MM, as 08:00-20:00 or 22:00-06:00"
#define WANT_DAYS "days or ranges of mon tue wed thu fri sat sun, as mon-fri or mon,wed,sat-sun"
#define HOURS_TEXT 16
#define DAYS_TEXT 40

/* Parses 00:00 to 24:00; the two times must differ. -EINVAL with *ret untouched. */
int hours_parse(const char *text, uint16_t *ret_from, uint16_t *ret_to);
int days_parse(const char *text, uint8_t *ret);
const char *hours_print(const struct schedule_entry *e, char buf[HOURS_TEXT]);
const char *days_print(uint8_t days, char buf[DAYS_TEXT]);

struct schedule_error {
	size_t entry;			/* index of the refused entry */
	/* index of the entry that conflicts with it; the same index: no other entry does */
	size_t other;
	struct why why;
};

/* Returns 0, or -EINVAL: two entries of a region overlap, or ramps are longer than their slot. */
int schedule_check(const struct schedule_entry *entries, size_t count,
		   struct schedule_error *ret);

uint32_t schedule_weight(const struct schedule *s, int64_t now);	/* thousandths */
/* When the weight next changes after now; INT64_MAX: never. */
int64_t schedule_next(const struct schedule *s, int64_t now);

#endif
