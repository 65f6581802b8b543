// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <xring/lpm.h>

#include "base/step.h"
#include "base/util.h"
#include "core/lpm/lpm.h"
#include "core/lpm/runs.h"
#include "prefix_sets.h"

#define LINES (1u << 14)
#define TABLES 3

/* What outlives a process, and can be read after it was killed. */
struct shared {
	union xring_lpm_line lines[LINES];
	uint32_t roots[TABLES][LPM_FAMILIES];
};

static struct shared *shared;
static struct lpm_pool pool;
static struct lpm tables[TABLES];

static int setup(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	memset(shared->lines, 0x5a, sizeof(shared->lines));
	assert_int_equal(lpm_pool_new(shared->lines, LINES, &pool), 0);
	for (int i = 0; i < TABLES; i++)
		lpm_init(&tables[i], &pool, shared->roots[i]);
	srandom(1);
	return 0;
}

/* All that was taken comes back: no line is lost, and none was claimed twice. */
static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < TABLES; i++)
		lpm_clear(&tables[i]);
	lpm_pool_reclaim(&pool);
	assert_int_equal(pool.blocks.used, 0);
	lpm_pool_clear(&pool);
	munmap(shared, sizeof(*shared));
	return 0;
}

/* ---- prefixes, sorted and each once, and what they say ---- */

static void runs_of(const struct set *set, struct runs ret[LPM_FAMILIES])
{
	for (int f = 0; f < LPM_FAMILIES; f++)
		assert_int_equal(runs_of_prefixes(set->entries, set->count, families[f], &ret[f]),
				 0);
}

static void both_clear(struct runs r[LPM_FAMILIES])
{
	for (int f = 0; f < LPM_FAMILIES; f++)
		runs_clear(&r[f]);
}

/* The same with prefixes of which none is in another. */
static void set_disjoint(struct set *set)
{
	struct runs r[LPM_FAMILIES];

	runs_of(set, r);
	set->count = 0;
	for (int f = 0; f < LPM_FAMILIES; f++) {
		_free_ struct lpm_entry *entries = NULL;
		size_t count;

		assert_int_equal(runs_prefixes(&r[f], families[f], &entries, &count), 0);
		assert_true(set->count + count <= SET_MAX);
		memcpy(set->entries + set->count, entries, count * sizeof(*entries));
		set->count += count;
	}
	both_clear(r);
}

static void set_random_disjoint(struct set *set, size_t count)
{
	set_random(set, count, 9);
	set_disjoint(set);
}

/* Another one that differs from it in some prefixes. */
static void set_vary(const struct set *from, struct set *ret, size_t changes)
{
	*ret = *from;
	while (changes-- && ret->count) {
		struct lpm_entry *e = &ret->entries[(size_t)random() % ret->count];

		if (random() % 3 == 0)
			*e = ret->entries[--ret->count];
		else if (random() % 2)
			e->value = 1 + (uint32_t)random() % 9;
		else
			ret->entries[ret->count++] = (struct lpm_entry){ random_prefix(), 11 };
	}
	set_sort(ret);
	set_disjoint(ret);
}

static bool runs_equal(const struct runs *a, const struct runs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].first != b->list[i].first || a->list[i].value != b->list[i].value)
			return false;
	return true;
}

static struct address address_at(position p, int family)
{
	struct address a = { .family = family };

	for (int i = 0; i < 16; i++)
		a.bytes[i] = (uint8_t)(p >> (120 - 8 * i));
	return a;
}

/* The words answer so, where a lookup of the datapath finds them. */
static void assert_lookups(const struct lpm *t, const struct runs r[LPM_FAMILIES])
{
	for (int f = 0; f < LPM_FAMILIES; f++)
		for (size_t i = 0; i < r[f].count; i++) {
			struct address at = address_at(r[f].list[i].first, families[f]);
			struct address out = beside(at, false);

			assert_int_equal(lpm_find(t, &at), r[f].list[i].value);
			assert_int_equal(lpm_find(t, &out), runs_find(&r[f], &out));
		}
}

static void assert_says(const struct lpm *t, const struct set *set)
{
	struct runs right[LPM_FAMILIES], read;

	runs_of(set, right);
	assert_lookups(t, right);
	for (int f = 0; f < LPM_FAMILIES; f++) {
		assert_int_equal(lpm_runs(t->pool, t->roots[f], f, &read), 0);
		assert_true(runs_equal(&read, &right[f]));
		runs_clear(&read);
	}
	both_clear(right);
}

