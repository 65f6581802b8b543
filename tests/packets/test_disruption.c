// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a change disturbs: the share of new flows that get another backend, sent
 * through the datapath before and after, beside the exact share that a plan says and
 * the least that any method could move. (That is of the weights; virtual nodes at
 * random give a backend some percent more or less.) And what a change leaves behind:
 * nothing, the tables are those of a ring that was always so.
 */
#include "balancer.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/ring/cell.h"
#include "core/model/model.h"
#include "core/ring/plan.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "core/value/number.h"
#include "frame.h"

#define FLOWS DRIVE_PACKETS
#define OLD_FLOWS 10000u		/* of them older than the change */
#define VNODES 150
#define NODES_MAX 1001

enum what { ADD, REMOVE, REWEIGHT };

static const char *const what_name[] = { "add 1", "remove 1", "weight 2" };

/* A ring before and after: weights, in thousandths, by node. */
struct rings {
	size_t count;
	uint32_t before[NODES_MAX], after[NODES_MAX];
};

static void rings_fill(struct rings *r, size_t nodes, enum what what)
{
	r->count = nodes + (what == ADD);
	for (size_t i = 0; i < r->count; i++)
		r->before[i] = r->after[i] = 1000;
	if (what == ADD)
		r->before[nodes] = 0;
	else
		r->after[nodes / 2] = what == REMOVE ? 0 : 2000;
}

static void points_fill(const uint32_t *weights, size_t count, uint32_t *ret)
{
	for (size_t i = 0; i < count; i++)
		ret[i] = weight_points(weights[i], VNODES);
}

static size_t nodes_fill(const uint32_t *weights, size_t count, struct plan_node *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (weights[i])
			ret[n++] = (struct plan_node){ balancer_node(i), weights[i],
						       weight_points(weights[i], VNODES) };
	return n;
}

static void plan_of(const struct rings *r, struct plan *ret)
{
	struct plan_node before[NODES_MAX], after[NODES_MAX];
	size_t before_count = nodes_fill(r->before, r->count, before);
	size_t after_count = nodes_fill(r->after, r->count, after);

	assert_int_equal(plan_new(before, before_count, after, after_count, ret), 0);
}

/* The ring of these weights, without a history. */
static void ring_of(const uint32_t *weights, size_t count, struct ring *ret)
{
	struct ring_node nodes[NODES_MAX];

	for (size_t i = 0; i < count; i++)
		nodes[i] = (struct ring_node){ balancer_node(i), strlen(balancer_node(i)),
					       weight_points(weights[i], VNODES) };
	assert_int_equal(ring_new(nodes, count, ret), 0);
}

/* Cells in which either ring finds room. */
static unsigned bits_for(const struct rings *r)
{
	struct ring before, after;
	unsigned bits;

	ring_of(r->before, r->count, &before);
	ring_of(r->after, r->count, &after);
	bits = cells_bits(before.point_count);
	while (!cells_fit(&before, bits) || !cells_fit(&after, bits))
		bits++;
	ring_clear(&before);
	ring_clear(&after);
	return bits;
}

static void flows_fill(struct balancer *b, uint8_t flags)
{
	srandom(1);
	for (uint32_t i = 0; i < FLOWS; i++)
		b->packets[i] = (struct drive_packet){
			.addr = htonl(random() % (100u << 24) + (1u << 24)),
			.port = random(), .flags = flags, .seq = i };
}

/* How many flows moved; each one is held against the plan and against its cell. */
static uint32_t moved_count(const struct balancer *b, const uint32_t *before,
			    const struct plan *plan)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < FLOWS; i++) {
		uint32_t hash = balancer_hash(b, &b->packets[i]), now = b->packets[i].backend;

		assert_int_equal(now, cells_lookup(&b->cells, hash));
		assert_int_equal(now != before[i], plan_moves_hash(plan, hash));
		moved += now != before[i];
	}
	return moved;
}

/* The plan's share is that of the circle, the flows are a sample of it. */
static void shares_compare(const struct plan *plan, uint32_t moved, size_t nodes, enum what what)
{
	double exact = plan->moved / (double)PLAN_CIRCLE, got = (double)moved / FLOWS;
	double sigma = sqrt(exact * (1 - exact) / FLOWS);

	printf("%-9s of %5zu %9.4f%% %9.4f%% %9.4f%% %+6.1f sigma %12.3f\n",
	       what_name[what], nodes, 100 * got, 100 * exact, 100 * plan->least,
	       (got - exact) / sigma, exact / plan->least);
	assert_true(fabs(got - exact) <= 5 * sigma);
}

