// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/model/model.h"
#include "core/place/waterfall.h"
#include "core/value/number.h"

/* 1 / 1.4, what Envoy overprovisions its priority levels by. */
#define ENVOY 714

static void assert_whole(const struct waterfall_region *r, size_t count)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += r[i].share;
	assert_int_equal(sum, 1000);
}

/* The examples of Envoy's "Priority levels", percents alive and of the traffic. */
static void shares_are_those_that_envoy_tells_of_priority_levels(void **state)
{
	static const struct {
		unsigned count;
		unsigned alive[3];
		int share[3];
	} examples[] = {
		{ 2, { 100, 100 }, { 100, 0 } },
		{ 2, { 72, 72 }, { 100, 0 } },
		{ 2, { 71, 71 }, { 99, 1 } },
		{ 2, { 50, 60 }, { 70, 30 } },
		{ 2, { 25, 100 }, { 35, 65 } },
		{ 2, { 0, 100 }, { 0, 100 } },
		{ 2, { 25, 25 }, { 50, 50 } },
		{ 3, { 100, 100, 100 }, { 100, 0, 0 } },
		{ 3, { 72, 72, 100 }, { 100, 0, 0 } },
		{ 3, { 71, 71, 100 }, { 99, 1, 0 } },
		{ 3, { 50, 60, 100 }, { 70, 30, 0 } },
		{ 3, { 25, 100, 100 }, { 35, 65, 0 } },
		{ 3, { 25, 25, 100 }, { 35, 35, 30 } },
		{ 3, { 25, 25, 20 }, { 36, 36, 28 } },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct waterfall_region r[3] = {};

		for (unsigned k = 0; k < examples[i].count; k++)
			r[k] = (struct waterfall_region){ 100000, examples[i].alive[k] * 1000 };
		assert_int_equal(waterfall_shares(SPILLOVER_WATERFALL, ENVOY, r,
						  examples[i].count), 0);
		assert_whole(r, examples[i].count);
		for (unsigned k = 0; k < examples[i].count; k++)
			/* It cuts percents where this rounds thousandths. */
			assert_in_range(r[k].share + 10, examples[i].share[k] * 10 + 2,
					examples[i].share[k] * 10 + 18);
	}
}

static void traffic_stays_until_the_threshold_and_then_leaves_little_by_little(void **state)
{
	uint32_t before = 1000;
	(void)state;

	for (uint32_t alive = 1000; alive <= 1000; alive--) {
		struct waterfall_region r[2] = { { 1000, alive }, { 500, 500 } };

		assert_int_equal(waterfall_shares(SPILLOVER_WATERFALL, THRESHOLD_DEFAULT, r, 2), 0);
		assert_whole(r, 2);
		if (alive >= THRESHOLD_DEFAULT)
			assert_int_equal(r[0].share, 1000);
		if (alive == THRESHOLD_DEFAULT - 1)
			assert_int_equal(r[0].share, 999);
		assert_in_range(r[0].share, before > 2 ? before - 2 : 0, before);
		before = r[0].share;
	}
	assert_int_equal(before, 0);
}

static void with_spillover_none_only_the_first_region_has_traffic(void **state)
{
	struct waterfall_region r[] = { { 10, 1 }, { 10, 10 } };
	(void)state;

	assert_int_equal(waterfall_shares(SPILLOVER_NONE, THRESHOLD_DEFAULT, r, 2), 0);
	assert_int_equal(r[0].share, 1000);
	assert_int_equal(r[1].share, 0);
	r[0].healthy = 0;
	assert_int_equal(waterfall_shares(SPILLOVER_NONE, THRESHOLD_DEFAULT, r, 2), -ENOENT);
	assert_int_equal(r[0].share + r[1].share, 0);
}

static void spray_goes_by_what_is_alive(void **state)
{
	struct waterfall_region r[] = { { 3000, 1000 }, { 1000, 1000 }, { 1000, 1000 }, { 9, 0 } };
	(void)state;

	assert_int_equal(waterfall_shares(SPILLOVER_SPRAY, THRESHOLD_DEFAULT, r, 4), 0);
	assert_int_equal(r[0].share, 334);
	assert_int_equal(r[1].share, 333);
	assert_int_equal(r[2].share, 333);
	assert_int_equal(r[3].share, 0);
}