/* Sets, values and removals at random, in the table as in the set. */
static void random_changes(struct lpm *t, struct set *set, int changes)
{
	for (int i = 0; i < changes; i++) {
		struct lpm_entry e = { random_prefix(), 1 + (uint32_t)random() % 9 };
		size_t at = 0;

		if (set->count && random() % 2)
			e.prefix = set->entries[(size_t)random() % set->count].prefix;
		while (at < set->count && prefix_order(&set->entries[at], &e))
			at++;
		if (at < set->count && random() % 2) {
			assert_int_equal(lpm_remove(t, &e.prefix), 0);
			set->entries[at] = set->entries[--set->count];
			continue;
		}
		assert_int_equal(lpm_set(t, &e.prefix, e.value), 0);
		set->entries[at] = e;
		set->count += at == set->count;
	}
	set_sort(set);
}

static size_t prefixes_in(const struct lpm *t)
{
	size_t count = 0;

	for (int f = 0; f < LPM_FAMILIES; f++)
		count += t->tries[f].root ? t->tries[f].nodes[t->tries[f].root].count : 0;
	return count;
}

/* The tries hold just these. */
static void assert_holds(const struct lpm *t, const struct set *set)
{
	assert_int_equal(prefixes_in(t), set->count);
	for (size_t i = 0; i < set->count; i++)
		assert_int_equal(lpm_get(t, &set->entries[i].prefix), set->entries[i].value);
}

/* The process ends, and another one comes: what it has are the lines and the roots. */
static void forget(void)
{
	for (int i = 0; i < TABLES; i++) {
		for (int f = 0; f < LPM_FAMILIES; f++)
			trie_clear(&tables[i].tries[f]);
		tables[i] = (struct lpm){};
	}
	lpm_pool_clear(&pool);
	assert_int_equal(lpm_pool_new(shared->lines, LINES, &pool), 0);
}

static void start_over(void)
{
	lpm_clear(&tables[0]);
	forget();
	for (int i = 0; i < TABLES; i++)
		lpm_init(&tables[i], &pool, shared->roots[i]);
}

static void adopt_all(void)
{
	for (int i = 0; i < TABLES; i++)
		assert_int_equal(lpm_adopt(&tables[i], &pool, shared->roots[i]), 0);
}

static uint32_t lines_in_use(void)
{
	return pool.blocks.used - pool.blocks.retired_lines;
}

/* ---- blocks ---- */

static void blocks_are_claimed_in_any_order_and_once(void **state)
{
	enum { COUNT = 1000, MAX = 200 };
	uint32_t line[MAX], order[MAX], n = 0, all = 0;
	struct blocks b, c;
	(void)state;

	assert_int_equal(blocks_new(COUNT, &b), 0);
	assert_int_equal(blocks_new(COUNT, &c), 0);
	for (; n < MAX; n++) {
		order[n] = (uint32_t)random() % 5;
		if (blocks_take(&b, order[n], &line[n]))
			break;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = i * 7919 % n;	/* a prime: each once */

		assert_int_equal(blocks_claim(&c, line[at], order[at]), 0);
		all += 1u << order[at];
		assert_int_equal(c.used, all);
		assert_int_equal(blocks_claim(&c, line[at], order[at]), -EEXIST);
		assert_int_equal(blocks_claim(&c, line[at] & ~7u, 3), -EEXIST);
		assert_int_equal(blocks_claim(&c, line[at], 0), -EEXIST);
	}
	assert_int_equal(c.used, b.used);
	for (uint32_t i = 0; i < n; i++)
		blocks_give(&c, line[i]);
	assert_int_equal(c.used, 0);
	assert_int_equal(blocks_claim(&c, 512, 8), 0);
	assert_int_equal(blocks_take(&c, 9, line), 0);
	assert_int_equal(line[0], 0);
	blocks_clear(&b);
	blocks_clear(&c);
}

