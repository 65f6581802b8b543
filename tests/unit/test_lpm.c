// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LINES (1u << 16)

/* A lookup that leaves the table is found at once. */
#define XRING_LPM_LINE(lines, line) \
	((line) < LINES ? (const union xring_lpm_line *)(lines) + (line) : (fail(), NULL))
#include <xring/lpm.h>

#include "base/util.h"
#include "core/lpm/lpm.h"
#include "prefixes.h"

#define SET_MAX 4096

static union xring_lpm_line *lines;
static struct lpm_pool pool;
static uint32_t roots[LPM_FAMILIES];
static struct lpm table;

/* The prefixes that are set, and the plainest way to match them. */
static struct lpm_entry set[SET_MAX];
static size_t set_count;

static int setup(void **state)
{
	(void)state;
	lines = aligned_alloc(64, LINES * sizeof(*lines));
	memset(lines, 0x5a, LINES * sizeof(*lines));
	assert_int_equal(lpm_pool_new(lines, LINES, &pool), 0);
	lpm_init(&table, &pool, roots);
	set_count = 0;
	srandom(1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lpm_clear(&table);
	assert_int_equal(roots[LPM_IPV4] | roots[LPM_IPV6], 0);
	lpm_pool_reclaim(&pool);
	assert_int_equal(pool.blocks.used, 0);
	lpm_pool_clear(&pool);
	free(lines);
	return 0;
}

static uint32_t match(const struct address *a)
{
	const struct lpm_entry *best = NULL;

	for (size_t i = 0; i < set_count; i++)
		if (prefix_covers(&set[i].prefix, a) &&
		    (!best || set[i].prefix.bits > best->prefix.bits))
			best = &set[i];
	return best ? best->value : 0;
}

static uint32_t find(const struct address *a)
{
	__u64 words[2];
	uint32_t found = lpm_find(&table, a), ipv4;

	memcpy(words, a->bytes, sizeof(words));
	memcpy(&ipv4, a->bytes, sizeof(ipv4));
	if (a->family == AF_INET)
		assert_int_equal(lpm_lookup4(lines, roots[LPM_IPV4], ipv4), found);
	else
		assert_int_equal(lpm_lookup6(lines, roots[LPM_IPV6], words), found);
	return found;
}

static void assert_matches(const struct address *a)
{
	assert_int_equal(find(a), match(a));
}

static void set_put(const struct prefix *p, uint32_t value)
{
	size_t i = 0;

	while (i < set_count && prefix_compare(&set[i].prefix, p))
		i++;
	assert_true(i < SET_MAX);
	set_count += i == set_count;
	set[i] = (struct lpm_entry){ *p, value };
	assert_int_equal(lpm_set(&table, p, value), 0);
}

static void set_take(size_t i)
{
	struct prefix p = set[i].prefix;

	set[i] = set[--set_count];
	assert_int_equal(lpm_remove(&table, &p), 0);
	assert_int_equal(lpm_get(&table, &p), 0);
}

/* Answers can only change at a prefix's ends. */
static void assert_right_around(const struct prefix *p)
{
	for (int last = 0; last < 2; last++) {
		struct address at = end_of(p, last), out = beside(at, last);

		assert_matches(&at);
		assert_matches(&out);
	}
}

static uint32_t count_of(enum lpm_family f)
{
	const struct trie *t = &table.tries[f];

	return t->root ? t->nodes[t->root].count : 0;
}

static void assert_all_right(void)
{
	assert_int_equal(count_of(LPM_IPV4) + count_of(LPM_IPV6), set_count);
	for (size_t i = 0; i < set_count; i++)
		assert_right_around(&set[i].prefix);
	for (int i = 0; i < 200; i++) {
		struct address a = random_address();

		assert_matches(&a);
	}
}

/* ---- the tests ---- */

static void a_table_without_prefixes_has_no_lines(void **state)
{
	struct address a = address("192.0.2.1"), b = address("2001:db8::1");
	(void)state;

	assert_int_equal(find(&a), 0);
	assert_int_equal(find(&b), 0);
	assert_int_equal(pool.blocks.used, 0);
}

static void one_prefix_takes_one_line_and_the_whole_family_none(void **state)
{
	struct prefix all = prefix("0.0.0.0/0"), all6 = prefix("::/0");
	struct prefix one = prefix("192.0.2.77"), one6 = prefix("2001:db8::77");
	(void)state;

	set_put(&all, 7);
	set_put(&all6, 8);
	assert_int_equal(pool.blocks.used, 0);
	set_put(&one, 9);
	set_put(&one6, XRING_LPM_VALUE_MAX);
	assert_int_equal(pool.blocks.used, 2);
	assert_all_right();
}

static void the_longest_of_nested_prefixes_answers(void **state)
{
	static const char *const nested[] = {
		"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.64.0.0/10", "10.64.0.0/16",
		"10.64.0.0/17", "10.64.1.0/24", "10.64.1.128/25", "10.64.1.255/32",
		"::/0", "2001::/16", "2001:db8::/32", "2001:db8::/48", "2001:db8::/63",
		"2001:db8::/64", "2001:db8::/65", "2001:db8::/127", "2001:db8::1/128",
	};
	(void)state;

	for (uint32_t i = 0; i < ARRAY_SIZE(nested); i++) {
		struct prefix p = prefix(nested[i]);

		set_put(&p, i + 1);
		assert_all_right();
	}
	for (size_t i = set_count; i-- > 0;) {
		set_take(i * 7 % set_count);
		assert_all_right();
	}
}

static void a_prefix_that_goes_gives_back_what_its_halves_hid(void **state)
{
	struct prefix whole = prefix("10.0.0.0/8"), low = prefix("10.0.0.0/9");
	struct prefix high = prefix("10.128.0.0/9");
	struct address a = address("10.1.2.3");
	(void)state;

	set_put(&whole, 1);
	set_put(&low, 2);
	set_put(&high, 3);
	assert_int_equal(lpm_remove(&table, &low), 0);
	assert_int_equal(find(&a), 1);
}

static void what_is_not_there_cannot_go_and_0_is_no_value(void **state)
{
	struct prefix p = prefix("10.0.0.0/8"), q = prefix("10.0.0.0/9");
	(void)state;

	assert_int_equal(lpm_remove(&table, &p), -ENOENT);
	assert_int_equal(lpm_set(&table, &p, 0), -EINVAL);
	assert_int_equal(lpm_set(&table, &p, XRING_LPM_NODE), -EINVAL);
	assert_int_equal(lpm_set(&table, &p, 1), 0);
	assert_int_equal(lpm_remove(&table, &q), -ENOENT);
	assert_int_equal(lpm_get(&table, &p), 1);
	assert_int_equal(lpm_get(&table, &q), 0);
}

/* Adds or removes at random, more adds than removes until `most` are there. */
static void random_change(size_t most, struct prefix *ret)
{
	if (!set_count || random() % most >= set_count) {
		*ret = random_prefix();
		set_put(ret, 1 + (uint32_t)random() % XRING_LPM_VALUE_MAX);
	} else {
		size_t i = (size_t)random() % set_count;

		*ret = set[i].prefix;
		set_take(i);
	}
}

static void every_state_on_the_way_is_right(void **state)
{
	struct prefix p;
	(void)state;

	for (int i = 0; i < 3000; i++) {
		random_change(400, &p);
		assert_right_around(&p);
		if (i % 50 == 0)
			assert_all_right();
		if (random() % 4 == 0)
			lpm_pool_reclaim(&pool);
	}
	assert_all_right();
}

/* Each change is tried in a copy: the table stays as it is, and then takes the same lines. */
static void a_change_of_a_copy_says_what_it_will_take(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		uint32_t roots[LPM_FAMILIES], tried;
		struct lpm_pool other;
		struct prefix p;
		struct lpm copy;

		assert_int_equal(lpm_pool_copy(&pool, &other), 0);
		assert_int_equal(lpm_copy(&table, &other, roots, &copy), 0);
		p = random_prefix();
		assert_int_equal(lpm_set(&copy, &p, 7), 0);
		assert_int_equal(lpm_get(&copy, &p), 7);
		assert_all_right();
		tried = other.blocks.used;
		lpm_copy_free(&copy);
		lpm_pool_copy_free(&other);
		set_put(&p, 7);
		assert_int_equal(pool.blocks.used, tried);
	}
	assert_all_right();
}

