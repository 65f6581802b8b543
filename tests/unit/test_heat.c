// SPDX-License-Identifier: GPL-2.0-or-later
/* From sketches to rates, and from rates to verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/hot/judge.h"
#include "core/model/model.h"

#define NUMBER 3
#define CPUS 2
#define WINDOW_MS 100

/* ---- sketches ---- */

struct sketch {
	struct xring_heat heat[CPUS];
};

static void tally_of(struct sketch *s, struct heat_tally *ret)
{
	struct xring_heat *cpus[CPUS] = { &s->heat[0], &s->heat[1] };

	assert_int_equal(heat_tally(cpus, CPUS, ret), 0);
}

static void put(struct sketch *s, int cpu, uint32_t number, uint32_t hash, uint32_t count)
{
	uint32_t print = XRING_HEAT_PRINT(hash, number), place = XRING_HEAT_PLACE(print, 99);

	s->heat[cpu].word[place] = XRING_HEAT_OWNER(print, number) << XRING_HEAT_COUNT_BITS | count;
	s->heat[cpu].key[place] = (struct xring_heat_key){ .flow.ports = hash, .number = number,
							   .hash = hash };
}

static void a_key_of_several_cpus_is_seen_once(void **state)
{
	struct sketch *s = calloc(1, sizeof(*s));
	struct heat_tally tally;

	(void)state;
	put(s, 0, NUMBER, 1000, 70);
	put(s, 1, NUMBER, 1000, 30);
	put(s, 0, NUMBER + 1, 5000, 4);
	put(s, 0, NUMBER, 9000, 3);		/* too few to be known by name */
	tally_of(s, &tally);
	assert_int_equal(tally.seen_count, 2);
	assert_int_equal(tally.seen[0].number, NUMBER);
	assert_int_equal(tally.seen[0].hash, 1000);
	assert_int_equal(tally.seen[0].count, 100);
	assert_int_equal(tally.taken, 3);
	assert_int_equal(tally.places[NUMBER], 2);
	heat_tally_clear(&tally);
	free(s);
}

static void a_sample_of_the_last_owner_of_a_word_is_not_believed(void **state)
{
	struct sketch *s = calloc(1, sizeof(*s));
	struct heat_tally tally;
	uint32_t place = XRING_HEAT_PLACE(XRING_HEAT_PRINT(1000, NUMBER), 99);

	(void)state;
	put(s, 0, NUMBER, 1000, 70);
	s->heat[0].key[place].hash = 1001;
	tally_of(s, &tally);
	assert_int_equal(tally.seen_count, 0);
	heat_tally_clear(&tally);
	free(s);
}

/* So many keys of two services, one packet each; how many there were of the first? */
static double distinct_of(uint32_t mine, uint32_t others)
{
	struct sketch *s = calloc(1, sizeof(*s));
	struct heat_tally tally;
	double distinct;

	srandom(mine);
	for (uint32_t i = 0; i < mine + others; i++)
		put(s, i % CPUS, NUMBER + (i >= mine), random() * 2654435761u, 1);
	tally_of(s, &tally);
	distinct = heat_distinct(&tally, NUMBER);
	heat_tally_clear(&tally);
	free(s);
	return distinct;
}

static void distinct_keys_are_counted_by_the_places_they_take(void **state)
{
	(void)state;
	assert_true(fabs(distinct_of(10, 0) - 10) < 1);
	assert_true(fabs(distinct_of(1000, 0) / 1000 - 1) < 0.05);
	assert_true(fabs(distinct_of(10000, 0) / 10000 - 1) < 0.1);
	assert_true(fabs(distinct_of(1000, 1000) / 1000 - 1) < 0.15);
	assert_true(distinct_of(200000, 0) > 30000);
}

/* ---- rates ---- */

struct watched {
	struct heat_service s;
	uint64_t now;
	struct hot hot;
	double backends;
	bool whole_flows;
	unsigned proven;		/* of 50 packets that are kept; so many in a window */
	enum heat_state told;
	unsigned tellings;
};

static void told(void *context, const struct heat_key *key, enum heat_state was)
{
	struct watched *w = context;

	(void)was;
	w->told = key->state;
	w->tellings++;
}

static struct watched watched_new(void)
{
	return (struct watched){ .now = 1000 * NS_PER_S, .backends = 10, .proven = 20,
				 .hot = { HOT_FACTOR, HOT_FLOOR, 10000, HOT_SHARDS, 1 } };
}