static void a_block_that_cannot_be_is_refused(void **state)
{
	struct blocks b;
	(void)state;

	assert_int_equal(blocks_new(100, &b), 0);
	assert_int_equal(blocks_claim(&b, 100, 0), -EINVAL);
	assert_int_equal(blocks_claim(&b, UINT32_MAX, 0), -EINVAL);
	assert_int_equal(blocks_claim(&b, 96, 3), -EINVAL);
	assert_int_equal(blocks_claim(&b, 2, 2), -EINVAL);
	assert_int_equal(blocks_claim(&b, 0, 7), -EINVAL);
	assert_int_equal(blocks_claim(&b, 0, 31), -EINVAL);
	assert_int_equal(b.used, 0);
	assert_int_equal(blocks_claim(&b, 99, 0), 0);
	blocks_clear(&b);
}

/* ---- reading and taking over ---- */

static void words_are_read_as_a_lookup_reads_them(void **state)
{
	static struct set set;
	(void)state;

	for (int i = 0; i < 100; i++) {
		random_changes(&tables[0], &set, 20);
		assert_says(&tables[0], &set);
		lpm_pool_reclaim(&pool);
	}
}

static void an_adopted_table_is_gone_on_with(void **state)
{
	static struct set sets[TABLES];
	uint32_t used;
	(void)state;

	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < TABLES; i++) {
			if (random() % 4 == 0) {
				set_random(&sets[i], (size_t)random() % 20, 9);
				assert_int_equal(lpm_load(&tables[i], sets[i].entries,
							  sets[i].count), 0);
			}
			random_changes(&tables[i], &sets[i], (int)random() % 30);
			lpm_pool_reclaim(&pool);
		}
		used = pool.blocks.used;
		forget();
		adopt_all();
		assert_int_equal(pool.blocks.used, used);
		for (int i = 0; i < TABLES; i++) {
			assert_says(&tables[i], &sets[i]);
			set_disjoint(&sets[i]);
			assert_holds(&tables[i], &sets[i]);
			random_changes(&tables[i], &sets[i], (int)random() % 10);
			assert_says(&tables[i], &sets[i]);
		}
		/* Few again, or they grow by each turn. */
		for (int i = 0; i < TABLES; i++) {
			set_random(&sets[i], 10, 9);
			assert_int_equal(lpm_load(&tables[i], sets[i].entries, sets[i].count), 0);
		}
	}
}

/* As the one that was never forgotten: in the same lines, and not many more later on. */
static void a_table_made_of_such_prefixes_is_adopted_as_it_was(void **state)
{
	static struct set set;
	(void)state;

	for (int i = 0; i < 20; i++) {
		set_random_disjoint(&set, 30);
		assert_int_equal(lpm_change(&tables[0], set.entries, set.count), 0);
		forget();
		adopt_all();
		assert_false(tables[0].loose[LPM_IPV4] || tables[0].loose[LPM_IPV6]);
		assert_holds(&tables[0], &set);
		assert_int_equal(lpm_change(&tables[0], set.entries, set.count), 0);
		assert_int_equal(pool.blocks.retired_lines, 0);
	}
}

static void a_table_that_has_an_owner_is_not_adopted(void **state)
{
	static struct set set;
	uint32_t used, root;
	struct lpm t;
	(void)state;

	set_random(&set, 100, 9);
	assert_int_equal(lpm_load(&tables[0], set.entries, set.count), 0);
	used = pool.blocks.used;
	root = shared->roots[0][LPM_IPV6];
	assert_int_equal(lpm_adopt(&t, &pool, shared->roots[0]), -EEXIST);
	assert_int_equal(pool.blocks.used, used);
	assert_int_equal(shared->roots[0][LPM_IPV6], root);
	assert_int_equal(prefixes_in(&t), 0);
	assert_says(&tables[0], &set);
}

/* A test's other value hides in no prefix of its own: nodes fit no more, and are made again. */
static void nodes_that_fit_no_more_are_made_before_the_first_change(void **state)
{
	struct set set = { .count = 2, .entries = {
		{ prefix("0.0.0.0/0"), 1 },
		{ prefix("10.1.2.3/32"), 2 },
	} };
	struct prefix gone = prefix("128.0.0.0/1");
	uint32_t line;
	(void)state;

	assert_int_equal(lpm_load(&tables[0], set.entries, set.count), 0);
	forget();
	adopt_all();
	assert_true(tables[0].loose[LPM_IPV4]);
	while (!blocks_take(&pool.blocks, 0, &line))
		;
	assert_int_equal(lpm_remove(&tables[0], &gone), -ENOSPC);
	assert_int_equal(lpm_set(&tables[0], &gone, 7), -ENOSPC);
	assert_int_equal(lpm_get(&tables[0], &gone), 1);
	assert_says(&tables[0], &set);
	forget();
	adopt_all();
	assert_int_equal(lpm_remove(&tables[0], &gone), 0);
	assert_false(tables[0].loose[LPM_IPV4]);
	set_disjoint(&set);
	set.count--;
	assert_says(&tables[0], &set);
}