static uint32_t lines_in_use(void)
{
	return pool.blocks.used - pool.blocks.retired_lines;
}

static void changes_in_any_order_equal_a_table_built_from_nothing(void **state)
{
	uint32_t changed, other[LPM_FAMILIES];
	struct prefix p;
	struct lpm built;
	(void)state;

	for (int i = 0; i < 6000; i++)
		random_change(3000, &p);
	changed = lines_in_use();
	lpm_init(&built, &pool, other);
	assert_int_equal(lpm_load(&built, set, set_count), 0);
	for (int i = 0; i < 100000; i++) {
		struct address a = random_address();

		assert_int_equal(lpm_find(&built, &a), lpm_find(&table, &a));
	}
	/* They may be of other shapes, but not of another size. */
	assert_in_range(lines_in_use() - changed, changed / 2, changed * 2);
	lpm_clear(&built);
}

/* A random change of a dense part of a table, as the words are stored one by one. */
static void a_block_of_24_bits_is_painted_under_the_prefix_only(void **state)
{
	static union xring_lpm_line before[LINES];
	struct prefix p = prefix("10.1.2.0/24");
	uint32_t root, differ = 0;
	(void)state;

	for (uint32_t i = 0; i < 2000; i++) {
		struct address a = { .family = AF_INET, .bytes = { 10, i >> 8, i & 0xff } };
		struct prefix q = prefix_of(&a, 24);

		set_put(&q, i + 1);
	}
	lpm_pool_reclaim(&pool);
	memcpy(before, lines, sizeof(before));
	root = roots[LPM_IPV4];
	set_put(&p, 12345678);
	for (size_t i = 0; i < LINES; i++)
		for (int w = 0; w < 16; w++)
			differ += before[i].word[w] != lines[i].word[w];
	assert_int_equal(roots[LPM_IPV4], root);
	assert_in_range(differ, 1, 16);
	assert_all_right();
}

