// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

#include "base/heap.h"
#include "base/util.h"

static struct heap_item items[500];
static bool inside[ARRAY_SIZE(items)];

static const struct heap_item *least(void)
{
	const struct heap_item *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		if (inside[i] && (!found || items[i].key < found->key))
			found = &items[i];
	return found;
}

static void assert_ordered(const struct heap *h)
{
	for (size_t i = 0; i < h->count; i++) {
		assert_int_equal(h->items[i]->index, i);
		assert_true(!i || h->items[(i - 1) / 2]->key <= h->items[i]->key);
	}
}

static void the_top_is_the_least_whatever_comes_and_goes(void **state)
{
	struct heap h = {};
	size_t count = 0;
	(void)state;

	srandom(1);
	assert_int_equal(heap_reserve(&h, ARRAY_SIZE(items)), 0);
	for (int turn = 0; turn < 20000; turn++) {
		size_t i = random() % ARRAY_SIZE(items);

		if (inside[i])
			heap_take(&h, &items[i]);
		else
			heap_put(&h, &items[i], random() % 1000);
		inside[i] = !inside[i];
		count += inside[i] ? 1 : -1;
		assert_int_equal(h.count, count);
		assert_ordered(&h);
		if (count)
			assert_int_equal(heap_top(&h)->key, least()->key);
		else
			assert_null(heap_top(&h));
	}
	heap_clear(&h);
}

static void what_is_taken_from_the_top_comes_in_order(void **state)
{
	struct heap_item many[100];
	struct heap h = {};
	uint64_t last = 0;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		assert_int_equal(heap_reserve(&h, i + 1), 0);
		heap_put(&h, &many[i], i * 37 % 101);
	}
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		struct heap_item *top = heap_top(&h);

		assert_true(top->key >= last);
		last = top->key;
		heap_take(&h, top);
	}
	assert_null(heap_top(&h));
	heap_clear(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_top_is_the_least_whatever_comes_and_goes),
		cmocka_unit_test(what_is_taken_from_the_top_comes_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
