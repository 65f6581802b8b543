// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "core/backend/standing.h"

#define S NS_PER_S
#define NOW (1000 * S)

static struct service service(void)
{
	struct service s;

	service_init(&s);
	return s;
}

static struct standing one(uint32_t weight)
{
	return (struct standing){ .weight = weight };
}

static struct standing down(uint32_t weight)
{
	return (struct standing){ .weight = weight, .down = true };
}

static struct standing joining(uint32_t weight)
{
	return (struct standing){ .weight = weight, .joining = true };
}

/* What counts of each, and who is dead, as text: "1000 0+ 500": + is dead. */
static void expect_at(const struct service *s, struct standing *list, size_t count, uint64_t now,
		      const char *wanted, uint64_t next)
{
	char got[256] = "";
	uint64_t ret = ~0ull;
	int at = 0;

	standings_weigh(s, list, count, now, &ret);
	for (size_t i = 0; i < count; i++)
		at += snprintf(got + at, sizeof(got) - at, "%s%u%s", i ? " " : "",
			       list[i].counts, list[i].dead ? "+" : "");
	assert_string_equal(got, wanted);
	assert_int_equal(ret, next);
}

#define expect(s, list, wanted) expect_at(s, list, ARRAY_SIZE(list), NOW, wanted, 0)

static void all_that_are_active_and_alive_count_in_full(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), one(0), one(2500) };
	(void)state;

	expect(&s, list, "1000 0 2500");
}

static void a_backend_that_is_down_is_dead_and_counts_nothing(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), down(1000) };
	(void)state;

	expect(&s, list, "1000 0+");
}

static void with_all_of_them_down_all_are_dead_unless_the_service_keeps_them(void **state)
{
	struct service s = service();
	struct standing list[] = { down(1000), down(3000) };
	(void)state;

	expect(&s, list, "0+ 0+");
	s.all_down = ALL_DOWN_PASS;
	expect(&s, list, "0+ 0+");
	s.all_down = ALL_DOWN_KEEP;
	expect(&s, list, "1000 3000");
}

static void kept_are_those_that_are_wanted_alone(void **state)
{
	struct service s = service();
	struct standing list[] = { down(1000), down(1000), one(1000) };
	(void)state;

	s.all_down = ALL_DOWN_KEEP;
	list[1].state = BACKEND_DRAINING;
	list[2].state = BACKEND_MAINTENANCE;	/* alive, but takes nothing */
	expect(&s, list, "1000 0 0");
	list[0].down = false;
	expect(&s, list, "1000 0+ 0");
}

static void a_backend_that_is_new_waits_for_its_first_check_but_is_not_dead(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), joining(1000) };
	(void)state;

	expect(&s, list, "1000 0");
}

static void below_the_share_of_panic_health_is_not_believed(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), down(1000), down(500), one(500) };
	(void)state;

	s.panic = 500;
	expect(&s, list, "1000 0+ 0+ 500");	/* exactly half */
	list[3].down = true;
	expect(&s, list, "1000 1000 500 500");
	s.panic = 334;
	expect(&s, list, "1000 1000 500 500");
	s.panic = 333;
	expect(&s, list, "1000 0+ 0+ 0+");
	s.panic = 0;
	list[0].down = true;
	expect(&s, list, "0+ 0+ 0+ 0+");
	s.panic = 1;
	expect(&s, list, "1000 1000 500 500");
}

static void who_is_not_wanted_has_no_say_in_panic(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), down(5000), one(5000) };
	(void)state;

	s.panic = 500;
	list[1].state = BACKEND_DRAINING;
	expect(&s, list, "1000 0+ 5000");
	list[2].down = true;
	list[2].state = BACKEND_MAINTENANCE;
	expect(&s, list, "1000 0+ 0+");
}

static void many_that_are_new_are_no_reason_for_panic(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), joining(9000), down(1000) };
	(void)state;

	s.panic = 500;
	expect(&s, list, "1000 0 0+");
	list[0].down = true;
	expect(&s, list, "1000 9000 1000");
}

static void what_drains_counts_nothing_and_is_dead_when_its_time_is_over(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), one(1000), one(1000) };
	(void)state;

	list[1].state = BACKEND_DRAINING;
	list[1].drain_until = NOW + 5;
	list[2].state = BACKEND_MAINTENANCE;
	list[2].drain_until = NOW + 9;
	expect_at(&s, list, 3, NOW, "1000 0 0", NOW + 5);
	expect_at(&s, list, 3, NOW + 4, "1000 0 0", NOW + 5);
	expect_at(&s, list, 3, NOW + 5, "1000 0+ 0", NOW + 9);
	expect_at(&s, list, 3, NOW + 9, "1000 0+ 0+", 0);
}

static void draining_dead_ones_die_also_where_health_is_not_believed(void **state)
{
	struct service s = service();
	struct standing list[] = { down(1000), down(1000) };
	(void)state;

	s.panic = 1000;
	list[1].state = BACKEND_DRAINING;
	list[1].drain_until = NOW;
	expect(&s, list, "1000 0+");
}

