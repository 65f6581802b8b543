// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "conf/zones.h"
#include "core/time/daylight.h"
#include "core/model/model.h"
#include "core/model/text.h"
#include "core/time/schedule.h"
#include "core/time/tz.h"

/* ---- tags, constraints ---- */

static void tags_are_sorted_each_once_and_never_cut(void **state)
{
	static const char *const tags[] = { "ssd", "beta", "ssd2", "a", "s", "zone", "ss" };
	char list[TAGS_BYTES] = "", name[NAME_BYTES];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		assert_int_equal(tags_add(list, tags[i]), 0);
		assert_int_equal(tags_add(list, tags[i]), -EEXIST);
	}
	assert_string_equal(list, "a,beta,s,ss,ssd,ssd2,zone");
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		assert_true(tags_have(list, tags[i]));
	assert_false(tags_have(list, "bet"));
	assert_false(tags_have(list, "sd"));

	memset(name, 'b', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	list[0] = '\0';
	assert_int_equal(tags_add(list, name), 0);
	name[0] = 'a';
	assert_int_equal(tags_add(list, name), 0);	/* 63 + 1 + 63 */
	assert_int_equal(strlen(list), TAGS_BYTES - 1);
	assert_int_equal(tags_add(list, "c"), -ENAMETOOLONG);
	assert_int_equal(strlen(list), TAGS_BYTES - 1);
}

static void a_constraint_is_read_as_it_is_printed(void **state)
{
	static const char *const good[] = {
		"+region=eu-west", "-region=eu-west", "+tag=ssd", "-tag=a:b",
	};
	static const char *const bad[] = {
		"", "+", "region=a", "+region", "+region=", "+region=-a", "++region=a", "+tags=a",
		"+tag=a b", "+Tag=a", " +tag=a",
		"+tag=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	char text[CONSTRAINT_TEXT];
	struct constraint c = { .value = "kept" };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(constraint_parse(bad[i], &c), -EINVAL);
		assert_string_equal(c.value, "kept");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(constraint_parse(good[i], &c), 0);
		assert_string_equal(constraint_print(&c, text), good[i]);
	}
}

static void all_constraints_must_hold(void **state)
{
	struct constraint c[2];
	(void)state;

	assert_int_equal(constraint_parse("+region=eu", &c[0]), 0);
	assert_int_equal(constraint_parse("-tag=beta", &c[1]), 0);
	assert_true(constraints_allow(c, 0, "", ""));
	assert_true(constraints_allow(c, 2, "eu", ""));
	assert_true(constraints_allow(c, 2, "eu", "bet,betas"));
	assert_false(constraints_allow(c, 2, "eu", "a,beta"));
	assert_false(constraints_allow(c, 2, "us", ""));
	assert_false(constraints_allow(c, 2, "", ""));
}

static void a_strategy_is_one_of_three_words(void **state)
{
	static const char *const words[] = { "global", "regional", "geo" };
	enum strategy strategy = STRATEGY_NONE;
	(void)state;

	assert_int_equal(strategy_parse("none", &strategy), -EINVAL);
	assert_int_equal(strategy_parse("", &strategy), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		assert_int_equal(strategy_parse(words[i], &strategy), 0);
		assert_string_equal(strategy_print(strategy), words[i]);
	}
}

/* ---- daylight ---- */

static struct schedule_entry slot(unsigned from, unsigned to, uint32_t weight, unsigned over_minutes)
{
	return (struct schedule_entry){ (uint16_t)(from * 60), (uint16_t)(to * 60), SCHEDULE_DAYS,
					weight, over_minutes * 60 * 1000 };
}

static int64_t dark(const char *a_zone, struct schedule_entry a, const char *b_zone,
		    struct schedule_entry b)
{
	struct tz zones[2];
	struct schedule both[] = { { &zones[0], &a, 1 }, { &zones[1], &b, 1 } };
	int64_t at;

	if (zone_load(a_zone, &zones[0]) || zone_load(b_zone, &zones[1]))
		fail_msg("no time zone %s or %s, is tzdata installed?", a_zone, b_zone);
	at = schedules_dark(both, 2);
	tz_clear(&zones[0]);
	tz_clear(&zones[1]);
	return at;
}

static void nights_that_meet_are_dark(void **state)
{
	(void)state;
	assert_int_equal(dark("", slot(0, 12, 0, 0), "", slot(12, 24, 0, 0)), INT64_MAX);
	assert_int_not_equal(dark("", slot(0, 12, 0, 0), "", slot(11, 24, 0, 0)), INT64_MAX);
	assert_int_equal(dark("", slot(0, 12, 1, 0), "", slot(11, 24, 0, 0)), INT64_MAX);
	/* In a ramp there is some light until its end. */
	assert_int_equal(dark("", slot(0, 12, 0, 0), "", slot(11, 24, 0, 60)), INT64_MAX);
	assert_int_not_equal(dark("", slot(0, 12, 0, 0), "", slot(11, 24, 0, 59)), INT64_MAX);
}

static void slots_of_other_days_do_not_meet(void **state)
{
	struct schedule_entry a = slot(0, 24, 0, 0), b = slot(0, 24, 0, 0);
	(void)state;

	a.days = 1 << 5;
	b.days = 1 << 6;
	assert_int_equal(dark("", a, "", b), INT64_MAX);
	b.from = 23 * 60;			/* Sunday's does not begin on Saturday */
	assert_int_equal(dark("", a, "", b), INT64_MAX);
	b.days = 1 << 4;
	b.to = 30;
	assert_int_not_equal(dark("", a, "", b), INT64_MAX);
}

/* New York has summer time from March 14 to November 7 in 2027, Dublin from 28 to October 31. */
static void clocks_that_change_on_other_days_may_leave_a_night(void **state)
{
	int64_t at = dark("Europe/Dublin", slot(0, 13, 0, 0), "America/New_York", slot(8, 18, 0, 0));
	(void)state;

	assert_int_equal(at / 1000, 1805025600);	/* March 14, 12:00 UTC: 8:00 and 12:00 */
	assert_int_equal(dark("Europe/Dublin", slot(0, 12, 0, 0), "America/New_York",
			      slot(8, 18, 0, 0)), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_are_sorted_each_once_and_never_cut),
		cmocka_unit_test(a_constraint_is_read_as_it_is_printed),
		cmocka_unit_test(all_constraints_must_hold),
		cmocka_unit_test(a_strategy_is_one_of_three_words),
		cmocka_unit_test(nights_that_meet_are_dark),
		cmocka_unit_test(slots_of_other_days_do_not_meet),
		cmocka_unit_test(clocks_that_change_on_other_days_may_leave_a_night),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