static void where_nothing_is_alive_nobody_has_a_share(void **state)
{
	struct waterfall_region r[] = { { 10, 0, 500 }, { 0, 0, 500 } };
	(void)state;

	for (enum spillover mode = SPILLOVER_NONE; mode <= SPILLOVER_SPRAY; mode++) {
		assert_int_equal(waterfall_shares(mode, THRESHOLD_DEFAULT, r, 2), -ENOENT);
		assert_int_equal(r[0].share + r[1].share, 0);
		assert_int_equal(waterfall_shares(mode, THRESHOLD_DEFAULT, r, 0), -ENOENT);
	}
}

static uint64_t random_weight(void)
{
	return (uint64_t)random() % (random() % 2 ? 10 : 30000000000);
}

static void shares_are_whole_and_go_only_where_something_is_alive(void **state)
{
	(void)state;

	srandom(1);
	for (int i = 0; i < 50000; i++) {
		struct waterfall_region r[6];
		size_t count = 1 + (size_t)random() % ARRAY_SIZE(r);
		uint32_t threshold = 1 + (uint32_t)random() % 1000;
		uint64_t alive = 0;

		for (size_t k = 0; k < count; k++) {
			r[k].total = random_weight();
			r[k].healthy = random() % 3 ? (uint64_t)random() % (r[k].total + 1) : 0;
			alive += r[k].healthy;
		}
		if (!alive)
			continue;
		assert_int_equal(waterfall_shares(SPILLOVER_WATERFALL + random() % 2, threshold, r,
						  count), 0);
		assert_whole(r, count);
		for (size_t k = 0; k < count; k++)
			assert_true(r[k].healthy || !r[k].share);
	}
}

/* A region that loses weight gives to the later ones, and never to an earlier one. */
static void a_loss_moves_traffic_down_the_order_only(void **state)
{
	(void)state;

	for (int i = 0; i < 20000; i++) {
		struct waterfall_region a[4], b[4];
		size_t lossy = (size_t)random() % 4;
		uint64_t loss;

		for (size_t k = 0; k < 4; k++)
			a[k] = (struct waterfall_region){ 1000, (uint64_t)random() % 1001 };
		a[3].healthy = 1000;	/* together they can take it all */
		memcpy(b, a, sizeof(a));
		loss = a[lossy].healthy / 100;
		b[lossy].healthy -= lossy < 3 ? loss : 0;
		waterfall_shares(SPILLOVER_WATERFALL, THRESHOLD_DEFAULT, a, 4);
		waterfall_shares(SPILLOVER_WATERFALL, THRESHOLD_DEFAULT, b, 4);
		for (size_t k = 0; k < 4; k++) {
			int64_t moved = (int64_t)b[k].part - (int64_t)a[k].part;

			assert_true(k < lossy ? !moved : k == lossy ? moved <= 0 : moved >= 0);
			/* No cliff: by no more than the loss, overprovisioned. */
			assert_true(llabs(moved) <= (int64_t)(loss * 1000000 * 1000 /
							      THRESHOLD_DEFAULT) + 1);
		}
	}
}

/* ---- weights ---- */

static void a_region_that_takes_all_keeps_its_weights(void **state)
{
	struct waterfall_region r[] = { { 4000, 3500 }, { 2000, 2000 } };
	struct waterfall_backend b[] = { { 0, 1000 }, { 0, 2500 }, { 1, 2000 }, { 0, 0 } };
	(void)state;

	waterfall_shares(SPILLOVER_WATERFALL, THRESHOLD_DEFAULT, r, 2);
	waterfall_weights(r, 2, b, ARRAY_SIZE(b));
	assert_int_equal(b[0].effective, 1000);
	assert_int_equal(b[1].effective, 2500);
	assert_int_equal(b[2].effective, 0);
	assert_int_equal(b[3].effective, 0);
}

static void weights_on_the_ring_are_as_the_shares(void **state)
{
	(void)state;

	for (int i = 0; i < 20000; i++) {
		struct waterfall_region r[3] = {};
		struct waterfall_backend b[30];
		uint64_t sum[3] = {}, all = 0;

		for (size_t k = 0; k < ARRAY_SIZE(b); k++) {
			b[k] = (struct waterfall_backend){
				k % 3, 500 + (uint32_t)random() % 20000, 0
			};
			r[k % 3].total += b[k].weight;
			r[k % 3].healthy += b[k].weight;
		}
		for (int k = 0; k < 3; k++)
			r[k].total += (uint64_t)random() % (4 * r[k].total);
		assert_int_equal(waterfall_shares(SPILLOVER_WATERFALL, THRESHOLD_DEFAULT, r, 3), 0);
		waterfall_weights(r, 3, b, ARRAY_SIZE(b));
		for (size_t k = 0; k < ARRAY_SIZE(b); k++) {
			sum[k % 3] += b[k].effective;
			all += b[k].effective;
		}
		assert_int_equal(sum[0], r[0].healthy);
		for (int k = 0; k < 3; k++)
			assert_in_range(sum[k] * 1000 + all, r[k].share * all + all - all / 2,
					r[k].share * all + all + all / 2);
	}
}

