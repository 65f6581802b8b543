// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "base/zoneinfo.h"
#include "core/time/schedule.h"
#include "core/model/text.h"
#include "core/time/tz.h"

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)

static void zone_open(const char *name, struct tz *ret)
{
	_free_ void *bytes = NULL;
	size_t len;

	if (zoneinfo_read(ZONEINFO_DIRECTORY, name, &bytes, &len) || tz_parse(bytes, len, ret))
		fail_msg("%s: no such zone; is tzdata installed?", name);
}

/* 2026-03-29 01:30:00, as if of UTC, in seconds. */
static int64_t when(const char *text)
{
	struct tm tm = {};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return timegm(&tm);
}

/* ---- zones ---- */

static void assert_as_the_library_says(const char *name)
{
	struct tz tz;
	time_t t;

	zone_open(name, &tz);
	setenv("TZ", name, 1);
	tzset();
	for (t = when("1901-01-01 00:00:00"); t < when("2200-01-01 00:00:00"); t += 999983) {
		struct tm tm;

		localtime_r(&t, &tm);
		if (tz_offset(&tz, t) != tm.tm_gmtoff)
			fail_msg("%s at %ld: %d, want %ld", name, (long)t, tz_offset(&tz, t),
				 tm.tm_gmtoff);
	}
	/* Each change to a second, and none between. */
	for (t = when("1990-01-01 00:00:00"); t < when("2060-01-01 00:00:00");) {
		int64_t next = tz_next(&tz, t);
		struct tm before, after;

		if (next == INT64_MAX)
			break;
		t = next - 1;
		localtime_r(&t, &before);
		t = next;
		localtime_r(&t, &after);
		assert_int_not_equal(before.tm_gmtoff, after.tm_gmtoff);
		assert_int_equal(tz_offset(&tz, next - 1), before.tm_gmtoff);
		assert_int_equal(tz_offset(&tz, next), after.tm_gmtoff);
	}
	tz_clear(&tz);
}

