// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/lpm/lpm.h"
#include "core/lpm/runs.h"
#include "core/value/address.h"
#include "core/value/prefix.h"
#include "prefix_sets.h"

#define MANY 200

static void set_text(struct set *set, const char *const *text, const uint32_t *values, size_t n)
{
	set->count = n;
	for (size_t i = 0; i < n; i++)
		set->entries[i] = (struct lpm_entry){ prefix(text[i]), values[i] };
	set_sort(set);
}

static uint32_t match(const struct lpm_entry *entries, size_t count, const struct address *a)
{
	const struct lpm_entry *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (prefix_covers(&entries[i].prefix, a) &&
		    (!best || entries[i].prefix.bits > best->prefix.bits))
			best = &entries[i];
	return best ? best->value : 0;
}

static struct runs runs_of(const struct set *set, int family)
{
	struct runs r;

	assert_int_equal(runs_of_prefixes(set->entries, set->count, family, &r), 0);
	return r;
}

static void assert_well_formed(const struct runs *r)
{
	assert_true(r->count >= 1);
	assert_true(r->list[0].first == 0);
	for (size_t i = 1; i < r->count; i++) {
		assert_true(r->list[i - 1].first < r->list[i].first);
		assert_int_not_equal(r->list[i - 1].value, r->list[i].value);
	}
}

/* Calls check() where answers can change, and at random. */
static void at_addresses(const struct set *set, int family,
			 void (*check)(void *context, const struct address *a), void *context)
{
	for (size_t i = 0; i < set->count; i++)
		for (int last = 0; last < 2; last++) {
			struct address at = end_of(&set->entries[i].prefix, last);
			struct address out = beside(at, last);

			if (at.family != family)
				continue;
			check(context, &at);
			check(context, &out);
		}
	for (int i = 0; i < 200; i++) {
		struct address a = random_address();

		if (a.family == family)
			check(context, &a);
	}
}

/* ---- one list ---- */

struct one {
	const struct set *set;
	const struct runs *runs;
	const struct lpm_entry *entries;
	size_t count;
};

static void check_one(void *context, const struct address *a)
{
	const struct one *one = context;
	uint32_t right = match(one->set->entries, one->set->count, a);

	assert_int_equal(runs_find(one->runs, a), right);
	assert_int_equal(match(one->entries, one->count, a), right);
}

/* Sorted, and none in another; and no two are the halves of one that says the same. */
static void assert_fewest(const struct lpm_entry *e, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct prefix a = e[i - 1].prefix, b = e[i].prefix, whole;

		assert_true(prefix_compare(&a, &b) < 0);
		assert_false(prefix_covers(&a, &b.address));
		if (a.bits != b.bits || e[i - 1].value != e[i].value)
			continue;
		whole = prefix_of(&a.address, a.bits - 1);
		assert_false(prefix_covers(&whole, &b.address));
	}
}

static void assert_right(const struct set *set)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		_free_ struct lpm_entry *entries = NULL;
		struct runs r = runs_of(set, families[f]);
		struct one one = { .set = set, .runs = &r };

		assert_well_formed(&r);
		assert_int_equal(runs_prefixes(&r, families[f], &entries, &one.count), 0);
		one.entries = entries;
		assert_fewest(entries, one.count);
		at_addresses(set, families[f], check_one, &one);
		runs_clear(&r);
	}
}

static void no_prefix_is_one_run_of_nothing(void **state)
{
	struct set none = { .count = 0 };
	struct lpm_entry *entries;
	struct runs r = runs_of(&none, AF_INET6);
	size_t count = 7;
	(void)state;

	assert_int_equal(r.count, 1);
	assert_int_equal(r.list[0].value, 0);
	assert_int_equal(runs_prefixes(&r, AF_INET6, &entries, &count), 0);
	assert_int_equal(count, 0);
	free(entries);
	runs_clear(&r);
	assert_null(r.list);
}

static void the_example_of_the_header_is_true(void **state)
{
	static const char *const text[] = { "10.0.0.0/8", "10.64.0.0/10" };
	static const uint32_t values[] = { 1, 2 };
	static const char *const said[] = { "10.0.0.0/10", "10.64.0.0/10", "10.128.0.0/9" };
	struct lpm_entry *entries;
	struct set set;
	struct runs r;
	size_t count;
	(void)state;

	set_text(&set, text, values, ARRAY_SIZE(text));
	r = runs_of(&set, AF_INET);
	assert_int_equal(r.count, 5);
	assert_int_equal(runs_prefixes(&r, AF_INET, &entries, &count), 0);
	assert_int_equal(count, ARRAY_SIZE(said));
	for (size_t i = 0; i < count; i++) {
		struct prefix p = prefix(said[i]);

		assert_int_equal(prefix_compare(&entries[i].prefix, &p), 0);
		assert_int_equal(entries[i].value, 1 + i % 2);
	}
	free(entries);
	runs_clear(&r);
}

static void the_ends_of_the_space_are_in_no_run_twice(void **state)
{
	static const char *const text[] = {
		"0.0.0.0/0", "0.0.0.0/1", "0.0.0.0/32", "128.0.0.0/1", "255.255.255.255/32",
		"::/0", "::/128", "8000::/1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		"ffff:ffff:ffff:ffff::/64", "0:0:0:0:ffff::/80",
	};
	uint32_t values[ARRAY_SIZE(text)];
	struct set set;
	(void)state;

	for (unsigned same = 1; same < 5; same++) {
		for (uint32_t i = 0; i < ARRAY_SIZE(text); i++)
			values[i] = 1 + i % same;
		set_text(&set, text, values, ARRAY_SIZE(text));
		assert_right(&set);
	}
}

