// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/model/home_text.h"
#include "core/place/homes.h"
#include "core/place/homes_parts.h"

#define EAST 1
#define WEST 2
#define NORTH 3
#define STEP_MS 250			/* from look to look */
#define WALL_MS 1700000000000

/* A table, its clock, and all that has moved. */
struct world {
	struct homes *homes;
	struct home home;
	uint64_t now_ms;
	struct home_moves moves;
	uint64_t *at_ms;		/* of each move */
	unsigned forbidden;		/* region */
	bool recheck;
};

static struct prefix client(unsigned i)
{
	struct address a = { .family = AF_INET,
			     .bytes = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };

	return prefix_of(&a, 32);
}

static unsigned client_number(const struct prefix *p)
{
	const uint8_t *bytes = p->address.bytes;

	return (unsigned)bytes[1] << 16 | (unsigned)bytes[2] << 8 | bytes[3];
}

static void world_new(struct world *w, const char *settings)
{
	char copy[128], *rest = copy, *word;
	enum home_key key;

	*w = (struct world){ .home = home_default(), .now_ms = 123456789 };
	w->homes = homes_new(42);
	assert_non_null(w->homes);
	snprintf(copy, sizeof(copy), "%s", settings);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		assert_int_equal(home_key_parse(word, &key), 0);
		assert_int_equal(home_set(&w->home, key, value), 0);
	}
}

static void world_free(struct world *w)
{
	homes_free(w->homes);
	free(w->moves.list);
	free(w->at_ms);
}

static bool allowed(void *ctx, const struct prefix *p, unsigned region)
{
	(void)p;
	return region != ((const struct world *)ctx)->forbidden;
}

/* Goes on by a step and looks. The number of moves. */
static size_t look(struct world *w)
{
	struct homes_look look = {
		.home = &w->home, .allowed = allowed, .ctx = w, .recheck = w->recheck,
	};
	size_t before = w->moves.count;

	w->now_ms += STEP_MS;
	look.now_ms = w->now_ms;
	look.wall_ms = WALL_MS + (int64_t)w->now_ms;
	assert_int_equal(homes_judge(w->homes, &look, &w->moves), 0);
	w->at_ms = realloc(w->at_ms, (w->moves.count + 1) * sizeof(*w->at_ms));
	assert_non_null(w->at_ms);
	for (size_t i = before; i < w->moves.count; i++)
		w->at_ms[i] = w->now_ms;
	assert_true(homes_count(w->homes) <= w->home.count);
	return w->moves.count - before;
}

static void see(struct world *w, unsigned number, unsigned region, unsigned packets)
{
	struct prefix p = client(number);

	assert_int_equal(homes_seen(w->homes, &p, region, packets), 0);
}

/* One client's traffic enters at a region for a while. The number of moves. */
static size_t enter(struct world *w, unsigned number, unsigned region, unsigned ms)
{
	size_t moves = 0;

	for (unsigned t = 0; t < ms; t += STEP_MS) {
		see(w, number, region, 10);
		moves += look(w);
	}
	return moves;
}

static unsigned home_of(const struct world *w, unsigned number)
{
	struct prefix p = client(number);
	const struct home_record *record = homes_find(w->homes, &p);

	return record ? record->region : 0;
}

static const struct home_move *last_move(const struct world *w)
{
	assert_true(w->moves.count > 0);
	return &w->moves.list[w->moves.count - 1];
}

/* ---- one prefix ---- */

static void a_prefix_belongs_where_its_traffic_has_entered_for_long_enough(void **state)
{
	struct prefix p = client(1);
	const struct home_record *record;
	struct world w;
	(void)state;

	world_new(&w, "for=60s");
	assert_int_equal(enter(&w, 1, EAST, 60000), 0);
	assert_int_equal(home_of(&w, 1), 0);
	assert_int_equal(enter(&w, 1, EAST, 1000), 1);
	record = homes_find(w.homes, &p);
	assert_non_null(record);
	assert_int_equal(record->region, EAST);
	assert_int_equal(record->from, 0);
	assert_int_equal(record->share, 1000);
	assert_true(record->since_ms > WALL_MS);
	assert_int_equal(last_move(&w)->from, 0);
	assert_int_equal(last_move(&w)->to, EAST);
	assert_int_equal(enter(&w, 1, EAST, 300000), 0);
	world_free(&w);
}