static void clocks_show_what_the_library_shows(void **state)
{
	static const char *const names[] = {
		"Europe/Dublin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
		"America/St_Johns", "Africa/Casablanca", "America/Nuuk", "Asia/Gaza", "UTC",
		"Pacific/Apia", "Asia/Tehran", "Etc/GMT+12", "America/Asuncion",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_as_the_library_says(names[i]);
}

static void a_zone_that_is_not_there_is_not_found(void **state)
{
	static const char *const names[] = {
		"Europe/Atlantis", "", "/etc/passwd", "../../../etc/passwd", "Europe/../UTC",
		"Europe", "Europe/", "./UTC", "UTC/x", "Europe//Dublin", "a b",
	};
	void *bytes;
	size_t len;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(zoneinfo_read(ZONEINFO_DIRECTORY, names[i], &bytes, &len),
				 -ENOENT);
	assert_int_equal(zoneinfo_read("/nowhere", "UTC", &bytes, &len), -ENOENT);
}

static void what_is_no_zone_file_is_refused_wherever_it_is_cut(void **state)
{
	_free_ void *bytes = NULL;
	struct tz tz;
	size_t len;
	(void)state;

	assert_int_equal(zoneinfo_read(ZONEINFO_DIRECTORY, "Europe/Dublin", &bytes, &len), 0);
	for (size_t cut = 0; cut < len; cut++) {
		/* Of just that size, for who watches what is read. */
		_free_ void *part = malloc(cut ?: 1);

		memcpy(part, bytes, cut);
		assert_int_equal(tz_parse(part, cut, &tz), -EINVAL);
	}
	for (size_t i = 0; i < len; i++) {
		((uint8_t *)bytes)[i] ^= 0xff;
		if (!tz_parse(bytes, len, &tz)) {
			tz_moment(&tz, 1774746000);
			tz_clear(&tz);
		}
		((uint8_t *)bytes)[i] ^= 0xff;
	}
}

/* A file of one type and no change but the footer's. */
static int parse_rule(const char *rule, struct tz *ret)
{
	uint8_t file[256] = "TZif2";
	size_t at = 44 + 6 + 1;

	file[39] = 1;
	file[43] = 1;
	memcpy(file + at, file, at);
	at += at;
	at += (size_t)sprintf((char *)file + at, "\n%s\n", rule);
	return tz_parse(file, at, ret);
}

static void a_type_that_the_file_has_not_is_refused(void **state)
{
	/* Of version 2: one change, one type, 16 letters. */
	uint8_t file[44 + 44 + 8 + 1 + 6 + 16 + 2] = "TZif2";
	uint8_t *second = file + 44;
	struct tz tz;
	(void)state;

	memcpy(second, "TZif2", 5);
	second[35] = 1;
	second[39] = 1;
	second[43] = 16;
	memcpy(file + sizeof(file) - 2, "\n\n", 2);
	assert_int_equal(tz_parse(file, sizeof(file), &tz), 0);
	tz_clear(&tz);
	second[44 + 8] = 1;
	assert_int_equal(tz_parse(file, sizeof(file), &tz), -EINVAL);
}

static void rules_are_read_in_all_their_forms(void **state)
{
	static const struct {
		const char *rule;
		const char *change;	/* the first of 2028, a leap year */
	} rules[] = {
		{ "EST5EDT,M3.2.0,M11.1.0", "2028-03-12 07:00:00" },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2028-03-26 01:00:00" },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2028-03-26 01:00:00" },
		{ "AAA0BBB,J60/0,J300", "2028-03-01 00:00:00" },
		{ "AAA0BBB,59/0,300", "2028-02-29 00:00:00" },
		{ "AAA0BBB,M12.5.0/167,M12.5.6", "2028-01-01 23:00:00" },
		{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2028-04-01 15:00:00" },
		{ "XXX3EDT4,0/0,J365/23", NULL },
		{ "CET-1", NULL },
		{ "", NULL },
	};
	static const char *const wrong[] = {
		"A", "EST", "EST25:00:00:00", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0",
		"EST5EDT,M3.0.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J365",
		"EST5EDT,J1,366", "EST5EDT,M3.2.0,M11.1.0x", "<EST5", "EST26", "EST5EDT,M3.2.0/168,M11.1.0",
		"EST5EDT,M3.2,M11.1.0", "EST-",
	};
	struct tz tz;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		assert_int_equal(parse_rule(rules[i].rule, &tz), 0);
		assert_int_equal(tz_next(&tz, when("2028-01-01 00:00:00")),
				 rules[i].change ? when(rules[i].change) : INT64_MAX);
		tz_clear(&tz);
	}
	/* Summer all the year. */
	assert_int_equal(parse_rule("XXX3EDT4,0/0,J365/23", &tz), 0);
	assert_int_equal(tz_offset(&tz, when("2028-01-01 03:00:00")), -4 * 3600);
	assert_int_equal(tz_offset(&tz, when("2028-07-01 03:00:00")), -4 * 3600);
	tz_clear(&tz);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(parse_rule(wrong[i], &tz), -EINVAL);
}

