// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/backend/health.h"
#include "core/model/check.h"

#define MS 1000000ull

/* Results as text, + good and - bad; the states after each: u, d, ? unknown. */
static void follow(const struct check *how, const char *results, const char *states)
{
	struct health h = {};
	uint64_t now = 1000;

	for (size_t i = 0; results[i]; i++, now += 1000) {
		enum health_state before = h.state;
		uint64_t since = h.since_ns;
		bool changed = health_result(&h, how, results[i] == '+', now);

		if ("?ud"[h.state] != states[i])
			fail_msg("%s: after %zu results %s, want %s", results, i + 1,
				 health_print(h.state), states);
		assert_int_equal(changed, h.state != before);
		assert_int_equal(h.since_ns, changed ? now : since);
	}
}

static void nothing_is_known_before_the_first_result_and_counts_as_alive(void **state)
{
	struct health h = {};
	(void)state;

	assert_int_equal(h.state, HEALTH_UNKNOWN);
	assert_true(health_alive(&h));
	assert_string_equal(health_print(h.state), "unknown");
}

static void the_first_result_decides_at_once(void **state)
{
	struct check how = { .rise = 5, .fall = 5 };
	(void)state;

	follow(&how, "+", "u");
	follow(&how, "-", "d");
}

static void fall_bad_results_in_a_row_bring_a_backend_down(void **state)
{
	struct check how = { .rise = 2, .fall = 3 };
	(void)state;

	follow(&how, "+---", "uuud");
	follow(&how, "+--+--+---", "uuuuuuuuud");
	how.fall = 1;
	follow(&how, "+-", "ud");
}

static void rise_good_results_in_a_row_bring_it_up(void **state)
{
	struct check how = { .rise = 2, .fall = 3 };
	(void)state;

	follow(&how, "-++", "ddu");
	follow(&how, "-+-+-++", "ddddddu");
	how.rise = 1;
	follow(&how, "-+", "du");
}

static void a_state_is_left_and_entered_again_by_whole_rows_alone(void **state)
{
	struct check how = { .rise = 2, .fall = 2 };
	(void)state;

	/* A row does not begin with results from before the last change. */
	follow(&how, "+--+--++-+--", "uuddddduuuud");
}

static void the_streak_is_what_speaks_against_the_state(void **state)
{
	struct check how = { .rise = 3, .fall = 3 };
	struct health h = {};
	(void)state;

	health_result(&h, &how, true, 1);
	health_result(&h, &how, false, 2);
	health_result(&h, &how, false, 3);
	assert_int_equal(h.streak, 2);
	assert_true(health_alive(&h));
	health_result(&h, &how, false, 4);
	assert_int_equal(h.streak, 0);
	assert_false(health_alive(&h));
}

static void checks_are_an_interval_apart_give_or_take_the_jitter(void **state)
{
	struct check how = { .interval_ms = 2000, .jitter = 250 };
	uint64_t random = 1, low = UINT64_MAX, high = 0, sum = 0;
	(void)state;

	for (int i = 0; i < 10000; i++) {
		uint64_t wait = health_wait_ns(&how, &random);

		low = wait < low ? wait : low;
		high = wait > high ? wait : high;
		sum += wait;
	}
	assert_in_range(low, 1500 * MS, 1510 * MS);
	assert_in_range(high, 2490 * MS, 2500 * MS);
	assert_in_range(sum / 10000, 1980 * MS, 2020 * MS);
}

static void without_jitter_the_interval_is_exact(void **state)
{
	struct check how = { .interval_ms = 2000 };
	uint64_t random = 1;
	(void)state;

	for (int i = 0; i < 10; i++)
		assert_int_equal(health_wait_ns(&how, &random), 2000 * MS);
}

static void the_longest_interval_does_not_overflow(void **state)
{
	struct check how = { .interval_ms = UINT32_MAX, .jitter = 1000 };
	uint64_t random = 1;
	(void)state;

	for (int i = 0; i < 1000; i++)
		assert_in_range(health_wait_ns(&how, &random), 0, 2 * (uint64_t)UINT32_MAX * MS);
}

static void the_same_generator_gives_the_same_waits(void **state)
{
	struct check how = { .interval_ms = 1000, .jitter = 100 };
	uint64_t a = 7, b = 7, c = 8;
	int same = 0;
	(void)state;

	for (int i = 0; i < 100; i++) {
		uint64_t wait = health_wait_ns(&how, &a);

		assert_int_equal(wait, health_wait_ns(&how, &b));
		same += wait == health_wait_ns(&how, &c);
	}
	assert_in_range(same, 0, 1);
}

static void a_lone_backend_is_first_checked_at_once(void **state)
{
	struct check how = { .interval_ms = 10000, .jitter = 100 };
	uint64_t random = 1;
	(void)state;

	assert_int_equal(health_first_wait_ns(&how, 0, &random), 0);
}

static void the_first_checks_of_many_are_spread_over_a_tenth_of_the_interval(void **state)
{
	struct check how = { .interval_ms = 10000 };
	unsigned tenths[10] = {};
	uint64_t random = 1;
	(void)state;

	for (size_t i = 0; i < 20; i++)
		assert_in_range(health_first_wait_ns(&how, i, &random), 0, i * MS);
	for (size_t i = 0; i < 10000; i++) {
		uint64_t wait = health_first_wait_ns(&how, 100000, &random);

		assert_in_range(wait, 0, 1000 * MS);
		tenths[wait / (100 * MS) % 10]++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(tenths); i++)
		assert_in_range(tenths[i], 800, 1200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_before_the_first_result_and_counts_as_alive),
		cmocka_unit_test(the_first_result_decides_at_once),
		cmocka_unit_test(fall_bad_results_in_a_row_bring_a_backend_down),
		cmocka_unit_test(rise_good_results_in_a_row_bring_it_up),
		cmocka_unit_test(a_state_is_left_and_entered_again_by_whole_rows_alone),
		cmocka_unit_test(the_streak_is_what_speaks_against_the_state),
		cmocka_unit_test(checks_are_an_interval_apart_give_or_take_the_jitter),
		cmocka_unit_test(without_jitter_the_interval_is_exact),
		cmocka_unit_test(the_longest_interval_does_not_overflow),
		cmocka_unit_test(the_same_generator_gives_the_same_waits),
		cmocka_unit_test(a_lone_backend_is_first_checked_at_once),
		cmocka_unit_test(the_first_checks_of_many_are_spread_over_a_tenth_of_the_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