static void a_shift_is_followed_within_a_second_more(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=10s");
	enter(&w, 1, EAST, 30000);
	assert_int_equal(enter(&w, 1, WEST, 9750), 0);
	assert_int_equal(home_of(&w, 1), EAST);
	assert_int_equal(enter(&w, 1, WEST, 1250), 1);
	assert_int_equal(home_of(&w, 1), WEST);
	assert_int_equal(last_move(&w)->from, EAST);
	assert_int_equal(last_move(&w)->why, HOME_FOLLOWED);
	world_free(&w);
}

static void no_region_is_home_to_less_than_the_threshold(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=5s threshold=0.7");
	for (unsigned i = 0; i < 200; i++) {
		see(&w, 1, EAST, 69);
		see(&w, 1, WEST, 31);
		see(&w, 2, EAST, 71);
		see(&w, 2, NORTH, 29);
		look(&w);
	}
	assert_int_equal(home_of(&w, 1), 0);
	assert_int_equal(home_of(&w, 2), EAST);
	assert_int_equal(last_move(&w)->share, 710);
	world_free(&w);
}

/* Only the greatest of them are told apart. */
static void a_region_is_found_among_many(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=5s threshold=0.6");
	for (unsigned i = 0; i < 80; i++) {
		for (unsigned region = 1; region <= 32; region++)
			see(&w, 1, region, 10);
		look(&w);
	}
	assert_int_equal(home_of(&w, 1), 0);
	for (unsigned i = 0; i < 24; i++) {
		for (unsigned region = 1; region <= 32; region++)
			see(&w, 1, region, 10);
		see(&w, 1, 200, 1000);
		look(&w);
	}
	assert_int_equal(home_of(&w, 1), 200);
	world_free(&w);
}

static void one_that_flaps_faster_than_for_never_moves(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=10s");
	for (unsigned period = 250; period <= 9000; period += 1250)
		for (unsigned i = 0; i < 20; i++)
			assert_int_equal(enter(&w, 1, i % 2 ? EAST : WEST, period), 0);
	world_free(&w);
}

static void one_that_flaps_slower_moves_at_most_once_in_that_time(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=10s");
	for (unsigned i = 0; i < 20; i++)
		assert_true(enter(&w, 1, i % 2 ? EAST : WEST, 12000) <= 1);
	assert_int_equal(w.moves.count, 20);
	for (size_t i = 1; i < w.moves.count; i++)
		assert_true(w.at_ms[i] - w.at_ms[i - 1] >= w.home.for_ms);
	world_free(&w);
}

/* Packets that nobody follows up, as of forged addresses, make no home. */
static void one_that_was_seen_once_gets_no_home(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=5s");
	see(&w, 1, EAST, 1000);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(look(&w), 0);
	assert_int_equal(home_of(&w, 1), 0);
	world_free(&w);
}

static void a_home_stays_where_nothing_is_heard_of_it(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=1s");
	enter(&w, 1, EAST, 5000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(look(&w), 0);
	assert_int_equal(home_of(&w, 1), EAST);
	world_free(&w);
}

static void families_and_lengths_are_told_apart(void **state)
{
	struct prefix net, six;
	struct world w;
	(void)state;

	world_new(&w, "for=1s");
	assert_int_equal(prefix_parse("10.0.0.0/24", &net, NULL), 0);
	assert_int_equal(prefix_parse("a00::/24", &six, NULL), 0);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(homes_seen(w.homes, &net, EAST, 1), 0);
		assert_int_equal(homes_seen(w.homes, &six, WEST, 1), 0);
		see(&w, 0, NORTH, 1);
		look(&w);
	}
	assert_int_equal(homes_count(w.homes), 3);
	assert_int_equal(homes_find(w.homes, &net)->region, EAST);
	assert_int_equal(homes_find(w.homes, &six)->region, WEST);
	assert_int_equal(home_of(&w, 0), NORTH);
	world_free(&w);
}