/* ---- words of any kind ---- */

static int read_and_clear(const struct lpm_pool *p, uint32_t root, enum lpm_family f)
{
	struct runs r;
	int failed = lpm_runs(p, root, f, &r);

	if (!failed)
		runs_clear(&r);
	return failed;
}

static uint32_t node(unsigned stride, uint32_t line)
{
	return XRING_LPM_NODE | (uint32_t)stride << XRING_LPM_LINE_BITS | line;
}

static void words_that_make_no_sense_are_refused(void **state)
{
	struct xring_lpm_test good = { .bits = 8, .mask = { 0xffull << 56 }, .match = 1 };
	struct xring_lpm_test *test = &shared->lines[2].test;
	(void)state;

	memset(shared->lines, 0, sizeof(shared->lines));
	assert_int_equal(read_and_clear(&pool, node(4, LINES - 1), LPM_IPV4), 0);
	assert_int_equal(read_and_clear(&pool, node(4, LINES), LPM_IPV4), -EINVAL);
	assert_int_equal(read_and_clear(&pool, node(5, LINES - 1), LPM_IPV4), -EINVAL);
	assert_int_equal(read_and_clear(&pool, node(0, LINES), LPM_IPV4), -EINVAL);
	assert_int_equal(read_and_clear(&pool, UINT32_MAX, LPM_IPV6), -EINVAL);
	/* A node that names itself, in each of its words. */
	for (int i = 0; i < 16; i++)
		shared->lines[1].word[i] = node(4, 1);
	assert_int_equal(read_and_clear(&pool, node(4, 1), LPM_IPV6), -EINVAL);
	/* More bits than there are. */
	*test = good;
	assert_int_equal(read_and_clear(&pool, node(0, 2), LPM_IPV4), 0);
	test->match = node(12, 256);
	assert_int_equal(read_and_clear(&pool, node(0, 2), LPM_IPV4), 0);
	shared->lines[256].word[0] = node(13, 512);
	assert_int_equal(read_and_clear(&pool, node(0, 2), LPM_IPV4), -EINVAL);
	assert_int_equal(read_and_clear(&pool, node(0, 2), LPM_IPV6), 0);
	/* Tests that test something else. */
	*test = good;
	test->other = node(4, 3);
	assert_int_equal(read_and_clear(&pool, node(0, 2), LPM_IPV4), -EINVAL);
	*test = good;
	test->mask[1] = 1;
	assert_int_equal(read_and_clear(&pool, node(0, 2), LPM_IPV4), -EINVAL);
	*test = good;
	test->bits = 33;
	assert_int_equal(read_and_clear(&pool, node(0, 2), LPM_IPV4), -EINVAL);
}

/* Each level names the next one from all its words: 16^31 ways to the end. */
static void a_node_with_many_names_is_not_read_for_ever(void **state)
{
	(void)state;

	for (uint32_t line = 0; line < 32; line++)
		for (int i = 0; i < 16; i++)
			shared->lines[line].word[i] = line < 31 ? node(4, line + 1) : 1;
	assert_int_equal(read_and_clear(&pool, node(4, 0), LPM_IPV6), -EINVAL);
}

static void more_nodes_than_a_lookup_looks_at_are_refused(void **state)
{
	(void)state;

	memset(shared->lines, 0, sizeof(shared->lines));
	for (uint32_t line = 0; line < 9; line++)
		shared->lines[line].word[0] = node(1, line + 1);
	shared->lines[7].word[0] = 5;
	assert_int_equal(read_and_clear(&pool, node(1, 0), LPM_IPV4), 0);
	shared->lines[7].word[0] = node(1, 8);
	assert_int_equal(read_and_clear(&pool, node(1, 0), LPM_IPV4), -EINVAL);
}

static void spoil(void)
{
	uint32_t *word = &shared->lines[random() % 40].word[random() % 16];

	switch (random() % 3) {
	case 0:
		*word ^= 1u << random() % 32;
		break;
	case 1:
		*word = shared->lines[random() % 40].word[random() % 16];
		break;
	default:
		*word = node((unsigned)random() % 9, (uint32_t)random() % 42);
	}
}

