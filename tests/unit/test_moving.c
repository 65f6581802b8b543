// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/ring/moving.h"

#define SINCE 1000u
#define WINDOW 300u
#define SETTLE 3600u

static enum moving_due due(uint32_t age, bool walked, uint32_t *ret_next)
{
	struct moving_times t = { SINCE + age, WINDOW, SETTLE };

	return moving_due(SINCE, &t, walked, ret_next);
}

static void what_has_just_changed_waits_for_the_udp_window(void **state)
{
	uint32_t next;

	(void)state;
	assert_int_equal(due(0, true, &next), MOVING_WAITS);
	assert_int_equal(next, SINCE + WINDOW);
	assert_int_equal(due(WINDOW - 1, true, &next), MOVING_WAITS);
	assert_int_equal(next, SINCE + WINDOW);
}

static void udp_flows_are_new_ones_between_window_and_settle_time(void **state)
{
	uint32_t next;

	(void)state;
	assert_int_equal(due(WINDOW, true, &next), MOVING_UDP_NEW);
	assert_int_equal(next, SINCE + SETTLE);
	assert_int_equal(due(SETTLE - 1, false, &next), MOVING_UDP_NEW);
	assert_int_equal(next, SINCE + SETTLE);
}

static void old_becomes_newest_after_the_settle_time_and_a_walk(void **state)
{
	uint32_t next;

	(void)state;
	assert_int_equal(due(SETTLE, false, &next), MOVING_WAITS);
	assert_int_equal(next, 0);
	assert_int_equal(due(SETTLE, true, &next), MOVING_OVER);
	assert_int_equal(next, 0);
}

static void a_held_flow_begins_another_settle_time(void **state)
{
	struct moving_times t = { SINCE + SETTLE, WINDOW, SETTLE };
	uint32_t since = SINCE, next;

	(void)state;
	assert_int_equal(moving_again(&since, &t), SINCE + SETTLE + WINDOW);
	assert_int_equal(moving_due(since, &t, true, &next), MOVING_WAITS);
	assert_int_equal(next, SINCE + SETTLE + WINDOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_just_changed_waits_for_the_udp_window),
		cmocka_unit_test(udp_flows_are_new_ones_between_window_and_settle_time),
		cmocka_unit_test(old_becomes_newest_after_the_settle_time_and_a_walk),
		cmocka_unit_test(a_held_flow_begins_another_settle_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
