// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/why.h"
#include "core/ring/plan.h"
#include "core/ring/ring.h"
#include "core/value/number.h"

#define NODES 1200

static char names[NODES][32];

/* node-1 to node-count, all of weight 1. */
static void numbered(struct plan_node *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "node-%u", (unsigned)i + 1);
		nodes[i] = (struct plan_node){ names[i], WEIGHT_ONE, 150 };
	}
}

static struct plan_node weighing(const char *name, uint32_t weight)
{
	return (struct plan_node){ name, weight, weight_points(weight, 150) };
}

static uint64_t random64(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

static const struct plan_backend *find(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->backend_count; i++)
		if (!strcmp(plan->backends[i].name, name))
			return &plan->backends[i];
	return NULL;
}

/* What must be true of every plan, whatever changes. */
static void adds_up(const struct plan *plan)
{
	uint64_t moves = 0, arcs = 0, before = 0, after = 0;

	for (size_t i = 0; i < plan->move_count; i++) {
		const struct plan_move *m = &plan->moves[i];

		moves += m->share;
		assert_true(m->share > 0 && m->from != m->to);
		assert_true(!i || m[-1].share >= m->share);
	}
	for (size_t i = 0; i < plan->arc_count; i++) {
		const struct plan_arc *a = &plan->arcs[i];

		arcs += a->last - a->first + 1ULL;
		assert_true(a->first <= a->last);
		assert_true(!i || a[-1].last + 1ULL < a->first);
	}
	assert_int_equal(moves, plan->moved);
	assert_int_equal(arcs, plan->moved);
	for (size_t i = 0; i < plan->backend_count; i++) {
		const struct plan_backend *b = &plan->backends[i];
		int64_t gain = 0;

		for (size_t m = 0; m < plan->move_count; m++) {
			gain += plan->moves[m].to == i ? (int64_t)plan->moves[m].share : 0;
			gain -= plan->moves[m].from == i ? (int64_t)plan->moves[m].share : 0;
		}
		assert_int_equal(b->share_after - b->share_before, gain);
		assert_true(!i || strcmp(b[-1].name, b->name) < 0);
		before += b->share_before;
		after += b->share_after;
	}
	assert_true(before == PLAN_CIRCLE || !before);
	assert_true(after == PLAN_CIRCLE || !after);
}

/* "add node-4 to 3", "remove node-3 from 3" */
static void shares_moved_are_those_of_the_vectors(void **state)
{
	struct plan_node nodes[NODES];
	char path[256], verb[16], preposition[8], line[256];
	int checked = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/vectors/moves.tsv", getenv("XRING_SOURCE") ?: ".");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		double share, ideal;
		unsigned which, from;
		struct plan plan;
		bool add;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%15s node-%u %7s %u\t%lf\t%lf", verb, &which,
					preposition, &from, &share, &ideal), 6);
		add = !strcmp(verb, "add");
		numbered(nodes, from + add);
		assert_int_equal(plan_new(nodes, from, nodes, add ? from + 1 : from - 1, &plan), 0);
		adds_up(&plan);
		assert_float_equal(plan.moved / 4294967296.0, share, 1e-12);
		/* One comes or goes: what moves is what must, at shares near those of the weights. */
		assert_true(plan.least == plan.moved / 4294967296.0);
		assert_float_equal(plan.least, ideal, 0.05);
		assert_int_equal(plan.backend_count, from + add);
		for (size_t i = 0; i < plan.move_count; i++)
			assert_string_equal(plan_name(&plan, add ? plan.moves[i].to :
								   plan.moves[i].from),
					    names[which - 1]);
		plan_clear(&plan);
		checked++;
	}
	fclose(f);
	assert_int_equal(checked, 6);
}

