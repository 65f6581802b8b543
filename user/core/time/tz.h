/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_TIME_TZ_H
#define XRING_CORE_TIME_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A time zone, read from the bytes of a TZif file (RFC 8536, version 2 and up). The C
 * library knows one time zone a process, the zone of TZ; a schedule needs several. A TZif
 * file is a table of past changes of the clock, followed by a footer: the rule (a POSIX TZ
 * string) for all changes after the table.
 *
 *     first | offsets[0] | offsets[1] | ... | offsets[count - 1], or the rule
 *        times[0]     times[1]           times[count - 1]
 *
 * Times are seconds of UTC since 1970. Offsets are the seconds by which the local clock is
 * ahead of UTC.
 */
struct tz_date {
	enum { TZ_WEEKDAY, TZ_JULIAN, TZ_DAY } kind;
	/* TZ_WEEKDAY: Mmonth.week.day; TZ_JULIAN: Jday; TZ_DAY: day */
	int month, week, day;
	/* seconds of the local clock; may be below 0 or above 24 hours */
	int32_t time;
};

struct tz {
	int64_t *times;			/* ascending; offsets[i] holds from times[i] on */
	int32_t *offsets;
	size_t count;
	int32_t first;			/* offset before times[0] */
	bool ruled;			/* the rule holds after the table, as in the fields below */
	/* the offset changes between `standard` and `summer` twice a year */
	bool changes;
	int32_t standard, summer;
	struct tz_date begin, end;	/* when `summer` begins and ends */
};

/*
 * Parses a TZif file. -EINVAL: the bytes are no such file, or the file counts leap seconds;
 * -ENOMEM.
 */
int tz_parse(const void *data, size_t len, struct tz *ret);
void tz_clear(struct tz *tz);

int32_t tz_offset(const struct tz *tz, int64_t t);
/* When the offset next changes after t; INT64_MAX: never. */
int64_t tz_next(const struct tz *tz, int64_t t);

/*
 * The first moment at which the local clock shows the time `local` or a later one. `local`
 * is the local time counted as if it were UTC. So a time that the clock skips gives the
 * moment of the skip, and a time that the clock shows twice gives the first of the two
 * moments.
 */
int64_t tz_moment(const struct tz *tz, int64_t local);

#endif