/* ---- a reader at work while the table changes ---- */

/*
 * Two sets of prefixes, each with its mark on the values: while the table is turned
 * from one into the other and back, the answer for an address is that of the
 * one or of the other as long as one prefix differs at a time.
 */
struct reader {
	struct address at[64];
	uint32_t may[64][2];		/* answers that are right just now */
	atomic_uint turn;		/* odd: `may` is being changed */
	atomic_uint rounds;
	atomic_bool stop;
	uint32_t wrong;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;

	while (!atomic_load(&r->stop)) {
		for (int i = 0; i < 64; i++) {
			unsigned turn = atomic_load(&r->turn);
			uint32_t found = lpm_find(&table, &r->at[i]);
			uint32_t may[2] = { r->may[i][0], r->may[i][1] };

			atomic_thread_fence(memory_order_acquire);
			if (turn & 1 || turn != atomic_load(&r->turn))
				continue;
			r->wrong += found != may[0] && found != may[1];
		}
		atomic_fetch_add(&r->rounds, 1);
	}
	return NULL;
}

/* No lookup that began before goes on. */
static void wait_for_reader(struct reader *r)
{
	unsigned now = atomic_load(&r->rounds);

	while (atomic_load(&r->rounds) - now < 2)
		sched_yield();
}

static void a_reader_finds_the_old_answer_or_the_new_one(void **state)
{
	static struct reader r;
	pthread_t thread;
	struct prefix p;
	(void)state;

	for (int i = 0; i < 64; i++)
		r.at[i] = random_address();
	pthread_create(&thread, NULL, read_on, &r);
	for (int i = 0; i < 1500; i++) {
		/* The next state, known before the table comes to it. */
		p = prefix_of(&r.at[random() % 64], (unsigned)random() % 33);
		size_t at = 0;

		while (at < set_count && prefix_compare(&set[at].prefix, &p))
			at++;
		atomic_fetch_add(&r.turn, 1);
		for (int j = 0; j < 64; j++)
			r.may[j][0] = match(&r.at[j]);
		if (at < set_count)
			set[at] = set[--set_count];
		else
			set[set_count++] = (struct lpm_entry){ p, (uint32_t)i + 1 };
		for (int j = 0; j < 64; j++)
			r.may[j][1] = match(&r.at[j]);
		atomic_fetch_add(&r.turn, 1);
		if (lpm_get(&table, &p))
			assert_int_equal(lpm_remove(&table, &p), 0);
		else
			assert_int_equal(lpm_set(&table, &p, (uint32_t)i + 1), 0);
		wait_for_reader(&r);
		lpm_pool_reclaim(&pool);
	}
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(r.wrong, 0);
}