static void a_local_time_is_a_moment_also_when_the_clock_jumps(void **state)
{
	static const struct {
		const char *zone, *local, *utc;
	} cases[] = {
		{ "Europe/Dublin", "2026-01-15 08:00:00", "2026-01-15 08:00:00" },
		{ "Europe/Dublin", "2026-07-15 08:00:00", "2026-07-15 07:00:00" },
		/* 01:00 to 02:00 is skipped on March 29 */
		{ "Europe/Dublin", "2026-03-29 00:59:59", "2026-03-29 00:59:59" },
		{ "Europe/Dublin", "2026-03-29 01:00:00", "2026-03-29 01:00:00" },
		{ "Europe/Dublin", "2026-03-29 01:30:00", "2026-03-29 01:00:00" },
		{ "Europe/Dublin", "2026-03-29 02:00:00", "2026-03-29 01:00:00" },
		{ "Europe/Dublin", "2026-03-29 02:30:00", "2026-03-29 01:30:00" },
		/* and comes twice on October 25 */
		{ "Europe/Dublin", "2026-10-25 01:30:00", "2026-10-25 00:30:00" },
		{ "Europe/Dublin", "2026-10-25 02:00:00", "2026-10-25 02:00:00" },
		{ "America/New_York", "2026-03-08 02:30:00", "2026-03-08 07:00:00" },
		{ "America/New_York", "2026-11-01 01:30:00", "2026-11-01 05:30:00" },
		{ "America/New_York", "2026-11-01 02:00:00", "2026-11-01 07:00:00" },
		{ "Asia/Kolkata", "2026-03-29 08:00:00", "2026-03-29 02:30:00" },
		/* by half an hour, on the other half of the world */
		{ "Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-03 15:30:00" },
		{ "Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04 14:45:00" },
		{ "Australia/Lord_Howe", "2026-04-05 02:00:00", "2026-04-04 15:30:00" },
		/* a day that was none */
		{ "Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30 10:00:00" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tz tz;

		zone_open(cases[i].zone, &tz);
		assert_int_equal(tz_moment(&tz, when(cases[i].local)), when(cases[i].utc));
		tz_clear(&tz);
	}
}

/* ---- schedules ---- */

static struct schedule_entry entry(const char *hours, const char *days, uint32_t weight,
				   uint32_t over_ms)
{
	struct schedule_entry e = { .weight = weight, .over_ms = over_ms };

	assert_int_equal(hours_parse(hours, &e.from, &e.to), 0);
	assert_int_equal(days_parse(days, &e.days), 0);
	return e;
}

static void assert_weight(const struct schedule *s, const char *utc, uint32_t weight)
{
	uint32_t found = schedule_weight(s, when(utc) * 1000);

	if (found != weight)
		fail_msg("at %s: weight %u, want %u", utc, found, weight);
}

static void assert_next(const struct schedule *s, const char *utc, const char *next)
{
	int64_t found = schedule_next(s, when(utc) * 1000);

	if (found != when(next) * 1000)
		fail_msg("after %s: %lld, want %s %lld", utc, (long long)found, next,
			 (long long)when(next) * 1000);
}

static void a_slot_follows_the_clock_of_its_region(void **state)
{
	struct schedule_entry e = entry("08:00-20:00", "mon-sun", 3000, 0);
	struct tz tz;
	struct schedule s = { &tz, &e, 1 };
	(void)state;

	zone_open("Europe/Dublin", &tz);
	assert_weight(&s, "2026-01-15 07:59:59", 1000);
	assert_weight(&s, "2026-01-15 08:00:00", 3000);
	assert_weight(&s, "2026-01-15 19:59:59", 3000);
	assert_weight(&s, "2026-01-15 20:00:00", 1000);
	assert_weight(&s, "2026-07-15 06:59:59", 1000);
	assert_weight(&s, "2026-07-15 07:00:00", 3000);
	assert_next(&s, "2026-03-28 12:00:00", "2026-03-28 20:00:00");
	assert_next(&s, "2026-03-28 20:00:00", "2026-03-29 07:00:00");
	tz_clear(&tz);
}

static void a_slot_may_go_past_midnight_and_belongs_to_the_day_it_begins(void **state)
{
	struct schedule_entry e = entry("22:00-06:00", "fri", 500, 0);
	struct tz tz;
	struct schedule s = { &tz, &e, 1 };
	(void)state;

	zone_open("America/New_York", &tz);
	/* 2026-01-16 is a Friday, five hours behind */
	assert_weight(&s, "2026-01-16 10:00:00", 1000);
	assert_weight(&s, "2026-01-17 02:59:59", 1000);
	assert_weight(&s, "2026-01-17 03:00:00", 500);
	assert_weight(&s, "2026-01-17 10:59:59", 500);
	assert_weight(&s, "2026-01-17 11:00:00", 1000);
	assert_next(&s, "2026-01-17 11:00:00", "2026-01-24 03:00:00");
	tz_clear(&tz);
}

static void ramps_go_in_ten_equal_steps_within_the_slot(void **state)
{
	struct schedule_entry e = entry("08:00-20:00", "mon-sun", 3000, 30 * MINUTE);
	struct tz tz;
	struct schedule s = { &tz, &e, 1 };
	int64_t at, steps = 0;
	uint32_t last = 1000;
	(void)state;

	zone_open("Asia/Kolkata", &tz);
	assert_weight(&s, "2026-01-15 02:32:59", 1000);
	assert_weight(&s, "2026-01-15 02:33:00", 1200);
	assert_weight(&s, "2026-01-15 02:45:00", 2000);
	assert_weight(&s, "2026-01-15 02:59:59", 2800);
	assert_weight(&s, "2026-01-15 03:00:00", 3000);
	assert_weight(&s, "2026-01-15 14:02:59", 3000);
	assert_weight(&s, "2026-01-15 14:03:00", 2800);
	assert_weight(&s, "2026-01-15 14:29:59", 1200);
	assert_weight(&s, "2026-01-15 14:30:00", 1000);
	at = when("2026-01-15 00:00:00") * 1000;
	while ((at = schedule_next(&s, at)) < when("2026-01-16 00:00:00") * 1000) {
		uint32_t weight = schedule_weight(&s, at);

		assert_int_equal(schedule_weight(&s, at - 1), last);
		assert_int_equal(abs((int)weight - (int)last), 200);
		last = weight;
		steps++;
	}
	assert_int_equal(steps, 2 * SCHEDULE_STEPS);
	tz_clear(&tz);
}

static void from_slot_to_slot_the_weight_goes_straight(void **state)
{
	struct schedule_entry e[] = {
		entry("08:00-20:00", "mon-sun", 3000, 0),
		entry("20:00-22:00", "mon-sun", 2000, 10 * MINUTE),
		entry("22:00-08:00", "mon-sun", 0, 0),
	};
	struct tz tz;
	struct schedule s = { &tz, e, 3 };
	(void)state;

	zone_open("UTC", &tz);
	assert_weight(&s, "2026-01-15 19:59:59", 3000);
	assert_weight(&s, "2026-01-15 20:00:00", 3000);
	assert_weight(&s, "2026-01-15 20:01:00", 2900);
	assert_weight(&s, "2026-01-15 20:10:00", 2000);
	assert_weight(&s, "2026-01-15 21:59:59", 2000);
	assert_weight(&s, "2026-01-15 22:00:00", 0);
	assert_weight(&s, "2026-01-16 07:59:59", 0);
	assert_weight(&s, "2026-01-16 08:00:00", 3000);
	tz_clear(&tz);
}

static void the_nights_when_clocks_change_are_shorter_and_longer(void **state)
{
	struct schedule_entry e = entry("01:30-02:30", "mon-sun", 2000, 0);
	struct tz tz;
	struct schedule s = { &tz, &e, 1 };
	(void)state;

	zone_open("Europe/Dublin", &tz);
	assert_weight(&s, "2026-03-29 00:59:59", 1000);
	assert_weight(&s, "2026-03-29 01:00:00", 2000);
	assert_weight(&s, "2026-03-29 01:29:59", 2000);
	assert_weight(&s, "2026-03-29 01:30:00", 1000);
	assert_weight(&s, "2026-10-25 00:29:59", 1000);
	assert_weight(&s, "2026-10-25 00:30:00", 2000);
	assert_weight(&s, "2026-10-25 02:29:59", 2000);
	assert_weight(&s, "2026-10-25 02:30:00", 1000);
	/* A slot that the clock skips does not come, one with ramps is cut short. */
	e = entry("01:00-01:45", "mon-sun", 2000, 0);
	assert_weight(&s, "2026-03-29 01:00:00", 1000);
	assert_next(&s, "2026-03-28 12:00:00", "2026-03-30 00:00:00");
	e = entry("01:00-01:45", "sun", 2000, 0);
	assert_next(&s, "2026-03-22 12:00:00", "2026-04-05 00:00:00");
	e = entry("01:30-02:30", "mon-sun", 2000, 30 * MINUTE);
	assert_weight(&s, "2026-03-29 01:15:00", 2000);
	assert_weight(&s, "2026-03-29 01:07:30", 1500);
	tz_clear(&tz);
	/* Half an hour is skipped from 02:00 on. */
	zone_open("Australia/Lord_Howe", &tz);
	e = entry("02:00-03:00", "mon-sun", 2000, 0);
	assert_weight(&s, "2026-10-03 15:29:59", 1000);
	assert_weight(&s, "2026-10-03 15:30:00", 2000);
	assert_weight(&s, "2026-10-03 15:59:59", 2000);
	assert_weight(&s, "2026-10-03 16:00:00", 1000);
	tz_clear(&tz);
}

static void a_schedule_that_never_changes_has_no_next(void **state)
{
	struct schedule_entry e = entry("08:00-20:00", "mon-sun", 1000, 30 * MINUTE);
	struct tz tz;
	struct schedule s = { &tz, &e, 1 };
	(void)state;

	zone_open("UTC", &tz);
	assert_int_equal(schedule_next(&s, 0), INT64_MAX);
	s.count = 0;
	assert_int_equal(schedule_next(&s, 0), INT64_MAX);
	assert_int_equal(schedule_weight(&s, 0), 1000);
	tz_clear(&tz);
}

/* From change to change nothing changes, and each change is one, a year long. */
static void next_is_when_the_weight_changes_next(void **state)
{
	static const char *const zones[] = { "Europe/Dublin", "Australia/Lord_Howe",
					     "America/New_York" };
	struct schedule_entry e[] = {
		entry("00:30-03:15", "sat-sun", 2500, 45 * MINUTE),
		entry("08:00-20:00", "mon-fri", 3000, 33 * MINUTE),
		entry("20:00-00:30", "mon,wed,sat", 1, 1234567),
		entry("22:00-02:00", "tue", 1700, 0),
	};
	(void)state;

	for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
		struct tz tz;
		struct schedule s = { &tz, e, ARRAY_SIZE(e) };
		int64_t at = when("2026-01-01 00:00:00") * 1000, next;
		int64_t end = when("2027-01-01 00:00:00") * 1000;

		zone_open(zones[z], &tz);
		for (; at < end; at = next) {
			uint32_t weight = schedule_weight(&s, at);

			next = schedule_next(&s, at);
			assert_true(next > at && next - at < 80 * HOUR);
			assert_int_not_equal(schedule_weight(&s, next), weight);
			assert_int_equal(schedule_weight(&s, next - 1), weight);
			for (int i = 0; i < 5; i++)
				assert_int_equal(schedule_weight(&s, at + (next - at) * i / 5),
						 weight);
		}
		tz_clear(&tz);
	}
}