/* ---- limits ---- */

static void moves_are_so_many_a_minute_and_the_oldest_go_first(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=5s moves=10");
	/* Each begins a look after the one before it. */
	for (unsigned i = 0; i < 40 + 4 * 240; i++) {
		for (unsigned number = 0; number < 40 && number <= i; number++)
			see(&w, 39 - number, EAST, 1 + number);
		look(&w);
	}
	assert_int_equal(w.moves.count, 40);
	for (size_t i = 0; i < w.moves.count; i++) {
		assert_int_equal(client_number(&w.moves.list[i].prefix), 39 - i);
		if (i >= 10)
			assert_true(w.at_ms[i] - w.at_ms[i - 10] > 60000);
	}
	world_free(&w);
}

static void the_least_used_home_makes_room_for_one_that_is_used_more(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=5s count=3");
	for (unsigned i = 0; i < 60; i++) {
		see(&w, 1, EAST, 30);
		see(&w, 2, EAST, 10);
		see(&w, 3, EAST, 20);
		look(&w);
	}
	assert_int_equal(homes_count(w.homes), 3);
	for (unsigned i = 0; i < 60; i++) {
		see(&w, 1, EAST, 30);
		see(&w, 2, EAST, 10);
		see(&w, 3, EAST, 20);
		see(&w, 4, WEST, 9);
		look(&w);
	}
	assert_int_equal(home_of(&w, 4), 0);
	for (unsigned i = 0; i < 60; i++) {
		see(&w, 1, EAST, 30);
		see(&w, 2, EAST, 10);
		see(&w, 3, EAST, 20);
		see(&w, 4, WEST, 15);
		look(&w);
	}
	assert_int_equal(home_of(&w, 4), WEST);
	assert_int_equal(home_of(&w, 2), 0);
	assert_int_equal(homes_count(w.homes), 3);
	assert_int_equal(w.moves.count, 5);
	assert_int_equal(client_number(&w.moves.list[3].prefix), 2);
	assert_int_equal(w.moves.list[3].from, EAST);
	assert_int_equal(w.moves.list[3].to, 0);
	assert_int_equal(w.moves.list[3].why, HOME_NO_ROOM);
	world_free(&w);
}

static void of_homes_that_nobody_uses_the_longest_unseen_goes(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=1s count=2");
	enter(&w, 1, EAST, 3000);
	enter(&w, 2, EAST, 3000);
	for (unsigned i = 0; i < 4000; i++)
		look(&w);
	enter(&w, 3, EAST, 3000);
	assert_int_equal(home_of(&w, 1), 0);
	assert_int_equal(home_of(&w, 2), EAST);
	assert_int_equal(home_of(&w, 3), EAST);
	world_free(&w);
}

static void equals_do_not_oust_each_other(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=2s count=10 moves=100000");
	for (unsigned i = 0; i < 400; i++) {
		for (unsigned number = 0; number < 12; number++)
			see(&w, number, EAST, 50 + (number * 7 + i) % 5);
		look(&w);
	}
	assert_int_equal(w.moves.count, 10);
	world_free(&w);
}

static void a_smaller_count_holds_at_once(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=1s moves=100");
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned number = 1; number <= 50; number++)
			see(&w, number, EAST, number);
		look(&w);
	}
	assert_int_equal(homes_count(w.homes), 50);
	w.home.count = 5;
	assert_int_equal(look(&w), 45);
	for (unsigned number = 1; number <= 50; number++)
		assert_int_equal(home_of(&w, number), number > 45 ? EAST : 0);
	world_free(&w);
}

/* ---- constraints ---- */

static void a_forbidden_region_is_never_home(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=2s");
	w.forbidden = EAST;
	assert_int_equal(enter(&w, 1, EAST, 60000), 0);
	assert_int_equal(enter(&w, 1, WEST, 4000), 1);
	assert_int_equal(enter(&w, 1, EAST, 60000), 0);
	assert_int_equal(home_of(&w, 1), WEST);
	/* And it was only that which kept it. */
	w.forbidden = 0;
	assert_int_equal(enter(&w, 1, EAST, STEP_MS), 1);
	assert_int_equal(home_of(&w, 1), EAST);
	world_free(&w);
}