/* One window in which the key 7 had so many packets, of so many in all. */
static void window(struct watched *w, uint32_t count, uint64_t packets, double distinct,
		   uint16_t port)
{
	struct heat_seen seen = { NUMBER, 7, count, 50, w->proven,
				  { .ports = port, .proto = 6, .family = 4 } };
	struct judge_rules rules = { &w->hot, w->backends, w->whole_flows,
				     w->now += WINDOW_MS * NS_PER_MS, w->now / NS_PER_MS };
	struct heat_window heat = { &seen, count > 0, distinct, packets, WINDOW_MS * NS_PER_MS,
				    WINDOW_MS * NS_PER_MS, 0.25 * judge_threshold(&w->s, &rules) };

	assert_int_equal(heat_update(&w->s, &heat), 0);
	judge(&w->s, &rules, told, w);
}

static void windows(struct watched *w, unsigned n, uint32_t count, uint64_t packets)
{
	for (unsigned i = 0; i < n; i++)
		window(w, count, packets, 100, i);
}

static enum heat_state state_now(const struct watched *w)
{
	const struct heat_key *key = heat_key(&w->s, 7);

	return key ? key->state : HEAT_NONE;
}

static void a_rate_follows_a_change_within_half_a_second(void **state)
{
	struct watched w = watched_new();

	(void)state;
	windows(&w, 40, 400, 10000);
	assert_true(fabs(heat_rate(&heat_key(&w.s, 7)->pace) - 4000) < 1);
	windows(&w, 5, 1000, 10000);
	assert_true(fabs(heat_rate(&heat_key(&w.s, 7)->pace) / 10000 - 1) < 0.3);
	windows(&w, 20, 1000, 10000);
	assert_true(fabs(heat_rate(&heat_key(&w.s, 7)->pace) / 10000 - 1) < 0.05);
	heat_service_clear(&w.s);
}

static void a_window_shared_with_a_heavier_key_is_left_out_once(void **state)
{
	struct watched w = watched_new();

	(void)state;
	windows(&w, 20, 1000, 10000);
	windows(&w, 1, 0, 10000);
	assert_true(fabs(heat_rate(&heat_key(&w.s, 7)->pace) / 10000 - 1) < 0.01);
	windows(&w, 10, 300, 10000);
	assert_true(fabs(heat_rate(&heat_key(&w.s, 7)->pace) / 3000 - 1) < 0.2);
	heat_service_clear(&w.s);
}

static void what_is_below_notice_is_followed_no_more(void **state)
{
	struct watched w = watched_new();

	(void)state;
	windows(&w, 10, 500, 10000);
	assert_non_null(heat_key(&w.s, 7));
	w.hot.hold_ms = 0;
	windows(&w, 40, 0, 10000);
	assert_null(heat_key(&w.s, 7));
	heat_service_clear(&w.s);
}

/* ---- verdicts ---- */

static void the_threshold_is_the_greatest_of_three(void **state)
{
	struct watched w = watched_new();
	struct judge_rules rules = { &w.hot, 10, false, 0, 0 };

	(void)state;
	windows(&w, 50, 100, 10000);		/* 100,000 a second, 100 keys */
	assert_true(fabs(judge_threshold(&w.s, &rules) / 5000 - 1) < 0.01);	/* 5 x 1,000 */
	w.hot.factor = 1000;
	w.hot.floor = 500;			/* half of a tenth */
	assert_true(fabs(judge_threshold(&w.s, &rules) / 5000 - 1) < 0.01);
	w.hot.floor = 0;
	rules.backends = 1000;
	assert_true(fabs(judge_threshold(&w.s, &rules) / 1000 - 1) < 0.01);	/* 1 x the average */
	for (unsigned i = 0; i < 100; i++)
		window(&w, 100, 10000, 30000, i);
	assert_true(fabs(judge_threshold(&w.s, &rules) / 100 - 1) < 0.05);	/* a thousandth */
	heat_service_clear(&w.s);
}

static void a_hot_key_is_split_once_it_is_known_to_be_of_many_flows(void **state)
{
	struct watched w = watched_new();

	(void)state;
	windows(&w, 20, 300, 10000);		/* 3 times the average */
	assert_int_equal(state_now(&w), HEAT_NONE);
	windows(&w, 10, 5000, 10000);
	assert_int_equal(state_now(&w), HEAT_SPLIT);
	assert_true(heat_key(&w.s, 7)->split);
	heat_service_clear(&w.s);
}

/* A stranger sends in the name of a client that has some flows of its own. */
static void a_key_whose_traffic_is_not_of_flows_is_hot_and_not_split(void **state)
{
	struct watched w = watched_new();

	(void)state;
	w.hot.proven = 1;
	w.proven = 0;
	windows(&w, 12, 5000, 10000);
	assert_int_equal(state_now(&w), HEAT_HOT);
	for (int i = 0; i < 100; i++) {
		w.proven = i % 4 == 0;
		window(&w, 5000, 10000, 100, i);
	}
	assert_int_equal(state_now(&w), HEAT_HOT);
	w.proven = 5;
	windows(&w, 12, 5000, 10000);
	assert_int_equal(state_now(&w), HEAT_SPLIT);
	heat_service_clear(&w.s);
	w = watched_new();			/* where nobody asks for proof */
	w.proven = 0;
	windows(&w, 12, 5000, 10000);
	assert_int_equal(state_now(&w), HEAT_SPLIT);
	heat_service_clear(&w.s);
}