/* ---- text ---- */

static void hours_and_days_are_read_and_printed(void **state)
{
	static const char *const good_days[] = { "mon-sun", "mon-fri", "mon,wed,sat-sun", "sun" };
	static const char *const bad_days[] = { "", "monday", "mon-", "mon,", "-mon", "Mon", "mo" };
	static const char *const good_hours[] = { "08:00-20:00", "22:30-06:00", "00:00-24:00",
						  "12:00-00:00" };
	static const char *const bad_hours[] = {
		"", "8:00-20:00", "08:00", "08:00-", "08:00-20:60", "08:00-24:01", "25:00-26:00",
		"08:00-08:00", "24:00-08:00", "08:00-20:00x", "08.00-20.00", "0800-2000", "08:00 - 20:00",
	};
	char text[DAYS_TEXT], hours[HOURS_TEXT];
	struct schedule_entry e;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good_days); i++) {
		assert_int_equal(days_parse(good_days[i], &e.days), 0);
		assert_string_equal(days_print(e.days, text), good_days[i]);
	}
	assert_int_equal(days_parse("sat-mon", &e.days), 0);
	assert_string_equal(days_print(e.days, text), "mon,sat-sun");
	for (size_t i = 0; i < ARRAY_SIZE(bad_days); i++)
		assert_int_equal(days_parse(bad_days[i], &e.days), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(good_hours); i++) {
		assert_int_equal(hours_parse(good_hours[i], &e.from, &e.to), 0);
		assert_string_equal(hours_print(&e, hours), good_hours[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_hours); i++)
		assert_int_equal(hours_parse(bad_hours[i], &e.from, &e.to), -EINVAL);
}