static void nothing_changes_where_both_are_the_same_in_any_order(void **state)
{
	struct plan_node before[3] = { weighing("c", 1000), weighing("a", 500), weighing("b", 0) };
	struct plan_node after[3] = { before[2], before[0], before[1] };
	struct plan plan;

	(void)state;
	assert_int_equal(plan_new(before, 3, after, 3, &plan), 0);
	adds_up(&plan);
	assert_int_equal(plan.moved, 0);
	assert_int_equal(plan.move_count + plan.arc_count, 0);
	assert_true(plan.least == 0);
	assert_string_equal(plan.backends[0].name, "a");
	assert_int_equal(plan.backends[0].weight_before, 500);
	assert_int_equal(find(&plan, "b")->share_before, 0);
	for (uint64_t hash = 0; hash < PLAN_CIRCLE; hash += 1 << 20)
		assert_false(plan_moves_hash(&plan, hash));
	plan_clear(&plan);

	assert_int_equal(plan_new(NULL, 0, NULL, 0, &plan), 0);
	adds_up(&plan);
	assert_int_equal(plan.moved + plan.backend_count, 0);
	assert_true(plan.least == 0);
	plan_clear(&plan);
}

/* A list that is empty, and one of backends that own nothing, are nobody's ring. */
static void from_nobody_and_to_nobody_everything_moves(void **state)
{
	struct plan_node nodes[3] = { weighing("a", 1000), weighing("b", 2000), weighing("z", 0) };
	struct plan plan;

	(void)state;
	for (int side = 0; side < 4; side++) {
		const struct plan_node *none = side & 1 ? &nodes[2] : NULL;

		assert_int_equal(side & 2 ? plan_new(none, side & 1, nodes, 2, &plan) :
					    plan_new(nodes, 2, none, side & 1, &plan), 0);
		adds_up(&plan);
		assert_true(plan.moved == PLAN_CIRCLE && plan.least == 1);
		assert_int_equal(plan.backend_count, 2 + (side & 1));
		assert_int_equal(plan.move_count, 2);
		assert_int_equal(plan.moves[0].share, find(&plan, "b")->share_before +
						      find(&plan, "b")->share_after);
		assert_null(plan_name(&plan, side & 2 ? plan.moves[0].from : plan.moves[0].to));
		assert_string_equal(plan_name(&plan, side & 2 ? plan.moves[0].to :
								plan.moves[0].from), "b");
		assert_int_equal(plan.arc_count, 1);
		assert_true(plan_moves_hash(&plan, 0) && plan_moves_hash(&plan, UINT32_MAX));
		plan_clear(&plan);
	}
}

static void shares_say_the_least_that_must_move(void **state)
{
	struct plan_node before[2] = { weighing("a", 1000), weighing("b", 1000) };
	struct plan_node after[2] = { weighing("a", 1000), weighing("b", 3000) };
	struct plan plan;

	(void)state;
	assert_int_equal(plan_new(before, 2, after, 2, &plan), 0);
	adds_up(&plan);
	assert_true(plan.least == plan.moved / 4294967296.0);
	assert_float_equal(plan.least, 0.25, 0.05);
	assert_int_equal(plan.move_count, 1);
	assert_string_equal(plan_name(&plan, plan.moves[0].from), "a");
	plan_clear(&plan);

	/*
	 * All weights doubled: virtual nodes are of weights as they are, so some keys go each way, and only
	 * by as much as one of both gains by that would they need to.
	 */
	before[0] = weighing("a", 500);
	before[1] = weighing("b", 1500);
	assert_int_equal(plan_new(before, 2, after, 2, &plan), 0);
	adds_up(&plan);
	assert_int_equal(plan.move_count, 2);
	assert_true(plan.least * 4294967296.0 == plan.moves[0].share - plan.moves[1].share);
	plan_clear(&plan);

	/* Another machine under the same name: it gains all that it has. */
	before[0] = after[0];
	before[1] = after[1];
	after[1].machine++;
	assert_int_equal(plan_new(before, 2, after, 2, &plan), 0);
	assert_true(plan.least * 4294967296.0 == find(&plan, "b")->share_after);
	assert_true(plan.moved == find(&plan, "b")->share_after);
	plan_clear(&plan);
}

static void a_name_twice_or_too_long_is_refused(void **state)
{
	struct plan_node twice[2] = { weighing("a", 1000), weighing("a", 2000) };
	struct plan_node long_one = weighing("0123456789012345678901234567890123456789"
					     "012345678901234567890123", 1000);
	struct plan plan = { .moved = 7 };

	(void)state;
	assert_int_equal(plan_new(twice, 2, NULL, 0, &plan), -22);
	assert_int_equal(plan_new(NULL, 0, twice, 2, &plan), -22);
	assert_int_equal(plan_new(&long_one, 1, NULL, 0, &plan), -22);
	assert_int_equal(plan.moved, 7);
}