static void a_home_that_becomes_forbidden_is_lost_at_once(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=2s moves=1");
	enter(&w, 1, EAST, 4000);
	w.forbidden = EAST;
	w.recheck = true;
	assert_int_equal(look(&w), 1);
	assert_int_equal(home_of(&w, 1), 0);
	assert_int_equal(last_move(&w)->from, EAST);
	assert_int_equal(last_move(&w)->why, HOME_FORBIDDEN);
	assert_int_equal(enter(&w, 1, EAST, 60000), 0);
	world_free(&w);
}

/* ---- restored, forgotten ---- */

static void homes_are_saved_and_restored(void **state)
{
	struct world w, again;
	const struct home_record *record;
	size_t i = 0, count = 0;
	(void)state;

	world_new(&w, "for=2s moves=1000");
	for (unsigned step = 0; step < 20; step++) {
		for (unsigned number = 0; number < 300; number++)
			see(&w, number, number % 2 ? EAST : WEST, 5);
		look(&w);
	}
	world_new(&again, "for=2s moves=1000");
	while ((record = homes_next(w.homes, &i))) {
		assert_int_equal(homes_put(again.homes, record), 0);
		assert_int_equal(homes_put(again.homes, record), 0);
		count++;
	}
	assert_int_equal(count, 300);
	assert_int_equal(homes_count(again.homes), 300);
	for (i = 0; (record = homes_next(again.homes, &i));) {
		const struct home_record *was = homes_find(w.homes, &record->prefix);

		assert_int_equal(record->region, was->region);
		assert_int_equal(record->share, was->share);
		assert_int_equal(record->since_ms, was->since_ms);
	}
	/* They stay, and follow traffic as any. */
	assert_int_equal(enter(&again, 1, EAST, 10000), 0);
	assert_int_equal(enter(&again, 1, WEST, 10000), 1);
	world_free(&w);
	world_free(&again);
}

static void the_silent_without_a_home_are_forgotten_and_their_places_used_again(void **state)
{
	struct world w;
	(void)state;

	world_new(&w, "for=2s");
	enter(&w, 1, EAST, 5000);
	/* Many more in all than the table has room for. */
	for (unsigned step = 0; step < 2000; step++) {
		for (unsigned i = 0; i < 500; i++)
			see(&w, 1000 + step * 500 + i, EAST, 1);
		look(&w);
	}
	assert_int_equal(home_of(&w, 1), EAST);
	assert_int_equal(homes_count(w.homes), 1);
	world_free(&w);
}

static void a_flood_does_not_keep_others_from_a_home(void **state)
{
	struct world w;
	bool full = false;
	(void)state;

	world_new(&w, "for=10s");
	for (unsigned step = 0; step < 60; step++) {
		for (unsigned i = 0; i < 20000; i++) {
			struct prefix p = client(1000 + step * 20000 + i);

			full |= homes_seen(w.homes, &p, WEST, 1) == -ENOSPC;
		}
		for (unsigned number = 0; step > 8 && number < 50; number++) {
			struct prefix p = client(number);

			homes_seen(w.homes, &p, EAST, 20);
		}
		look(&w);
	}
	assert_true(full);
	assert_int_equal(homes_count(w.homes), 50);
	world_free(&w);
}

/* ---- all at once ---- */

#define CLIENTS 60
#define STEPS 4000

/* Random traffic that favours a region for a while; region 0: none comes. */
static void random_traffic(struct world *w, unsigned favourite[CLIENTS])
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		if (rand() % 80 == 0)
			favourite[i] = (unsigned)rand() % 5;
		if (!favourite[i])
			continue;
		see(w, i, favourite[i], 1 + (unsigned)rand() % (1 + i));
		if (rand() % 3 == 0)
			see(w, i, 1 + (unsigned)rand() % 4, 1 + (unsigned)rand() % (1 + i / 3));
	}
}