static void nested_prefixes_of_each_length_are_right(void **state)
{
	struct address zeros = { .family = AF_INET6 }, ones = zeros;
	struct set set = { .count = 0 };
	(void)state;

	memset(ones.bytes, 0xff, sizeof(ones.bytes));
	for (unsigned bits = 0; bits <= 128; bits++)
		set.entries[set.count++] = (struct lpm_entry){ prefix_of(&zeros, bits), bits + 1 };
	assert_right(&set);
	for (unsigned bits = 0; bits <= 128; bits++)
		set.entries[bits].prefix = prefix_of(&ones, bits);
	set_sort(&set);
	assert_right(&set);
}

static void random_prefixes_are_right(void **state)
{
	struct set set;
	(void)state;

	for (int i = 0; i < 100; i++) {
		set_random(&set, (size_t)random() % MANY, 1 + (unsigned)random() % 9);
		assert_right(&set);
	}
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

static void prefixes_of_runs_make_the_same_runs(void **state)
{
	struct lpm_entry *entries;
	struct runs r, again;
	struct set set;
	size_t count;
	(void)state;

	for (int i = 0; i < 100; i++) {
		int family = families[i % 2];

		set_random(&set, MANY / 2, 3);
		r = runs_of(&set, family);
		assert_int_equal(runs_prefixes(&r, family, &entries, &count), 0);
		assert_int_equal(runs_of_prefixes(entries, count, family, &again), 0);
		assert_true(runs_equal(&r, &again));
		free(entries);
		runs_clear(&again);
		runs_clear(&r);
	}
}

static void of_a_prefix_that_stands_twice_the_later_value_counts(void **state)
{
	struct lpm_entry e[] = {
		{ prefix("10.0.0.0/8"), 1 }, { prefix("10.0.0.0/8"), 2 },
		{ prefix("10.0.0.0/8"), 3 }, { prefix("10.1.0.0/16"), 4 },
		{ prefix("10.1.0.0/16"), 5 },
	};
	struct address a = address("10.1.2.3"), b = address("10.2.0.0"), c = address("11.0.0.0");
	struct runs r;
	(void)state;

	assert_int_equal(runs_of_prefixes(e, ARRAY_SIZE(e), AF_INET, &r), 0);
	assert_well_formed(&r);
	assert_int_equal(runs_find(&r, &a), 5);
	assert_int_equal(runs_find(&r, &b), 3);
	assert_int_equal(runs_find(&r, &c), 0);
	runs_clear(&r);
}

/* ---- two lists ---- */

struct calls {
	size_t count;
	uint32_t modulus;
};

static uint32_t mixed(void *context, uint32_t a, uint32_t b)
{
	struct calls *calls = context;

	calls->count++;
	return (7 * a + b) % calls->modulus;
}

struct two {
	const struct set *a;
	const struct set *b;
	const struct runs *both;
	uint32_t modulus;
};

static void check_two(void *context, const struct address *at)
{
	const struct two *two = context;
	struct calls ignored = { .modulus = two->modulus };
	uint32_t a = match(two->a->entries, two->a->count, at);
	uint32_t b = match(two->b->entries, two->b->count, at);

	assert_int_equal(runs_find(two->both, at), mixed(&ignored, a, b));
}

/* On how many stretches both are constant. */
static size_t stretches(const struct runs *a, const struct runs *b)
{
	size_t shared = 0, j = 0;

	for (size_t i = 0; i < a->count; i++) {
		while (j < b->count && b->list[j].first < a->list[i].first)
			j++;
		shared += j < b->count && b->list[j].first == a->list[i].first;
	}
	return a->count + b->count - shared;
}

static void two_lists_combine_at_each_address_with_one_call_a_stretch(void **state)
{
	static struct set sets[2];
	(void)state;

	for (int i = 0; i < 100; i++) {
		int family = families[i % 2];
		struct calls calls = { .modulus = 2 + (uint32_t)random() % 40 };
		struct runs a, b, both;
		struct two two = { &sets[0], &sets[1], &both, calls.modulus };

		set_random(&sets[0], (size_t)random() % MANY, 1 + (unsigned)random() % 9);
		set_random(&sets[1], (size_t)random() % MANY, 1 + (unsigned)random() % 9);
		a = runs_of(&sets[0], family);
		b = runs_of(&sets[1], family);
		assert_int_equal(runs_combine(&a, &b, mixed, &calls, &both), 0);
		assert_well_formed(&both);
		assert_int_equal(calls.count, stretches(&a, &b));
		at_addresses(&sets[0], family, check_two, &two);
		at_addresses(&sets[1], family, check_two, &two);
		runs_clear(&a);
		runs_clear(&b);
		runs_clear(&both);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_prefix_is_one_run_of_nothing),
		cmocka_unit_test(the_example_of_the_header_is_true),
		cmocka_unit_test(the_ends_of_the_space_are_in_no_run_twice),
		cmocka_unit_test(nested_prefixes_of_each_length_are_right),
		cmocka_unit_test(random_prefixes_are_right),
		cmocka_unit_test(prefixes_of_runs_make_the_same_runs),
		cmocka_unit_test(of_a_prefix_that_stands_twice_the_later_value_counts),
		cmocka_unit_test(two_lists_combine_at_each_address_with_one_call_a_stretch),
	};

	srandom(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