/* The name that owns a hash; NULL: nobody. */
static const char *owner(const struct ring *ring, uint32_t hash)
{
	return ring->point_count ? ring->nodes[ring->points[ring_owner(ring, hash)].node].name :
				   NULL;
}

static void ring_of(const struct plan_node *nodes, size_t count, struct ring *ret)
{
	struct ring_node list[NODES];

	for (size_t i = 0; i < count; i++)
		list[i] = (struct ring_node){ nodes[i].name, strlen(nodes[i].name),
					      nodes[i].points };
	assert_int_equal(ring_new(list, count, ret), 0);
}

static size_t some(uint64_t *seed, struct plan_node *ret)
{
	size_t count = 0, most = random64(seed) % 12;
	bool taken[16] = {};

	while (count < most) {
		unsigned which = random64(seed) % 16;

		if (!taken[which])
			ret[count++] = weighing(names[which], random64(seed) % 4 * 40);
		taken[which] = true;
	}
	return count;
}

/* Random lists: each hash moves in the plan where its owner's name is another one. */
static void every_hash_moves_as_the_rings_say(void **state)
{
	struct plan_node ignored[16], before[16], after[16];
	uint64_t seed = 20261;

	(void)state;
	numbered(ignored, 16);
	for (int round = 0; round < 300; round++) {
		size_t was = some(&seed, before), is = some(&seed, after);
		struct ring a, b;
		struct plan plan;

		assert_int_equal(plan_new(before, was, after, is, &plan), 0);
		adds_up(&plan);
		ring_of(before, was, &a);
		ring_of(after, is, &b);
		for (int i = 0; i < 2000; i++) {
			size_t arc = plan.arc_count ? random64(&seed) % plan.arc_count : 0;
			uint32_t hash = random64(&seed);
			const char *from, *to;

			if (i % 4 == 1 && plan.arc_count)
				hash = plan.arcs[arc].first - (i / 4 & 1);
			if (i % 4 == 2 && plan.arc_count)
				hash = plan.arcs[arc].last + (i / 4 & 1);
			from = owner(&a, hash);
			to = owner(&b, hash);
			assert_int_equal(plan_moves_hash(&plan, hash),
					 from && to ? strcmp(from, to) != 0 : from != to);
		}
		plan_clear(&plan);
		ring_clear(&a);
		ring_clear(&b);
	}
}

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* One of a thousand, and then all of them: linear, not quadratic, in what moves. */
static void a_thousand_backends_are_planned_in_no_time(void **state)
{
	static struct plan_node before[1000], after[1000];
	double start, one, all;
	struct plan plan;

	(void)state;
	numbered(before, 1000);
	numbered(after, 1000);
	after[41] = weighing(after[41].name, 2000);
	start = milliseconds();
	assert_int_equal(plan_new(before, 1000, after, 1000, &plan), 0);
	one = milliseconds() - start;
	adds_up(&plan);
	assert_true(plan.least == plan.moved / 4294967296.0);
	assert_float_equal(plan.least, 1 / 1001.0, 0.0005);
	plan_clear(&plan);
	for (int i = 0; i < 1000; i++)
		after[i] = weighing(after[i].name, 500 + i);
	start = milliseconds();
	assert_int_equal(plan_new(before, 1000, after, 1000, &plan), 0);
	all = milliseconds() - start;
	print_message("one of 1000: %.1f ms; all: %.1f ms, %zu moves\n", one, all, plan.move_count);
	assert_true(one < 2000 && all < 4000);	/* a busy machine, a build that watches itself */
	plan_clear(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_moved_are_those_of_the_vectors),
		cmocka_unit_test(nothing_changes_where_both_are_the_same_in_any_order),
		cmocka_unit_test(from_nobody_and_to_nobody_everything_moves),
		cmocka_unit_test(shares_say_the_least_that_must_move),
		cmocka_unit_test(a_name_twice_or_too_long_is_refused),
		cmocka_unit_test(every_hash_moves_as_the_rings_say),
		cmocka_unit_test(a_thousand_backends_are_planned_in_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