/* The newest words, spill buckets by what they hold. */
static void cells_are_fresh(const struct balancer *b, const struct rings *r)
{
	struct xring_spill *buckets = calloc(1 << 16, sizeof(*buckets));
	struct cells fresh = { .bits = b->cells.bits };
	struct spill_pool spills;
	uint16_t ids[NODES_MAX];
	struct ring ring;

	assert_int_equal(spill_pool_new(buckets, 1 << 16, &spills), 0);
	fresh.words = calloc((size_t)2 << fresh.bits, sizeof(*fresh.words));
	fresh.spills = &spills;
	ring_of(r->after, r->count, &ring);
	for (size_t i = 0; i < r->count; i++)
		ids[i] = i + 1;
	assert_true(cells_write(&fresh, &(struct cells_change){ &ring, ids }) > 0);
	for (uint32_t c = 0; c < cells_count(&fresh); c++) {
		uint64_t word = b->cells.words[c], want = fresh.words[c];
		struct answer is, should;

		assert_int_equal(word & CELL_FLAGS, 0);
		if (word == want && !cell_spilled(word))
			continue;
		assert_true(cell_spilled(word) && cell_spilled(want));
		answer_read(&b->spills, word, &is);
		answer_read(&spills, want, &should);
		assert_true(answer_equal(&is, &should));
	}
	ring_clear(&ring);
	spill_pool_clear(&spills);
	free(fresh.words);
	free(buckets);
}

/* Until every pin is gone: what the change wrote is what a fresh ring's cells say. */
static void change_ends(struct balancer *b, const struct rings *r)
{
	uint64_t looks = 0;

	balancer_age(b, BALANCER_TCP_IDLE / 2);
	assert_true(b->cells.moving > 0);
	balancer_age(b, BALANCER_TCP_IDLE / 2 + 100);
	assert_int_equal(b->cells.moving, 0);
	for (uint32_t c = 0; c < cells_count(&b->cells); c++)
		looks += !!(b->cells.words[c] & XRING_LOOK);
	assert_true(looks > 0);
	balancer_walk(b);
	cells_are_fresh(b, r);
	assert_int_equal(balancer_pins(b), 0);
}

static void change_disturbs(size_t nodes, enum what what)
{
	uint32_t points[NODES_MAX], *before = calloc(FLOWS, sizeof(*before));
	struct rings r;
	struct balancer *b;
	struct plan plan;

	rings_fill(&r, nodes, what);
	plan_of(&r, &plan);
	b = balancer_new(&(struct balancer_size){ bits_for(&r), 1 << 14 });
	points_fill(r.before, r.count, points);
	balancer_change(b, points, r.count, CELLS_CUT);
	flows_fill(b, SYN);
	balancer_send(b, FLOWS);
	for (uint32_t i = 0; i < FLOWS; i++)
		before[i] = b->packets[i].backend;

	points_fill(r.after, r.count, points);
	balancer_change(b, points, r.count, CELLS_KEEP);
	balancer_send(b, FLOWS);
	shares_compare(&plan, moved_count(b, before, &plan), nodes, what);

	flows_fill(b, RST | ACK);	/* a flow that is older stays, and ends */
	balancer_send(b, FLOWS);
	for (uint32_t i = 0; i < FLOWS; i++)
		assert_int_equal(b->packets[i].backend, before[i]);
	flows_fill(b, ACK);
	for (uint32_t i = 0; i < FLOWS; i++)
		b->packets[i].seq += 1u << 31;
	balancer_send(b, OLD_FLOWS);
	for (uint32_t i = 0; i < OLD_FLOWS; i++)
		assert_int_equal(b->packets[i].backend, before[i]);
	change_ends(b, &r);
	balancer_free(b);
	plan_clear(&plan);
	free(before);
}

static void new_flows_move_as_the_plan_says(void **state)
{
	static const size_t nodes[] = { 3, 10, 100, 1000 };

	(void)state;
	printf("%-18s %10s %10s %10s %12s %12s\n", "change", "flows", "plan", "least",
	       "differ by", "plan / least");
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		for (enum what what = ADD; what <= REWEIGHT; what++)
			change_disturbs(nodes[i], what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_flows_move_as_the_plan_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