static void who_comes_back_gains_its_weight_in_ten_steps(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000) };
	(void)state;

	s.slow_start_ms = 30000;
	list[0].ramp_from = NOW;
	for (uint32_t step = 0; step < 9; step++) {
		uint64_t at = NOW + step * 3 * S;
		char wanted[16];

		snprintf(wanted, sizeof(wanted), "%u", (step + 1) * 100);
		expect_at(&s, list, 1, at, wanted, at + 3 * S);
		expect_at(&s, list, 1, at + 3 * S - 1, wanted, at + 3 * S);
	}
	expect_at(&s, list, 1, NOW + 27 * S, "1000", 0);
	expect_at(&s, list, 1, NOW + 1000 * S, "1000", 0);
}

static void a_step_is_never_nothing_where_there_is_a_weight(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1), one(0), one(15) };
	(void)state;

	s.slow_start_ms = 10000;
	for (size_t i = 0; i < 3; i++)
		list[i].ramp_from = NOW;
	expect_at(&s, list, 3, NOW, "1 0 2", NOW + S);
}

static void without_slow_start_all_is_back_at_once(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), one(1000) };
	(void)state;

	list[0].ramp_from = NOW;
	expect(&s, list, "1000 1000");
}

static void the_next_time_is_the_soonest_of_all(void **state)
{
	struct service s = service();
	struct standing list[] = { one(1000), one(1000), one(1000) };
	(void)state;

	s.slow_start_ms = 10000;
	list[0].ramp_from = NOW - S / 2;
	list[1].ramp_from = NOW - S / 4;
	list[2].state = BACKEND_DRAINING;
	list[2].drain_until = NOW + S / 3;
	expect_at(&s, list, 3, NOW, "100 100 0", NOW + S / 3);
	expect_at(&s, list, 3, NOW + S / 3, "100 100 0+", NOW + S / 2);
	/* One that is down does not ramp. */
	list[0].down = true;
	expect_at(&s, list, 3, NOW + S / 3, "0+ 100 0+", NOW + 3 * S / 4);
}

static void no_backend_at_all_is_no_matter(void **state)
{
	struct service s = service();
	(void)state;

	s.panic = 500;
	expect_at(&s, NULL, 0, NOW, "", 0);
	s.all_down = ALL_DOWN_KEEP;
	expect_at(&s, NULL, 0, NOW, "", 0);
}

static void who_joins_is_better_than_nobody(void **state)
{
	struct standing list[] = { joining(1000), down(1000) };
	struct service s = {};
	uint64_t next;

	(void)state;
	standings_weigh(&s, list, 2, 1, &next);
	assert_int_equal(list[0].counts, 1000);
	assert_int_equal(list[1].counts, 0);
}

/* Its replies would get another VIP: that is worse than nobody. */
static void who_waits_gets_nothing_and_is_no_reason_for_panic(void **state)
{
	struct standing list[] = { one(1000), one(5000), joining(1000) };
	struct service s = service();

	(void)state;
	list[1].waits = true;
	s.panic = 900;
	expect(&s, list, "1000 0 0");
	list[0].down = true;
	expect(&s, list, "1000 0 1000");
	s.panic = 0;
	expect(&s, list, "0+ 0 1000");
	s.all_down = ALL_DOWN_KEEP;
	expect(&s, list, "1000 0 1000");
	expect_at(&s, &list[1], 1, NOW, "0", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_joins_is_better_than_nobody),
		cmocka_unit_test(who_waits_gets_nothing_and_is_no_reason_for_panic),
		cmocka_unit_test(all_that_are_active_and_alive_count_in_full),
		cmocka_unit_test(a_backend_that_is_down_is_dead_and_counts_nothing),
		cmocka_unit_test(with_all_of_them_down_all_are_dead_unless_the_service_keeps_them),
		cmocka_unit_test(kept_are_those_that_are_wanted_alone),
		cmocka_unit_test(a_backend_that_is_new_waits_for_its_first_check_but_is_not_dead),
		cmocka_unit_test(below_the_share_of_panic_health_is_not_believed),
		cmocka_unit_test(who_is_not_wanted_has_no_say_in_panic),
		cmocka_unit_test(many_that_are_new_are_no_reason_for_panic),
		cmocka_unit_test(what_drains_counts_nothing_and_is_dead_when_its_time_is_over),
		cmocka_unit_test(draining_dead_ones_die_also_where_health_is_not_believed),
		cmocka_unit_test(who_comes_back_gains_its_weight_in_ten_steps),
		cmocka_unit_test(a_step_is_never_nothing_where_there_is_a_weight),
		cmocka_unit_test(without_slow_start_all_is_back_at_once),
		cmocka_unit_test(the_next_time_is_the_soonest_of_all),
		cmocka_unit_test(no_backend_at_all_is_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