static void assert_limits_kept(const struct world *w)
{
	uint64_t *followed = calloc(w->moves.count + 1, sizeof(*followed));
	uint64_t last[CLIENTS] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < w->moves.count; i++) {
		const struct home_move *move = &w->moves.list[i];
		unsigned number = client_number(&move->prefix);

		if (last[number])
			assert_true(w->at_ms[i] - last[number] >= w->home.for_ms);
		last[number] = w->at_ms[i];
		assert_int_not_equal(move->from, move->to);
		assert_int_not_equal(move->to, w->forbidden);
		if (!move->to)
			continue;
		assert_true(move->share >= w->home.threshold);
		if (count >= w->home.moves)
			assert_true(w->at_ms[i] - followed[count - w->home.moves] >= 60000);
		followed[count++] = w->at_ms[i];
	}
	free(followed);
}

static void random_traffic_keeps_all_limits(void **state)
{
	unsigned seed = (unsigned)time(NULL);
	(void)state;

	srand(seed);
	print_message("seed %u\n", seed);
	for (unsigned round = 0; round < 8; round++) {
		unsigned favourite[CLIENTS] = { 0 };
		struct world w;

		world_new(&w, round % 2 ? "for=5s count=20 moves=12" : "for=3s count=35 moves=40");
		w.forbidden = 3;
		for (unsigned step = 0; step < STEPS; step++) {
			random_traffic(&w, favourite);
			look(&w);
		}
		assert_true(w.moves.count > 50);
		assert_limits_kept(&w);
		world_free(&w);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Each look sees all that it can. The times are told; what is asserted is their order. */
static void many_prefixes_are_judged_fast(void **state)
{
	double seen = 0, judged = 0, worst = 0;
	struct world w;
	(void)state;

	world_new(&w, "for=1s count=20000 moves=100000");
	for (unsigned step = 0; step < 12; step++) {
		double start = seconds(), took;

		for (unsigned i = 0; i < 65536; i++)
			see(&w, i, 1 + i % 3, 1 + i % 11 + (i % 7 == step % 7 ? 20 : 0));
		seen += seconds() - start;
		start = seconds();
		look(&w);
		took = seconds() - start;
		judged += took;
		worst = took > worst ? took : worst;
	}
	print_message("65536 prefixes: seen in %.1f ms, judged in %.1f ms, %.1f at worst\n",
		      seen / 12 * 1e3, judged / 12 * 1e3, worst * 1e3);
	assert_true(worst < 1);
	world_free(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_belongs_where_its_traffic_has_entered_for_long_enough),
		cmocka_unit_test(a_shift_is_followed_within_a_second_more),
		cmocka_unit_test(no_region_is_home_to_less_than_the_threshold),
		cmocka_unit_test(a_region_is_found_among_many),
		cmocka_unit_test(one_that_flaps_faster_than_for_never_moves),
		cmocka_unit_test(one_that_flaps_slower_moves_at_most_once_in_that_time),
		cmocka_unit_test(one_that_was_seen_once_gets_no_home),
		cmocka_unit_test(a_home_stays_where_nothing_is_heard_of_it),
		cmocka_unit_test(families_and_lengths_are_told_apart),
		cmocka_unit_test(moves_are_so_many_a_minute_and_the_oldest_go_first),
		cmocka_unit_test(the_least_used_home_makes_room_for_one_that_is_used_more),
		cmocka_unit_test(of_homes_that_nobody_uses_the_longest_unseen_goes),
		cmocka_unit_test(equals_do_not_oust_each_other),
		cmocka_unit_test(a_smaller_count_holds_at_once),
		cmocka_unit_test(a_forbidden_region_is_never_home),
		cmocka_unit_test(a_home_that_becomes_forbidden_is_lost_at_once),
		cmocka_unit_test(homes_are_saved_and_restored),
		cmocka_unit_test(the_silent_without_a_home_are_forgotten_and_their_places_used_again),
		cmocka_unit_test(a_flood_does_not_keep_others_from_a_home),
		cmocka_unit_test(random_traffic_keeps_all_limits),
		cmocka_unit_test(many_prefixes_are_judged_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
