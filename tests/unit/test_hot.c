// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xring/hash.h>

#include "core/hot/entries.h"
#include "core/hot/path.h"
#include "core/model/key.h"
#include "core/model/key_value.h"

#define NUMBER 3

static struct xring_hot *table_new(void)
{
	struct xring_hot *table = calloc(XRING_HOT_BUCKETS, sizeof(*table));

	assert_non_null(table);
	return table;
}

static uint64_t *taken(struct xring_hot *table, uint32_t hash)
{
	uint32_t place;

	assert_int_equal(hot_take(table, NUMBER, hash, &place), 0);
	return hot_word(table, place);
}

static void a_key_has_one_place_and_is_found_there(void **state)
{
	struct xring_hot *table = table_new();
	uint32_t place, again;

	(void)state;
	assert_int_equal(hot_find(table, NUMBER, 77, &place), -ENOENT);
	assert_int_equal(hot_take(table, NUMBER, 77, &place), 0);
	assert_int_equal(hot_find(table, NUMBER, 77, &again), -ENOENT);	/* no answer yet */
	hot_change(hot_word(table, place), XRING_HOT_SIDE(5, 0));
	assert_int_equal(hot_find(table, NUMBER, 77, &again), 0);
	assert_int_equal(again, place);
	assert_int_equal(hot_find(table, NUMBER + 1, 77, &again), -ENOENT);
	free(table);
}

static void a_freed_key_gets_its_own_place_again(void **state)
{
	struct xring_hot *table = table_new();
	uint32_t first, second, place;

	(void)state;
	assert_int_equal(hot_take(table, NUMBER, 1, &first), 0);
	*hot_word(table, first) = 1;
	assert_int_equal(hot_take(table, NUMBER, 1 + XRING_HOT_BUCKETS, &second), 0);
	*hot_word(table, second) = 1;
	*hot_word(table, first) = *hot_word(table, second) = 0;
	assert_int_equal(hot_take(table, NUMBER, 1 + XRING_HOT_BUCKETS, &place), 0);
	assert_int_equal(place, second);
	free(table);
}

static void a_full_bucket_is_refused(void **state)
{
	struct xring_hot *table = table_new();
	uint32_t place;

	(void)state;
	for (uint32_t i = 0; i < XRING_HOT_WAYS; i++)
		hot_change(taken(table, 9 + i * XRING_HOT_BUCKETS), XRING_HOT_SIDE(2, 0));
	assert_int_equal(hot_take(table, NUMBER, 9 + XRING_HOT_WAYS * XRING_HOT_BUCKETS, &place),
			 -ENOSPC);
	free(table);
}

static void the_old_side_is_that_of_the_first_change(void **state)
{
	uint64_t answer = 0;

	(void)state;
	assert_true(hot_change(&answer, XRING_HOT_SIDE(100, 0)));
	assert_false(hot_change(&answer, XRING_HOT_SIDE(0, 9)));
	assert_int_equal(xring_hot_backend(hot_newest(answer)), 9);
	assert_int_equal(xring_hot_shards(hot_newest(answer)), 0);
	assert_int_equal(hot_old(answer), 0);
	assert_true(hot_settle(&answer));
	assert_true(hot_change(&answer, XRING_HOT_SIDE(XRING_HOT_SHARDS, 0)));
	assert_int_equal(xring_hot_backend(hot_old(answer)), 9);
	assert_int_equal(xring_hot_shards(hot_newest(answer)), XRING_HOT_SHARDS);
}

static void what_is_held_moves_for_another_settle_time(void **state)
{
	uint64_t answer = 0;

	(void)state;
	hot_change(&answer, XRING_HOT_SIDE(7, 0));
	hot_udp_new(&answer);
	answer |= XRING_HOT_HELD;
	assert_false(hot_settle(&answer));
	assert_true(answer & XRING_HOT_MOVING);
	assert_false(answer & (XRING_HOT_HELD | XRING_HOT_UDP_NEW));
	assert_true(hot_settle(&answer));
	assert_int_equal(answer, XRING_HOT_THERE | XRING_HOT_SIDE(7, 0));
}

static const uint64_t expanded[XRING_HASH_KEYS] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static void a_path_ends_where_the_shard_of_the_tuple_stands(void **state)
{
	struct xring_hot *table = table_new();
	struct xring_flow flow = { .family = 4, .proto = 6 };
	uint32_t seen = 0;

	(void)state;
	assert_int_equal(path_of(table, expanded, NUMBER, 5, &flow).hash, 5);
	hot_change(taken(table, 5), XRING_HOT_SIDE(8, 0));
	for (uint32_t port = 0; port < 1000; port++) {
		struct path path;
		uint32_t shard;

		flow.ports = port;
		path = path_of(table, expanded, NUMBER, 5, &flow);
		shard = (uint64_t)flow_hash(expanded, &flow) * 8 >> 32;
		seen |= 1u << shard;
		assert_true(path.moving);
		assert_int_equal(path.hash, hash_split((const __u64 *)expanded, 5, shard));
	}
	assert_int_equal(seen, 0xff);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_has_one_place_and_is_found_there),
		cmocka_unit_test(a_freed_key_gets_its_own_place_again),
		cmocka_unit_test(a_full_bucket_is_refused),
		cmocka_unit_test(the_old_side_is_that_of_the_first_change),
		cmocka_unit_test(what_is_held_moves_for_another_settle_time),
		cmocka_unit_test(a_path_ends_where_the_shard_of_the_tuple_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
