// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables that are large enough for a palette: what they answer is held against the runs of
 * the same prefixes.
 */
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
#include "prefixes.h"

#define LINES (1u << 20)
#define PREFIXES 80000u
#define VALUES 5			/* more than have a place in the palette */

static union xring_lpm_line *lines;	/* shared with children that are killed */
static uint32_t *root;			/* of both families, behind the lines */
static struct lpm_pool pool;
static struct lpm table;
static struct lpm_entry *set;
static size_t set_count;

static size_t memory_size(void)
{
	return LINES * sizeof(*lines) + 4096;
}

/* IPv4, as the Internet has them: most of 24 bits, some shorter, a few longer. */
static struct prefix network(void)
{
	unsigned bits = random() % 8 ? 24 : random() % 3 ? 12 + random() % 12 : 25 + random() % 8;
	struct address a = { .family = AF_INET };

	for (int i = 0; i < 4; i++)
		a.bytes[i] = (uint8_t)random();
	return prefix_of(&a, bits);
}

/* The first two values are those of nine in ten. */
static uint32_t value(void)
{
	return random() % 10 ? 1 + random() % 2 : 1 + random() % VALUES;
}

static void set_sort_once(void)
{
	size_t kept = 0;

	qsort(set, set_count, sizeof(*set), prefix_order);
	for (size_t i = 0; i < set_count; i++)
		if (!kept || prefix_order(&set[kept - 1], &set[i]))
			set[kept++] = set[i];
	set_count = kept;
}