static void slots_at_one_time_are_refused_by_both_names(void **state)
{
	struct schedule_entry e[] = {
		entry("08:00-20:00", "mon-fri", 3000, 0),
		entry("20:00-08:00", "mon-sun", 2000, 0),
		entry("08:00-20:00", "sat-sun", 2000, 0),
		entry("19:00-21:00", "sun", 2000, 0),
	};
	struct schedule_error err;
	(void)state;

	assert_int_equal(schedule_check(e, 3, &err), 0);
	assert_int_equal(schedule_check(e, 4, &err), -EINVAL);
	assert_int_equal(err.entry, 3);
	assert_int_equal(err.other, 1);
	assert_string_equal(err.why.text, "19:00-21:00 sun: want no slot of the region at the same "
					 "time, 20:00-08:00 is");
	/* Round the end of the week, and one within another. */
	e[0] = entry("22:00-06:00", "sun", 3000, 0);
	e[1] = entry("05:00-05:30", "mon", 3000, 0);
	assert_int_equal(schedule_check(e, 2, &err), -EINVAL);
	e[1] = entry("05:00-05:30", "tue", 3000, 0);
	assert_int_equal(schedule_check(e, 2, &err), 0);
}

static void a_ramp_that_is_longer_than_half_its_slot_is_refused(void **state)
{
	struct schedule_entry e = entry("22:00-06:00", "mon-sun", 3000, 4 * HOUR);
	struct schedule_error err;
	(void)state;

	assert_int_equal(schedule_check(&e, 1, &err), 0);
	e.over_ms++;
	assert_int_equal(schedule_check(&e, 1, &err), -EINVAL);
	e.over_ms = 5 * HOUR;
	assert_int_equal(schedule_check(&e, 1, &err), -EINVAL);
	assert_string_equal(err.why.text, "5h: want at most 4h, half of 22:00-06:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_show_what_the_library_shows),
		cmocka_unit_test(a_zone_that_is_not_there_is_not_found),
		cmocka_unit_test(what_is_no_zone_file_is_refused_wherever_it_is_cut),
		cmocka_unit_test(rules_are_read_in_all_their_forms),
		cmocka_unit_test(a_type_that_the_file_has_not_is_refused),
		cmocka_unit_test(a_local_time_is_a_moment_also_when_the_clock_jumps),
		cmocka_unit_test(a_slot_follows_the_clock_of_its_region),
		cmocka_unit_test(a_slot_may_go_past_midnight_and_belongs_to_the_day_it_begins),
		cmocka_unit_test(ramps_go_in_ten_equal_steps_within_the_slot),
		cmocka_unit_test(from_slot_to_slot_the_weight_goes_straight),
		cmocka_unit_test(the_nights_when_clocks_change_are_shorter_and_longer),
		cmocka_unit_test(a_schedule_that_never_changes_has_no_next),
		cmocka_unit_test(next_is_when_the_weight_changes_next),
		cmocka_unit_test(hours_and_days_are_read_and_printed),
		cmocka_unit_test(slots_at_one_time_are_refused_by_both_names),
		cmocka_unit_test(a_ramp_that_is_longer_than_half_its_slot_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