/* What is refused leaves nothing; what is not says what a lookup finds. */
static void assert_refused_or_right(struct lpm_pool *few, uint32_t *roots, size_t *refused)
{
	struct runs r[LPM_FAMILIES] = {};
	struct lpm t;
	int failed = 0;

	for (int f = 0; f < LPM_FAMILIES; f++)
		failed |= lpm_runs(few, roots[f], f, &r[f]);
	*refused += !!failed;
	t = (struct lpm){ .pool = few, .roots = roots };
	if (!failed)
		assert_lookups(&t, r);
	both_clear(r);
	if (lpm_adopt(&t, few, roots)) {
		assert_int_equal(few->blocks.used, 0);
		assert_int_equal(prefixes_in(&t), 0);
		lpm_init(&t, few, roots);
	} else {
		assert_int_equal(failed, 0);
	}
	lpm_clear(&t);
	lpm_pool_reclaim(few);
	assert_int_equal(few->blocks.used, 0);
}

static void spoiled_words_are_refused_or_read_as_a_lookup_does(void **state)
{
	union xring_lpm_line good[40];
	static struct set set;
	struct lpm_pool few;
	size_t refused = 0;
	(void)state;

	assert_int_equal(lpm_pool_new(shared->lines, 40, &few), 0);
	for (int i = 0; i < 20000; i++) {
		uint32_t roots[LPM_FAMILIES];
		struct lpm t;

		if (i % 100 == 0) {
			lpm_init(&t, &few, shared->roots[0]);
			do
				set_random(&set, 12, 9);
			while (lpm_load(&t, set.entries, set.count));
			memcpy(good, shared->lines, sizeof(good));
			memcpy(shared->roots[1], shared->roots[0], sizeof(roots));
			lpm_clear(&t);
			lpm_pool_reclaim(&few);
		}
		memcpy(shared->lines, good, sizeof(good));
		memcpy(roots, shared->roots[1], sizeof(roots));
		for (int n = i % 4; n-- > 0;)
			spoil();
		assert_refused_or_right(&few, roots, &refused);
	}
	assert_in_range(refused, 1000, 19000);
	memset(shared->roots, 0, sizeof(shared->roots));
	lpm_pool_clear(&few);
}

/* ---- changing ---- */

static void a_table_changes_to_what_it_is_told(void **state)
{
	static struct set sets[2];
	(void)state;

	for (int i = 0; i < 150; i++) {
		struct set *old = &sets[i % 2], *new = &sets[!(i % 2)];

		if (i % 10 == 0)
			set_random_disjoint(new, (size_t)random() % 40);
		else
			set_vary(old, new, (size_t)random() % 10);
		assert_int_equal(lpm_change(&tables[0], new->entries, new->count), 0);
		assert_says(&tables[0], new);
		assert_holds(&tables[0], new);
		lpm_pool_reclaim(&pool);
		assert_int_equal(lpm_change(&tables[0], new->entries, new->count), 0);
		assert_int_equal(pool.blocks.retired_lines, 0);
	}
	assert_int_equal(lpm_change(&tables[0], NULL, 0), 0);
	assert_int_equal(lines_in_use(), 0);
}

static void what_is_no_such_list_is_refused(void **state)
{
	struct set set = { .count = 2 };
	(void)state;

	set.entries[0] = (struct lpm_entry){ prefix("10.0.0.0/8"), 1 };
	set.entries[1] = (struct lpm_entry){ prefix("10.1.0.0/16"), 2 };
	assert_int_equal(lpm_change(&tables[0], set.entries, 2), -EINVAL);
	set.entries[1].prefix = prefix("10.0.0.0/8");
	assert_int_equal(lpm_change(&tables[0], set.entries, 2), -EINVAL);
	set.entries[1].prefix = prefix("9.0.0.0/8");
	assert_int_equal(lpm_change(&tables[0], set.entries, 2), -EINVAL);
	set.entries[1] = (struct lpm_entry){ prefix("a00::/8"), 0 };
	assert_int_equal(lpm_change(&tables[0], set.entries, 2), -EINVAL);
	set.entries[1].value = XRING_LPM_NODE;
	assert_int_equal(lpm_change(&tables[0], set.entries, 2), -EINVAL);
	set.entries[1].value = 2;
	assert_int_equal(lpm_change(&tables[0], set.entries, 2), 0);
	assert_says(&tables[0], &set);
}

