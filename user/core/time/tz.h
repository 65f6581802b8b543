/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_TIME_TZ_H
#define XRING_CORE_TIME_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A time zone out of the system's database, for itself: the C library knows one zone
 * a process, that of TZ. Read from the bytes of a TZif file (RFC 8536, version 2 and
 * up): a table of past changes of the clock, and after it the rule in the footer (a
 * POSIX TZ string) for all changes to come. Times are seconds of UTC since 1970,
 * offsets seconds that the local clock is ahead of UTC.
 */
struct tz_date {
	enum { TZ_WEEKDAY, TZ_JULIAN, TZ_DAY } kind;
	int month, week, day;		/* Mm.w.d; day alone: Jn, n */
	int32_t time;			/* of the local clock, may be below 0 or above 24 h */
};

struct tz {
	int64_t *times;			/* ascending; offsets[i] holds from times[i] on */
	int32_t *offsets;
	size_t count;
	int32_t first;			/* offset before all of them */
	bool ruled;			/* from the last of them on: */
	bool changes;			/* between `standard` and `summer`, twice a year */
	int32_t standard, summer;
	struct tz_date begin, end;	/* of `summer` */
};

/* -EINVAL: not such a file, or one that counts leap seconds; -ENOMEM. */
int tz_parse(const void *data, size_t len, struct tz *ret);
void tz_clear(struct tz *tz);

int32_t tz_offset(const struct tz *tz, int64_t t);
/* When the offset changes next after t; INT64_MAX: never. */
int64_t tz_next(const struct tz *tz, int64_t t);

/*
 * The first moment at which the local clock shows that time or a later one, where
 * `local` counts as if it were UTC. So a time that the clock skips is the moment at
 * which it does, and one that it shows twice is the first of the two.
 */
int64_t tz_moment(const struct tz *tz, int64_t local);

#endif