static int setup(void **state)
{
	(void)state;
	lines = mmap(NULL, memory_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(lines, MAP_FAILED);
	root = (uint32_t *)(lines + LINES);
	assert_int_equal(lpm_pool_new(lines, LINES, &pool), 0);
	lpm_init(&table, &pool, root);
	srandom(1);
	set = calloc(PREFIXES + 1000, sizeof(*set));
	for (set_count = 0; set_count < PREFIXES; set_count++)
		set[set_count] = (struct lpm_entry){ network(), value() };
	set_sort_once();
	assert_int_equal(lpm_load(&table, set, set_count), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lpm_clear(&table);
	lpm_pool_reclaim(&pool);
	assert_int_equal(pool.blocks.used, 0);
	lpm_pool_clear(&pool);
	free(set);
	munmap(lines, memory_size());
	return 0;
}

static struct xring_lpm_palette *palette(void)
{
	assert_int_equal(XRING_LPM_STRIDE(root[LPM_IPV4]), XRING_LPM_PALETTE);
	return &lines[root[LPM_IPV4] & XRING_LPM_LINE_MASK].palette;
}


static uint32_t lookup(const struct address *a)
{
	uint32_t address;

	memcpy(&address, a->bytes, sizeof(address));
	return lpm_lookup4(lines, root[LPM_IPV4], address);
}

/* Each stretch of addresses with one answer, at both ends; and addresses at random. */
static void assert_right(void)
{
	struct runs r;

	assert_int_equal(runs_of_prefixes(set, set_count, AF_INET, &r), 0);
	for (size_t i = 0; i < r.count; i++) {
		struct address a = { .family = AF_INET };
		uint32_t first = (uint32_t)(r.list[i].first >> 96);

		for (int k = 0; k < 4; k++)
			a.bytes[k] = (uint8_t)(first >> (24 - 8 * k));
		assert_int_equal(lookup(&a), r.list[i].value);
		a = beside(a, false);
		assert_int_equal(lookup(&a), runs_find(&r, &a));
	}
	for (int i = 0; i < 100000; i++) {
		struct prefix p = network();

		assert_int_equal(lookup(&p.address), runs_find(&r, &p.address));
	}
	runs_clear(&r);
}

static void the_palette_answers_most_and_all_answers_are_right(void **state)
{
	unsigned asked = 0;

	(void)state;
	assert_right();
	for (uint32_t i = 0; i < 1u << 16; i++)
		asked += (lpm_palette(lines, root[LPM_IPV4], i << 16 | 1) & XRING_LPM_NODE) != 0;
	assert_in_range(asked, 1, (1u << 16) / 10);
}

/* The prefix gets the value in the table and in the set. */
static void change(struct prefix p, uint32_t to)
{
	struct lpm_entry e = { p, to };
	struct lpm_entry *at = bsearch(&e, set, set_count, sizeof(*set), prefix_order);

	assert_int_equal(lpm_set(&table, &p, to), 0);
	if (at)
		at->value = to;
	else
		set[set_count++] = e;
	set_sort_once();
}

static void changes_of_any_length_are_painted(void **state)
{
	static const char *const some[] = { "8.0.0.0/6", "10.77.0.0/16", "10.77.3.0/24",
					    "10.77.3.9/32", "0.0.0.0/0", "255.255.255.128/25" };
	static const uint32_t values[] = { 1, 2, 3, 4, 2, 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		change(prefix(some[i]), values[i]);
	for (int i = 0; i < 200; i++)
		change(network(), value());
	assert_right();
	for (int i = 0; i < 200; i++) {
		size_t at = (size_t)random() % set_count;

		assert_int_equal(lpm_remove(&table, &set[at].prefix), 0);
		memmove(&set[at], &set[at + 1], (--set_count - at) * sizeof(*set));
	}
	assert_right();
}

static void a_value_keeps_its_place(void **state)
{
	uint32_t places[XRING_LPM_ASK];

	(void)state;
	memcpy(places, palette()->word, sizeof(places));
	for (int i = 0; i < 100; i++)
		change(network(), 1 + random() % VALUES);
	assert_memory_equal(palette()->word, places, sizeof(places));
}

/* ---- the next process ---- */

static void adopt(void)
{
	struct lpm_pool next;
	uint32_t used = pool.blocks.used;

	assert_int_equal(lpm_pool_new(lines, LINES, &next), 0);
	for (int f = 0; f < LPM_FAMILIES; f++)
		trie_clear(&table.tries[f]);
	lpm_pool_clear(&pool);
	pool = next;
	assert_int_equal(lpm_adopt(&table, &pool, root), 0);
	assert_int_equal(pool.blocks.used, used);
}

static void what_a_palette_still_says_does_not_count(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		lines[palette()->index + (uint32_t)random() % XRING_LPM_INDEX_LINES].word[i % 16] =
			(uint32_t)random() & 0x55555555;
	adopt();
	assert_right();
	change(prefix("10.77.0.0/16"), 2);
	assert_right();
}

/* Returns whether the child was killed before store number `store` of the change. */
static bool killed_at(uint64_t store, const struct prefix *p, uint32_t to)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		step_fatal = store;
		_exit(lpm_set(&table, p, to) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status);
}

static void a_change_that_is_killed_leaves_old_or_new_answers(void **state)
{
	struct prefix p = prefix("10.64.0.0/14");
	struct runs was, is;
	uint64_t store = 1;

	(void)state;
	assert_int_equal(runs_of_prefixes(set, set_count, AF_INET, &was), 0);
	set[set_count++] = (struct lpm_entry){ p, 2 };
	set_sort_once();
	assert_int_equal(runs_of_prefixes(set, set_count, AF_INET, &is), 0);
	for (; killed_at(store, &p, 2); store += 1 + store / 4)
		for (uint32_t i = 0; i < 1u << 16; i++) {
			struct address a = p.address;
			uint32_t found;

			a.bytes[1] = 60 + (i >> 12);	/* on both sides, too */
			a.bytes[2] = i >> 4;
			a.bytes[3] = i << 4;
			found = lookup(&a);
			assert_true(found == runs_find(&was, &a) || found == runs_find(&is, &a));
		}
	assert_in_range(store, 20, 100000);
	runs_clear(&was);
	runs_clear(&is);
	adopt();
	assert_right();
}

static void refused(const struct xring_lpm_palette *good)
{
	struct runs r;

	assert_int_equal(lpm_runs(&pool, root[LPM_IPV4], LPM_IPV4, &r), -EINVAL);
	*palette() = *good;
	assert_int_equal(lpm_runs(&pool, root[LPM_IPV4], LPM_IPV4, &r), 0);
	runs_clear(&r);
}

static void a_palette_that_makes_no_sense_is_refused(void **state)
{
	struct xring_lpm_palette good = *palette();

	(void)state;
	palette()->word[1] = XRING_LPM_NODE | 5;
	refused(&good);
	palette()->word[XRING_LPM_ASK] = root[LPM_IPV4];
	refused(&good);
	palette()->index++;
	refused(&good);
	palette()->index = LINES;
	refused(&good);
	palette()->index = ~0u;
	refused(&good);
}

static void without_room_for_a_palette_there_is_a_table_without_one(void **state)
{
	uint32_t line;

	(void)state;
	lpm_clear(&table);
	lpm_pool_reclaim(&pool);
	while (!blocks_take(&pool.blocks, XRING_LPM_INDEX_ORDER + 1, &line))
		;
	/* A table needs large nodes, too: one block goes back, but no palette's beside it. */
	blocks_give(&pool.blocks, 0);
	if (!lpm_load(&table, set, set_count)) {
		assert_int_not_equal(XRING_LPM_STRIDE(root[LPM_IPV4]), XRING_LPM_PALETTE);
		assert_right();
	}
	lpm_clear(&table);
	lpm_pool_reclaim(&pool);
	for (line = 2 * XRING_LPM_INDEX_LINES; line < LINES; line += 2 * XRING_LPM_INDEX_LINES)
		blocks_give(&pool.blocks, line);
}

#define each(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(the_palette_answers_most_and_all_answers_are_right),
		each(changes_of_any_length_are_painted),
		each(a_value_keeps_its_place),
		each(what_a_palette_still_says_does_not_count),
		each(a_change_that_is_killed_leaves_old_or_new_answers),
		each(a_palette_that_makes_no_sense_is_refused),
		each(without_room_for_a_palette_there_is_a_table_without_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