static void one_flow_is_an_elephant(void **state)
{
	struct watched w = watched_new();

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		window(&w, 5000, 10000, 100, 80);
	assert_int_equal(state_now(&w), HEAT_ELEPHANT);
	assert_false(heat_key(&w.s, 7)->split);
	windows(&w, 8, 5000, 10000);		/* it turns out to be many */
	assert_int_equal(state_now(&w), HEAT_SPLIT);
	heat_service_clear(&w.s);
}

static void so_is_one_that_another_connection_came_before(void **state)
{
	struct watched w = watched_new();

	(void)state;
	window(&w, 5000, 10000, 100, 21);
	for (unsigned i = 0; i < 12; i++)
		window(&w, 5000, 10000, 100, 80);
	assert_int_equal(state_now(&w), HEAT_ELEPHANT);
	assert_false(heat_key(&w.s, 7)->split);
	heat_service_clear(&w.s);
}

static void where_the_key_is_a_flow_the_heavy_are_elephants(void **state)
{
	struct watched w = watched_new();

	(void)state;
	w.whole_flows = true;
	windows(&w, 12, 5000, 10000);
	assert_int_equal(state_now(&w), HEAT_ELEPHANT);
	heat_service_clear(&w.s);
}

static void without_auto_a_hot_key_is_shown_and_no_more(void **state)
{
	struct watched w = watched_new();

	(void)state;
	w.hot.split = 0;
	windows(&w, 12, 5000, 10000);
	assert_int_equal(state_now(&w), HEAT_HOT);
	assert_false(heat_key(&w.s, 7)->split);
	heat_service_clear(&w.s);
}

static void a_split_key_is_healed_when_it_was_cool_for_hold(void **state)
{
	struct watched w = watched_new();

	(void)state;
	windows(&w, 12, 5000, 10000);
	windows(&w, 15, 10, 10000);
	assert_int_equal(state_now(&w), HEAT_COOLING);
	assert_true(heat_key(&w.s, 7)->split);
	windows(&w, 60, 10, 10000);		/* not yet */
	assert_int_equal(state_now(&w), HEAT_COOLING);
	windows(&w, 5, 5000, 10000);		/* hot again: hold begins anew */
	assert_int_equal(state_now(&w), HEAT_SPLIT);
	windows(&w, 90, 10, 10000);
	assert_int_equal(state_now(&w), HEAT_COOLING);
	windows(&w, 30, 10, 10000);
	assert_int_equal(state_now(&w), HEAT_NONE);
	assert_int_equal(w.told, HEAT_NONE);
	heat_service_clear(&w.s);
}

static void a_key_cools_when_its_service_falls_silent(void **state)
{
	struct watched w = watched_new();

	(void)state;
	windows(&w, 12, 5000, 10000);
	windows(&w, 30, 0, 0);
	assert_int_equal(state_now(&w), HEAT_COOLING);
	heat_service_clear(&w.s);
}

static void a_few_packets_make_nothing_hot(void **state)
{
	struct watched w = watched_new();

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		window(&w, 4, 5, 2, i);
	assert_int_equal(state_now(&w), HEAT_NONE);
	heat_service_clear(&w.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_of_several_cpus_is_seen_once),
		cmocka_unit_test(a_sample_of_the_last_owner_of_a_word_is_not_believed),
		cmocka_unit_test(distinct_keys_are_counted_by_the_places_they_take),
		cmocka_unit_test(a_rate_follows_a_change_within_half_a_second),
		cmocka_unit_test(a_window_shared_with_a_heavier_key_is_left_out_once),
		cmocka_unit_test(what_is_below_notice_is_followed_no_more),
		cmocka_unit_test(the_threshold_is_the_greatest_of_three),
		cmocka_unit_test(a_hot_key_is_split_once_it_is_known_to_be_of_many_flows),
		cmocka_unit_test(a_key_whose_traffic_is_not_of_flows_is_hot_and_not_split),
		cmocka_unit_test(one_flow_is_an_elephant),
		cmocka_unit_test(so_is_one_that_another_connection_came_before),
		cmocka_unit_test(where_the_key_is_a_flow_the_heavy_are_elephants),
		cmocka_unit_test(without_auto_a_hot_key_is_shown_and_no_more),
		cmocka_unit_test(a_split_key_is_healed_when_it_was_cool_for_hold),
		cmocka_unit_test(a_key_cools_when_its_service_falls_silent),
		cmocka_unit_test(a_few_packets_make_nothing_hot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