/* A reader that has paused: it holds a word, and has used up some bits. */
struct paused {
	struct address at;
	uint32_t word;
	unsigned depth;
};

static uint32_t step_from(struct paused *r, unsigned most)
{
	struct trie_key key = { {} };
	__u64 words[2];

	memcpy(words, r->at.bytes, sizeof(words));
	key.word[0] = be64toh(words[0]);
	key.word[1] = be64toh(words[1]);
	for (; most && r->word & XRING_LPM_NODE; most--) {
		uint32_t line = r->word & XRING_LPM_LINE_MASK, index = 0;
		unsigned stride = XRING_LPM_STRIDE(r->word);
		const struct xring_lpm_test *test = &lines[line].test;

		for (unsigned i = 0; i < stride; i++)
			index = index << 1 | trie_bit(&key, r->depth + i);
		if (stride)
			r->word = lines[line].word[index];
		else if (trie_same(&key, &(struct trie_key){ { test->key[0], test->key[1] } },
				   test->bits))
			r->word = test->match;
		else
			r->word = test->other;
		r->depth = stride ? r->depth + stride : test->bits;
	}
	return r->word;
}

static void a_reader_that_paused_ends_at_an_answer_of_its_time(void **state)
{
	enum { READERS = 100, CHANGES = 20 };
	static struct paused readers[READERS];
	static uint32_t right[READERS][CHANGES + 1];
	struct prefix p;
	(void)state;

	for (int turn = 0; turn < 60; turn++) {
		for (int i = 0; i < READERS; i++) {
			struct paused *r = &readers[i];

			r->at = set_count && i % 2 ?
				end_of(&set[(size_t)random() % set_count].prefix, i % 4 == 1) :
				random_address();
			r->word = roots[r->at.family == AF_INET ? LPM_IPV4 : LPM_IPV6];
			r->depth = 0;
			step_from(r, (unsigned)random() % 4);
			right[i][0] = match(&r->at);
		}
		for (int c = 1; c <= CHANGES; c++) {
			random_change(150, &p);
			for (int i = 0; i < READERS; i++)
				right[i][c] = match(&readers[i].at);
		}
		for (int i = 0; i < READERS; i++) {
			uint32_t found = step_from(&readers[i], 100);
			int c = 0;

			while (c <= CHANGES && right[i][c] != found)
				c++;
			assert_true(c <= CHANGES);
		}
		lpm_pool_reclaim(&pool);
	}
}