/* Takes lines until few are left. */
static void crowd(uint32_t left)
{
	uint32_t line;

	lpm_pool_reclaim(&pool);
	while (pool.blocks.count - pool.blocks.used > left)
		assert_int_equal(blocks_take(&pool.blocks, 0, &line), 0);
}

static void a_change_without_room_leaves_the_table_as_it_was(void **state)
{
	static struct set old, new;
	int refused = 0;
	(void)state;

	for (int i = 0; i < 200; i++) {
		int failed;

		/* The former ones are nested, or not. */
		set_random(&old, 30, 9);
		if (i % 2)
			set_disjoint(&old);
		assert_int_equal(lpm_load(&tables[0], old.entries, old.count), 0);
		set_random_disjoint(&new, 1 + (size_t)random() % 30);
		crowd((uint32_t)random() % 30);
		failed = lpm_change(&tables[0], new.entries, new.count);
		assert_true(!failed || failed == -ENOSPC);
		refused += !!failed;
		assert_says(&tables[0], failed ? &old : &new);
		assert_holds(&tables[0], failed ? &old : &new);
		start_over();
	}
	assert_in_range(refused, 20, 180);
}

/* ---- killed at a store ---- */

/*
 * Words are shared with a child, that changes the table until it is killed at a store:
 * what it left, where a reader may be at any time, is old or new for each address.
 */
static bool killed_at(uint64_t store, const struct set *new, bool *ret_failed)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		step_fatal = store;
		_exit(lpm_change(&tables[0], new->entries, new->count) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status)) {
		assert_in_range(WEXITSTATUS(status), 0, 1);
		*ret_failed = WEXITSTATUS(status);
		return false;
	}
	assert_int_equal(WTERMSIG(status), SIGKILL);
	return true;
}

static void assert_old_or_new(const struct runs old[LPM_FAMILIES],
			      const struct runs new[LPM_FAMILIES])
{
	const struct runs *both[] = { old, new };

	for (int f = 0; f < LPM_FAMILIES; f++)
		for (size_t i = 0; i < 2 * (old[f].count + new[f].count); i++) {
			const struct runs *r = &both[i / 2 >= old[f].count][f];
			size_t at = i / 2 >= old[f].count ? i / 2 - old[f].count : i / 2;
			position p = r->list[at].first - i % 2;
			struct address a = address_at(p, families[f]);
			uint32_t found = lpm_find(&tables[0], &a);

			assert_true(found == runs_find(&old[f], &a) ||
				    found == runs_find(&new[f], &a));
		}
}

/* And whoever comes next takes it over, and goes on to the end. */
static void assert_goes_on(const struct set *new)
{
	struct lpm_pool next;
	struct lpm t;

	assert_int_equal(lpm_pool_new(shared->lines, LINES, &next), 0);
	assert_int_equal(lpm_adopt(&t, &next, shared->roots[0]), 0);
	assert_int_equal(lpm_change(&t, new->entries, new->count), 0);
	assert_says(&t, new);
	assert_holds(&t, new);
	for (int f = 0; f < LPM_FAMILIES; f++)
		trie_clear(&t.tries[f]);
	lpm_pool_clear(&next);
}

/* Returns how many stores it takes at most; 0: the change fails, at the end. */
static uint64_t kill_everywhere(const struct set *old, const struct set *new)
{
	static struct shared start;
	struct runs was[LPM_FAMILIES], is[LPM_FAMILIES];
	uint64_t store = 1;
	bool failed;

	runs_of(old, was);
	runs_of(new, is);
	memcpy(&start, shared, sizeof(start));
	/* The first ones all, then one in so many. */
	for (; killed_at(store, new, &failed); store += 1 + store / 32) {
		assert_old_or_new(was, is);
		assert_goes_on(new);
		memcpy(shared, &start, sizeof(start));
	}
	assert_says(&tables[0], failed ? old : new);
	memcpy(shared, &start, sizeof(start));
	both_clear(was);
	both_clear(is);
	return failed ? 0 : store;
}

