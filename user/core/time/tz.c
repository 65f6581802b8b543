// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/time/tz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/value/number.h"

#define DAY 86400
#define HOUR 3600
/* RFC 8536, section 3.2: offsets stay below 26 hours in both directions */
#define OFFSET_MAX (26 * HOUR)
/* limit of the table's times, both directions; the universe is younger */
#define TIME_MAX (1LL << 59)
#define HEADER 44

/* ---- days and years ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Days from 1970-01-01 to a date of the Gregorian calendar. Internally years begin in
 * March, so that the leap day is a year's last.
 */
static int64_t day_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = floor_div(y, 400), of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t year_of(int64_t day)
{
	int64_t year = 1970 + floor_div(day * 400, 146097);

	while (day_of(year + 1, 1, 1) <= day)
		year++;
	while (day_of(year, 1, 1) > day)
		year--;
	return year;
}

static bool is_leap(int64_t year)
{
	return day_of(year + 1, 1, 1) - day_of(year, 1, 1) == 366;
}

/* ---- the rule ---- */

/* The moment of a rule's date in a year, in seconds of the local clock since 1970. */
static int64_t date_local(const struct tz_date *d, int64_t year)
{
	int64_t first, day = day_of(year, 1, 1);

	switch (d->kind) {
	case TZ_WEEKDAY:
		first = day_of(year, d->month, 1);
		/* 1970-01-01 was a Thursday, which is 4 in the rule's count. */
		day = first + (d->day - (first + 4) % 7 + 14) % 7 + (d->week - 1) * 7;
		if (day >= day_of(d->month < 12 ? year : year + 1, d->month % 12 + 1, 1))
			day -= 7;
		break;
	case TZ_JULIAN:
		day += d->day - 1 + (is_leap(year) && d->day >= 60);
		break;
	case TZ_DAY:
		day += d->day;
		break;
	}
	return day * DAY + d->time;
}

static int64_t rule_begin(const struct tz *tz, int64_t year)
{
	return date_local(&tz->begin, year) - tz->standard;
}

static int64_t rule_end(const struct tz *tz, int64_t year)
{
	return date_local(&tz->end, year) - tz->summer;
}

static int64_t rule_year(const struct tz *tz, int64_t t)
{
	return year_of(floor_div(t + tz->standard, DAY));
}

/*
 * The offset that the rule gives at t: that of the last change before t. Of the two changes
 * of one year the later one counts; if summer ends and begins at the same moment, it is
 * summer.
 */
static int32_t rule_offset(const struct tz *tz, int64_t t)
{
	int64_t year = rule_year(tz, t), last = INT64_MIN;
	int32_t offset = tz->standard;

	for (int64_t y = year - 1; tz->changes && y <= year + 1; y++) {
		int64_t begin = rule_begin(tz, y), end = rule_end(tz, y);

		if (end <= t) {
			last = end;
			offset = tz->standard;
		}
		if (begin <= t && begin >= last) {
			last = begin;
			offset = tz->summer;
		}
	}
	return offset;
}

static int64_t rule_next(const struct tz *tz, int64_t t)
{
	int64_t year = rule_year(tz, t), next = INT64_MAX;

	for (int64_t y = year - 1; tz->changes && y <= year + 2; y++) {
		int64_t at[] = { rule_begin(tz, y), rule_end(tz, y) };

		for (int i = 0; i < 2; i++)
			if (at[i] > t && at[i] < next &&
			    rule_offset(tz, at[i]) != rule_offset(tz, at[i] - 1))
				next = at[i];
	}
	return next;
}

/* ---- what the clock shows ---- */