static void a_full_pool_refuses_and_changes_nothing(void **state)
{
	struct lpm_pool small;
	uint32_t small_roots[LPM_FAMILIES];
	struct lpm t;
	int refused = 0;
	(void)state;

	assert_int_equal(lpm_pool_new(lines, 100, &small), 0);
	lpm_init(&t, &small, small_roots);
	for (int i = 0; i < 3000; i++) {
		struct prefix p = random_prefix();
		struct address a = end_of(&p, false);
		uint32_t before = lpm_find(&t, &a);
		size_t at = set_count;

		if (set_count && random() % 3 == 0) {
			at = (size_t)random() % set_count;
			p = set[at].prefix;
			a = end_of(&p, true);
			assert_int_equal(lpm_remove(&t, &p), 0);
			set[at] = set[--set_count];
			assert_int_equal(lpm_find(&t, &a), match(&a));
		} else if (!lpm_get(&t, &p)) {
			int failed = lpm_set(&t, &p, (uint32_t)i + 1);

			assert_true(!failed || failed == -ENOSPC);
			refused += !!failed;
			if (failed)
				assert_int_equal(lpm_find(&t, &a), before);
			else
				set[set_count++] = (struct lpm_entry){ p, (uint32_t)i + 1 };
			assert_int_equal(lpm_find(&t, &a), match(&a));
		}
		for (size_t j = 0; j < set_count; j += 1 + set_count / 20) {
			a = end_of(&set[j].prefix, random() % 2);
			assert_int_equal(lpm_find(&t, &a), match(&a));
		}
		lpm_pool_reclaim(&small);
	}
	assert_true(refused > 100);
	lpm_clear(&t);
	lpm_pool_reclaim(&small);
	assert_int_equal(small.blocks.used, 0);
	lpm_pool_clear(&small);
}

static void prefixes_can_be_removed_while_the_pool_is_full(void **state)
{
	uint32_t small_roots[LPM_FAMILIES], line;
	struct lpm_pool small;
	struct lpm t;
	(void)state;

	assert_int_equal(lpm_pool_new(lines, 4096, &small), 0);
	lpm_init(&t, &small, small_roots);
	for (int i = 0; i < 600; i++) {
		struct prefix p = random_prefix();

		if (!lpm_get(&t, &p)) {
			assert_int_equal(lpm_set(&t, &p, (uint32_t)i + 1), 0);
			set[set_count++] = (struct lpm_entry){ p, (uint32_t)i + 1 };
		}
	}
	lpm_pool_reclaim(&small);
	while (!blocks_take(&small.blocks, 0, &line))
		;
	while (set_count) {
		struct prefix p = set[--set_count].prefix;

		assert_int_equal(lpm_remove(&t, &p), 0);
		for (size_t i = 0; i < set_count; i += 1 + set_count / 20) {
			struct address a = end_of(&set[i].prefix, random() % 2);

			assert_int_equal(lpm_find(&t, &a), match(&a));
		}
	}
	assert_int_equal(small_roots[LPM_IPV4] | small_roots[LPM_IPV6], 0);
	lpm_clear(&t);
	lpm_pool_clear(&small);
}

static void a_load_without_room_leaves_the_pool_as_it_was(void **state)
{
	struct lpm_entry entries[] = {
		{ prefix("10.0.0.0/8"), 1 },
		{ prefix("2001:db8::/32"), 2 },
	};
	uint32_t small_roots[LPM_FAMILIES];
	struct lpm_pool small;
	struct lpm t;
	(void)state;

	assert_int_equal(lpm_pool_new(lines, 1, &small), 0);
	lpm_init(&t, &small, small_roots);
	assert_int_equal(lpm_load(&t, entries, 2), -ENOSPC);
	assert_int_equal(small.blocks.used, 0);
	assert_int_equal(lpm_load(&t, entries, 1), 0);
	assert_int_equal(small.blocks.used, 1);
	lpm_clear(&t);
	lpm_pool_clear(&small);
}

