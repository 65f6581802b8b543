// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include <xring/abi.h>

#include "core/backend/load.h"

static bool near(double a, double b)
{
	return fabs(a - b) < 0.01;
}

static void a_share_is_beside_the_weighted_one(void **state)
{
	struct load loads[3] = { { .packets = 4000, .weight = 2000 },
				 { .packets = 1000, .weight = 1000 },
				 { .packets = 3000, .weight = 1000 } };

	(void)state;
	loads_weigh(loads, 3);
	assert_true(near(loads[0].share, 1));
	assert_true(near(loads[1].share, 0.5));
	assert_true(near(loads[2].share, 1.5));
	assert_int_equal(load_per_bound(&loads[2], 1250), 1200);
	assert_int_equal(load_per_bound(&loads[2], 1500), XRING_LOAD_FULL);
}

static void the_greater_of_packets_and_new_flows_counts(void **state)
{
	struct load loads[2] = { { .packets = 1000, .flows = 300, .weight = 1000 },
				 { .packets = 1000, .flows = 100, .weight = 1000 } };

	(void)state;
	loads_weigh(loads, 2);
	assert_true(near(loads[0].share, 1.5));
	assert_true(near(loads[1].share, 1));
}

static void a_flood_of_syns_is_no_load(void **state)
{
	struct load loads[2] = { { .packets = 1000, .flows = 1e6, .weight = 1000 },
				 { .packets = 1000, .flows = 400, .weight = 1000 } };

	(void)state;
	loads_weigh(loads, 2);
	assert_true(loads[0].share < 1.25);
}

static void what_takes_no_new_flows_is_not_counted(void **state)
{
	struct load loads[2] = { { .packets = 9000, .weight = 0 },
				 { .packets = 1000, .weight = 1000 } };

	(void)state;
	loads_weigh(loads, 2);
	assert_true(near(loads[0].share, 0));
	assert_true(near(loads[1].share, 1));
}

static void few_packets_are_chance(void **state)
{
	struct load loads[2] = { { .packets = 20, .weight = 1000 },
				 { .packets = 1, .weight = 1000 } };

	(void)state;
	loads_weigh(loads, 2);
	assert_true(near(loads[0].share, 0));
}

static void a_second_old_counts_a_third(void **state)
{
	struct load load = {};

	(void)state;
	load_add(&load, 1000, 100, 0.02);
	load_add(&load, 0, 0, 1);
	assert_true(near(load.packets, 367.88));
	assert_true(near(load.flows, 36.79));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_is_beside_the_weighted_one),
		cmocka_unit_test(the_greater_of_packets_and_new_flows_counts),
		cmocka_unit_test(a_flood_of_syns_is_no_load),
		cmocka_unit_test(what_takes_no_new_flows_is_not_counted),
		cmocka_unit_test(few_packets_are_chance),
		cmocka_unit_test(a_second_old_counts_a_third),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