static void a_few_prefixes_change_store_by_store(void **state)
{
	static struct set old, new;
	uint64_t stores = 0;
	(void)state;

	for (int i = 0; i < 6; i++) {
		set_random_disjoint(&old, 25);
		set_vary(&old, &new, 5);
		assert_int_equal(lpm_change(&tables[0], old.entries, old.count), 0);
		stores += kill_everywhere(&old, &new);
		start_over();
	}
	assert_true(stores > 100);
}

static void a_table_made_beside_goes_in_by_a_store_a_family(void **state)
{
	static struct set old, new;
	(void)state;

	for (int i = 0; i < 10; i++) {
		set_random(&old, 25, 9);
		set_random_disjoint(&new, 12);
		assert_int_equal(lpm_load(&tables[0], old.entries, old.count), 0);
		/* The one after these is not reached. */
		assert_in_range(kill_everywhere(&old, &new), 1, 2 * LPM_FAMILIES + 1);
		start_over();
	}
}

static void add(struct set *set, const char *text, uint32_t value)
{
	set->entries[set->count++] = (struct lpm_entry){ prefix(text), value };
}

/* Not the value of the one around it, which goes too, is to be seen when a prefix goes. */
static void nested_prefixes_go_without_showing_each_other(void **state)
{
	static const char *const nested[] = {
		"10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.7/32",
		"2001:db8::/32", "2001:db8::/48", "2001:db8::/64",
	};
	struct set old = { .count = 0 }, new;
	(void)state;

	/* So many that stay that no table is made beside. */
	for (uint8_t i = 0; i < 40; i++) {
		struct address a = { .family = AF_INET, .bytes = { 172, 16, i } };

		old.entries[old.count++] = (struct lpm_entry){ prefix_of(&a, 24), 9 };
	}
	new = old;
	for (uint32_t i = 0; i < ARRAY_SIZE(nested); i++)
		add(&old, nested[i], i + 1);
	add(&new, "10.128.0.0/9", 20);
	add(&new, "10.0.1.0/24", 21);
	add(&new, "2001:db8::/47", 22);
	set_sort(&old);
	set_sort(&new);
	assert_int_equal(lpm_load(&tables[0], old.entries, old.count), 0);
	assert_true(kill_everywhere(&old, &new) > 2 * LPM_FAMILIES + 1);
}

/* What a table beside takes, which is then not there. */
static void leave_no_room_beside(const struct set *new)
{
	uint32_t before = pool.blocks.used, needed;

	assert_int_equal(lpm_load(&tables[1], new->entries, new->count), 0);
	needed = pool.blocks.used - before;
	lpm_clear(&tables[1]);
	crowd(needed ? needed - 1 : 0);
}

static void nested_prefixes_without_room_beside_change_store_by_store(void **state)
{
	static struct set old, new;
	uint64_t stores, failed = 0, done = 0;
	(void)state;

	for (int i = 0; i < 30; i++) {
		set_random(&old, 8, 9);
		set_vary(&old, &new, 3);
		assert_int_equal(lpm_load(&tables[0], old.entries, old.count), 0);
		leave_no_room_beside(&new);
		stores = kill_everywhere(&old, &new);
		failed += !stores;
		/* More than a table made beside takes: it was not. */
		done += stores > 2 * LPM_FAMILIES + 1;
		start_over();
	}
	assert_true(failed && done);
}

#define each(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_claimed_in_any_order_and_once),
		cmocka_unit_test(a_block_that_cannot_be_is_refused),
		each(words_are_read_as_a_lookup_reads_them),
		each(an_adopted_table_is_gone_on_with),
		each(a_table_made_of_such_prefixes_is_adopted_as_it_was),
		each(a_table_that_has_an_owner_is_not_adopted),
		each(nodes_that_fit_no_more_are_made_before_the_first_change),
		each(words_that_make_no_sense_are_refused),
		each(a_node_with_many_names_is_not_read_for_ever),
		each(more_nodes_than_a_lookup_looks_at_are_refused),
		each(spoiled_words_are_refused_or_read_as_a_lookup_does),
		each(a_table_changes_to_what_it_is_told),
		each(what_is_no_such_list_is_refused),
		each(a_change_without_room_leaves_the_table_as_it_was),
		each(a_few_prefixes_change_store_by_store),
		each(nested_prefixes_go_without_showing_each_other),
		each(a_table_made_beside_goes_in_by_a_store_a_family),
		each(nested_prefixes_without_room_beside_change_store_by_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