static void a_load_that_fails_leaves_the_table_as_it_was(void **state)
{
	struct lpm_entry twice[] = {
		{ prefix("10.0.0.0/8"), 1 },
		{ prefix("10.0.0.0/9"), 2 },
		{ prefix("10.0.0.0/8"), 3 },
	};
	struct prefix p = prefix("192.0.2.0/24");
	(void)state;

	set_put(&p, 5);
	assert_int_equal(lpm_load(&table, twice, 3), -EINVAL);
	twice[2] = (struct lpm_entry){ prefix("::/0"), 0 };
	assert_int_equal(lpm_load(&table, twice, 3), -EINVAL);
	assert_all_right();
	assert_int_equal(lines_in_use(), 1);
	assert_int_equal(lpm_load(&table, twice, 2), 0);
	memcpy(set, twice, sizeof(twice));
	set_count = 2;
	assert_all_right();
}

/* The deepest that prefixes can make a table: one at every length, and a fork each. */
static void the_longest_way_is_within_the_steps_of_a_lookup(void **state)
{
	struct address a = { .family = AF_INET6 }, b = { .family = AF_INET };
	(void)state;

	for (int turn = 0; turn < 3; turn++)
		for (unsigned bits = turn; bits <= 128; bits += 1 + turn) {
			struct prefix p = prefix_of(&a, bits);

			set_put(&p, bits + 1);
			if (bits <= 32) {
				p = prefix_of(&b, bits);
				set_put(&p, bits + 1);
			}
			for (unsigned i = 0; turn == 2 && i < bits; i += 5) {
				struct address fork = a;

				fork.bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
				p = prefix_of(&fork, bits);
				set_put(&p, 1000 + bits);
			}
		}
	assert_all_right();
}

static void blocks_that_come_back_grow_together(void **state)
{
	uint32_t line[64], whole;
	struct blocks b;
	(void)state;

	assert_int_equal(blocks_new(100, &b), 0);
	for (int i = 0; i < 64; i++)
		assert_int_equal(blocks_take(&b, 0, &line[i]), 0);
	assert_int_equal(blocks_take(&b, 6, &whole), -ENOSPC);
	for (int i = 0; i < 64; i += 2)
		blocks_give(&b, line[i]);
	assert_int_equal(blocks_take(&b, 6, &whole), -ENOSPC);
	for (int i = 1; i < 64; i += 2)
		blocks_retire(&b, line[i]);
	assert_int_equal(blocks_take(&b, 6, &whole), -ENOSPC);
	blocks_reclaim(&b);
	assert_int_equal(b.used, 0);
	assert_int_equal(blocks_take(&b, 6, &whole), 0);
	assert_int_equal(b.used, 64);
	blocks_clear(&b);
}

#define each(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(a_table_without_prefixes_has_no_lines),
		each(one_prefix_takes_one_line_and_the_whole_family_none),
		each(the_longest_of_nested_prefixes_answers),
		each(a_prefix_that_goes_gives_back_what_its_halves_hid),
		each(what_is_not_there_cannot_go_and_0_is_no_value),
		each(every_state_on_the_way_is_right),
		each(a_change_of_a_copy_says_what_it_will_take),
		each(changes_in_any_order_equal_a_table_built_from_nothing),
		each(a_block_of_24_bits_is_painted_under_the_prefix_only),
		each(a_reader_finds_the_old_answer_or_the_new_one),
		each(a_reader_that_paused_ends_at_an_answer_of_its_time),
		each(a_full_pool_refuses_and_changes_nothing),
		each(prefixes_can_be_removed_while_the_pool_is_full),
		each(a_load_without_room_leaves_the_pool_as_it_was),
		each(a_load_that_fails_leaves_the_table_as_it_was),
		each(the_longest_way_is_within_the_steps_of_a_lookup),
		cmocka_unit_test(blocks_that_come_back_grow_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
