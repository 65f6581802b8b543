// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/time/schedule.h"
#include "core/value/number.h"

#define MINUTES 1440			/* of a day */
#define WEEK (7 * MINUTES)

/* ---- hours ---- */

/* Parses HH:MM, at most 24:00. Returns what follows, or NULL. */
static const char *minute_parse(const char *text, uint16_t *ret)
{
	unsigned minute;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? text[i] != ':' : !is_digit(text[i]))
			return NULL;
	minute = (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
	if (minute > 59)
		return NULL;
	minute += ((unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0')) * 60;
	if (minute > MINUTES)
		return NULL;
	*ret = (uint16_t)minute;
	return text + 5;
}

int hours_parse(const char *text, uint16_t *ret_from, uint16_t *ret_to)
{
	uint16_t from, to;

	text = minute_parse(text, &from);
	if (!text || *text != '-')
		return -EINVAL;
	text = minute_parse(text + 1, &to);
	if (!text || *text || from == MINUTES || from == to)
		return -EINVAL;
	*ret_from = from;
	*ret_to = to;
	return 0;
}

const char *hours_print(const struct schedule_entry *e, char buf[HOURS_TEXT])
{
	snprintf(buf, HOURS_TEXT, "%02u:%02u-%02u:%02u", e->from / 60 % 100u, e->from % 60u,
		 e->to / 60 % 100u, e->to % 60u);
	return buf;
}

/* ---- days ---- */

static const char days[7][4] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

static const char *day_parse(const char *text, unsigned *ret)
{
	for (unsigned i = 0; i < 7; i++)
		if (!strncmp(text, days[i], 3)) {
			*ret = i;
			return text + 3;
		}
	return NULL;
}

int days_parse(const char *text, uint8_t *ret)
{
	unsigned set = 0, first, last;

	do {
		text = day_parse(text, &first);
		last = first;
		if (text && *text == '-')
			text = day_parse(text + 1, &last);
		if (!text)
			return -EINVAL;
		for (set |= 1u << last; first != last; first = (first + 1) % 7)
			set |= 1u << first;
	} while (*text++ == ',');
	if (text[-1])
		return -EINVAL;
	*ret = (uint8_t)set;
	return 0;
}

/* Ranges are printed from Monday on and do not wrap, so that mon-sun stands for all days. */
const char *days_print(uint8_t set, char buf[DAYS_TEXT])
{
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < 7; i++) {
		unsigned last = i;

		if (!(set >> i & 1))
			continue;
		while (last < 6 && set >> (last + 1) & 1)
			last++;
		at += (size_t)snprintf(buf + at, DAYS_TEXT - at, last > i ? "%s%s-%s" : "%s%s",
				       at ? "," : "", days[i], days[last]);
		i = last;
	}
	return buf;
}

/* ---- do the entries of a region go together? ---- */

#define ENTRY_TEXT (HOURS_TEXT + DAYS_TEXT + 1)

static const char *entry_print(const struct schedule_entry *e, char buf[ENTRY_TEXT])
{
	char hours[HOURS_TEXT], set[DAYS_TEXT];

	snprintf(buf, ENTRY_TEXT, e->days == SCHEDULE_DAYS ? "%s" : "%s %s", hours_print(e, hours),
		 days_print(e->days, set));
	return buf;
}

static unsigned entry_minutes(const struct schedule_entry *e)
{
	return e->to > e->from ? (unsigned)(e->to - e->from)
			       : (unsigned)(e->to + MINUTES - e->from);
}

/*
 * Does a slot of `b` begin while a slot of `a` lasts? The week is a circle: a slot of
 * Sunday may reach into Monday.
 */
static bool overlap(const struct schedule_entry *a, const struct schedule_entry *b)
{
	for (unsigned x = 0; x < 7; x++)
		for (unsigned y = 0; y < 7; y++) {
			unsigned after =
				(y * MINUTES + b->from + WEEK - x * MINUTES - a->from) % WEEK;

			if (a->days >> x & 1 && b->days >> y & 1 && after < entry_minutes(a))
				return true;
		}
	return false;
}

static int refuse_overlap(const struct schedule_entry *entries, size_t entry, size_t other,
			  struct schedule_error *ret)
{
	char value[ENTRY_TEXT], with[ENTRY_TEXT];

	ret->entry = entry;
	ret->other = other;
	return why_set(&ret->why, -EINVAL, "%s: want no slot of the region at the same time, %s is",
		 entry_print(&entries[entry], value), entry_print(&entries[other], with));
}

static int refuse_ramp(const struct schedule_entry *entries, size_t entry,
		       struct schedule_error *ret)
{
	char over[DURATION_TEXT], most[DURATION_TEXT], slot[ENTRY_TEXT];

	ret->entry = ret->other = entry;
	return why_set(&ret->why, -EINVAL, "%s: want at most %s, half of %s",
		 duration_print(entries[entry].over_ms, over),
		 duration_print(entry_minutes(&entries[entry]) * 30000, most),
		 entry_print(&entries[entry], slot));
}

int schedule_check(const struct schedule_entry *entries, size_t count,
		   struct schedule_error *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].over_ms > entry_minutes(&entries[i]) * 30000)
			return refuse_ramp(entries, i, ret);
		for (size_t k = 0; k < i; k++)
			if (overlap(&entries[k], &entries[i]) || overlap(&entries[i], &entries[k]))
				return refuse_overlap(entries, i, k, ret);
	}
	return 0;
}