/* How many changes of the table are at t or before. */
static size_t passed(const struct tz *tz, int64_t t)
{
	size_t low = 0, high = tz->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tz->times[middle] <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t tz_offset(const struct tz *tz, int64_t t)
{
	size_t i = passed(tz, t);

	if (i == tz->count && tz->ruled)
		return rule_offset(tz, t);
	return i ? tz->offsets[i - 1] : tz->first;
}

int64_t tz_next(const struct tz *tz, int64_t t)
{
	for (size_t i = passed(tz, t); i < tz->count; i++)
		if (tz_offset(tz, tz->times[i]) != tz_offset(tz, tz->times[i] - 1))
			return tz->times[i];
	if (!tz->ruled)
		return INT64_MAX;
	/* The rule does not hold before the last change of the table. */
	if (tz->count && t < tz->times[tz->count - 1])
		t = tz->times[tz->count - 1];
	return rule_next(tz, t);
}

int64_t tz_moment(const struct tz *tz, int64_t local)
{
	int64_t t = local - OFFSET_MAX;

	for (;;) {
		int64_t at = local - tz_offset(tz, t), next = tz_next(tz, t);

		if (at < next)
			return at > t ? at : t;
		t = next;
	}
}

/* ---- the footer: std offset [dst [offset] , date [/time] , date [/time]] ---- */

/*
 * Parses a number from min to max. Returns what follows, or NULL, like all parsers below;
 * text may be NULL, which the parsers hand through, so that calls can be chained.
 */
static const char *number_parse(const char *text, int min, int max, int *ret)
{
	int value = 0;

	if (!text || !is_digit(*text))
		return NULL;
	for (; is_digit(*text); text++) {
		value = value * 10 + *text - '0';
		if (value > max)
			return NULL;
	}
	*ret = value;
	return value < min ? NULL : text;
}

/* Parses [+-]h[h[h]][:mm[:ss]]. */
static const char *time_parse(const char *text, int32_t *ret)
{
	int sign = text && *text == '-' ? -1 : 1, part, scale = HOUR;

	if (text && (*text == '-' || *text == '+'))
		text++;
	text = number_parse(text, 0, 167, &part);
	*ret = text ? part * scale : 0;
	while (text && *text == ':' && scale > 1) {
		scale /= 60;
		text = number_parse(text + 1, 0, 59, &part);
		if (text)
			*ret += part * scale;
	}
	*ret *= sign;
	return text;
}

static const char *name_skip(const char *text)
{
	size_t len = 0;

	if (text && *text == '<') {
		text = strchr(text, '>');
		return text ? text + 1 : NULL;
	}
	while (text && ((text[len] >= 'A' && text[len] <= 'Z') ||
			(text[len] >= 'a' && text[len] <= 'z')))
		len++;
	return len >= 3 ? text + len : NULL;
}

/* In a POSIX TZ string, offsets count to the west, the opposite of the offsets in struct tz. */
static const char *offset_parse(const char *text, int32_t *ret)
{
	text = time_parse(text, ret);
	*ret = -*ret;
	return *ret > -OFFSET_MAX && *ret < OFFSET_MAX ? text : NULL;
}

static const char *date_parse(const char *text, struct tz_date *ret)
{
	*ret = (struct tz_date){ .kind = TZ_DAY, .time = 2 * HOUR };
	if (!text || *text++ != ',')
		return NULL;
	if (*text == 'M') {
		ret->kind = TZ_WEEKDAY;
		text = number_parse(text + 1, 1, 12, &ret->month);
		text = text && *text == '.' ? number_parse(text + 1, 1, 5, &ret->week) : NULL;
		text = text && *text == '.' ? number_parse(text + 1, 0, 6, &ret->day) : NULL;
	} else if (*text == 'J') {
		ret->kind = TZ_JULIAN;
		text = number_parse(text + 1, 1, 365, &ret->day);
	} else {
		text = number_parse(text, 0, 365, &ret->day);
	}
	if (text && *text == '/')
		text = time_parse(text + 1, &ret->time);
	return text;
}

static int rule_parse(const char *text, struct tz *tz)
{
	tz->ruled = *text;
	if (!*text)
		return 0;
	text = offset_parse(name_skip(text), &tz->standard);
	if (text && *text) {
		tz->changes = true;
		tz->summer = tz->standard + HOUR;
		text = name_skip(text);
		if (text && *text != ',')
			text = offset_parse(text, &tz->summer);
		text = date_parse(date_parse(text, &tz->begin), &tz->end);
	}
	return text && !*text ? 0 : -EINVAL;
}

/* ---- the file ---- */

static uint64_t big_endian(const uint8_t *at, int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

/*
 * One of the file's two blocks (the first has times of 4 bytes, the second of 8): the
 * counts of its header, and its body.
 */
struct block {
	size_t utc, standard, leaps, times, types, chars;
	const uint8_t *at;		/* the body, after the header */
	size_t bytes;
};

static int block_parse(const uint8_t *at, size_t len, size_t time_bytes, struct block *ret)
{
	struct block b = { .at = at + HEADER };

	if (len < HEADER || memcmp(at, "TZif", 4) || at[4] < '2')
		return -EINVAL;
	b.utc = big_endian(at + 20, 4);
	b.standard = big_endian(at + 24, 4);
	b.leaps = big_endian(at + 28, 4);
	b.times = big_endian(at + 32, 4);
	b.types = big_endian(at + 36, 4);
	b.chars = big_endian(at + 40, 4);
	b.bytes = b.times * (time_bytes + 1) + b.types * 6 + b.chars +
		  b.leaps * (time_bytes + 4) + b.standard + b.utc;
	if (b.bytes > len - HEADER)
		return -EINVAL;
	*ret = b;
	return 0;
}

static int type_offset(const struct block *b, size_t type, int32_t *ret)
{
	const uint8_t *types = b->at + b->times * 9;
	int32_t offset;

	if (type >= b->types)
		return -EINVAL;
	offset = (int32_t)big_endian(types + type * 6, 4);
	if (offset <= -OFFSET_MAX || offset >= OFFSET_MAX)
		return -EINVAL;
	*ret = offset;
	return 0;
}

static int table_parse(const struct block *b, struct tz *tz)
{
	const uint8_t *types = b->at + b->times * 8;

	if (b->leaps || type_offset(b, 0, &tz->first))
		return -EINVAL;
	tz->times = malloc((b->times ?: 1) * sizeof(*tz->times));
	tz->offsets = malloc((b->times ?: 1) * sizeof(*tz->offsets));
	if (!tz->times || !tz->offsets)
		return -ENOMEM;
	for (; tz->count < b->times; tz->count++) {
		size_t i = tz->count;

		tz->times[i] = (int64_t)big_endian(b->at + i * 8, 8);
		if (type_offset(b, types[i], &tz->offsets[i]) ||
		    tz->times[i] < -TIME_MAX || tz->times[i] > TIME_MAX ||
		    (i && tz->times[i] <= tz->times[i - 1]))
			return -EINVAL;
	}
	return 0;
}

#define FOOTER 128

static int footer_parse(const uint8_t *at, size_t len, struct tz *tz)
{
	const uint8_t *end = len > 1 ? memchr(at + 1, '\n', len - 1) : NULL;
	char text[FOOTER] = "";
	size_t bytes;

	if (!end || *at != '\n')
		return -EINVAL;
	bytes = (size_t)(end - at) - 1;
	if (bytes >= sizeof(text) || memchr(at, '\0', bytes + 1))
		return -EINVAL;
	memcpy(text, at + 1, bytes);
	return rule_parse(text, tz);
}

int tz_parse(const void *data, size_t len, struct tz *ret)
{
	struct block old, b;
	struct tz tz = {};
	const uint8_t *end = (const uint8_t *)data + len;
	int failed = block_parse(data, len, 4, &old);

	if (!failed) {
		const uint8_t *second = old.at + old.bytes;

		failed = block_parse(second, (size_t)(end - second), 8, &b);
	}
	if (!failed)
		failed = table_parse(&b, &tz);
	if (!failed)
		failed = footer_parse(b.at + b.bytes, (size_t)(end - b.at) - b.bytes, &tz);
	if (failed)
		tz_clear(&tz);
	else
		*ret = tz;
	return failed;
}

void tz_clear(struct tz *tz)
{
	free(tz->times);
	free(tz->offsets);
	*tz = (struct tz){};
}