static void a_survivor_keeps_its_weight_while_traffic_spills(void **state)
{
	struct waterfall_region r[] = { { 10000, 3000 }, { 10000, 10000 } };
	struct waterfall_backend b[] = { { 0, 1000 }, { 1, 1000 } };
	(void)state;

	/* 417 of 1000 stay, on three backends where 583 are on ten. */
	waterfall_shares(SPILLOVER_WATERFALL, THRESHOLD_DEFAULT, r, 2);
	assert_int_equal(r[0].share, 417);
	waterfall_weights(r, 2, b, 2);
	assert_int_equal(b[0].effective, 1000);
	assert_int_equal(b[1].effective, (583 * 3000 + 2085) / 4170);
}

static void weights_stay_within_what_a_backend_may_have(void **state)
{
	struct waterfall_region r[] = { { WEIGHT_MAX, WEIGHT_MAX }, { 2, 2 } };
	struct waterfall_backend b[] = { { 0, WEIGHT_MAX }, { 1, 1 }, { 1, 1 } };
	(void)state;

	/* 1 of weight beside 1,000,000, and they are to share evenly. */
	r[0].share = r[1].share = 500;
	waterfall_weights(r, 2, b, 3);
	assert_int_equal(b[0].effective, WEIGHT_MAX);
	assert_int_equal(b[1].effective, WEIGHT_MAX / 2);
	/* The other way round all are weighed in the scale in which the most fits. */
	r[0].share = 1;
	r[1].share = 999;
	waterfall_weights(r, 2, b, 3);
	assert_int_equal(b[1].effective, WEIGHT_MAX);
	assert_int_equal(b[0].effective, 2002);
	/* What has weight and a share is never without. */
	r[0].share = 999;
	r[1] = (struct waterfall_region){ WEIGHT_MAX, WEIGHT_MAX, 1 };
	waterfall_weights(r, 2, b, 3);
	assert_int_equal(b[0].effective, WEIGHT_MAX);
	assert_int_equal(b[1].effective, 1);
	b[0].weight = 1;
	r[0].share = 1;
	r[1] = (struct waterfall_region){ 2, 2, 999 };
	waterfall_weights(r, 2, b, 3);
	assert_int_equal(b[0].effective, 1);
}

static void weights_are_rounded_half_up(void **state)
{
	struct waterfall_region r[] = { { 2, 2, 400 }, { 2, 2, 600 } };
	struct waterfall_backend b[] = { { 0, 1 }, { 1, 1 } };
	(void)state;

	waterfall_weights(r, 2, b, 2);
	assert_int_equal(b[0].effective, 1);
	assert_int_equal(b[1].effective, 2);
}

static void modes_are_words(void **state)
{
	enum spillover mode;
	(void)state;

	for (enum spillover m = SPILLOVER_NONE; m <= SPILLOVER_SPRAY; m++) {
		assert_int_equal(spillover_parse(spillover_print(m), &mode), 0);
		assert_int_equal(mode, m);
	}
	assert_int_equal(spillover_parse("all", &mode), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_those_that_envoy_tells_of_priority_levels),
		cmocka_unit_test(traffic_stays_until_the_threshold_and_then_leaves_little_by_little),
		cmocka_unit_test(with_spillover_none_only_the_first_region_has_traffic),
		cmocka_unit_test(spray_goes_by_what_is_alive),
		cmocka_unit_test(where_nothing_is_alive_nobody_has_a_share),
		cmocka_unit_test(shares_are_whole_and_go_only_where_something_is_alive),
		cmocka_unit_test(a_loss_moves_traffic_down_the_order_only),
		cmocka_unit_test(a_region_that_takes_all_keeps_its_weights),
		cmocka_unit_test(weights_on_the_ring_are_as_the_shares),
		cmocka_unit_test(a_survivor_keeps_its_weight_while_traffic_spills),
		cmocka_unit_test(weights_stay_within_what_a_backend_may_have),
		cmocka_unit_test(weights_are_rounded_half_up),
		cmocka_unit_test(modes_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
