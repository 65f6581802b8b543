// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounded loads: clients by Zipf's law open short connections through the datapath, the
 * loads are told it every 20 ms as the daemon does, and what the busiest backend gets is
 * held against the average, with the bound and without.
 */
#include "balancer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xring/hash.h>

#include "base/util.h"
#include "core/backend/load.h"
#include "core/value/number.h"
#include "frame.h"
#include "zipf.h"

#define CLIENTS 100000u
#define NODES_MAX 100
#define STEP_MS 20
#define STEPS 400			/* 8 s */
#define SETTLED 200			/* from then on it is measured */
#define BEGIN 500			/* connections a step */
#define LIFE 50				/* steps */
#define SPEAKS 10			/* each so many steps */
#define FLOWS (BEGIN * LIFE)		/* at once */

struct flow {
	uint32_t addr, seq;
	uint16_t port;
	uint32_t backend;		/* that its SYN went to; 0: none has begun */
	bool shed;
};

struct load_test {
	struct balancer *b;
	size_t nodes;
	uint32_t bound;
	struct zipf zipf;
	struct load loads[NODES_MAX];
	uint32_t weights[NODES_MAX];
	struct xring_traffic last[NODES_MAX];
	uint64_t measured[NODES_MAX];	/* packets, once it has settled */
	struct flow *flows;
	uint32_t *order;		/* the flow of each packet of the list */
	uint16_t port;
	uint64_t shed, moved, opened;
};

static void test_open(struct load_test *t, size_t nodes, double s, uint32_t bound)
{
	uint32_t points[NODES_MAX];

	*t = (struct load_test){
		.b = balancer_new(&(struct balancer_size){ .bits = 16, .key = KEY_CLIENT,
							   .bound = bound }),
		.nodes = nodes,
		.bound = bound,
		.flows = calloc(FLOWS, sizeof(*t->flows)),
		.order = calloc(DRIVE_PACKETS, sizeof(*t->order)),
	};
	zipf_new(CLIENTS, s, 42, &t->zipf);
	for (size_t i = 0; i < nodes; i++) {
		t->weights[i] = WEIGHT_ONE;
		points[i] = VNODES_DEFAULT;
	}
	balancer_change(t->b, points, nodes, CELLS_CUT);
}

static void test_close(struct load_test *t)
{
	zipf_clear(&t->zipf);
	balancer_free(t->b);
	free(t->flows);
	free(t->order);
}

static uint32_t key_hash(const struct load_test *t, const struct flow *f)
{
	return hash_flow4((const __u64 *)t->b->config->hash_key, f->addr, 0, 0);
}

/* ---- packets ---- */

static void say(struct load_test *t, uint32_t *count, uint32_t i, uint8_t flags)
{
	struct flow *f = &t->flows[i];

	t->order[*count] = i;
	t->b->packets[(*count)++] = (struct drive_packet){ .addr = f->addr, .port = f->port,
							   .flags = flags, .seq = f->seq };
	f->seq += flags == SYN;		/* the only one with a length */
}

static void flow_begin(struct load_test *t, struct flow *f)
{
	*f = (struct flow){ .addr = htonl(0x0b000000 + zipf_draw(&t->zipf)),
			    .seq = zipf_random(&t->zipf), .port = htons(++t->port) };
	t->opened++;
}

/* SYNs and the packets behind them are lists of their own: answers come between. */
static void answers_take(struct load_test *t, uint32_t count, bool syns)
{
	if (!count)
		return;
	balancer_send(t->b, count);
	for (uint32_t i = 0; i < count; i++) {
		struct flow *f = &t->flows[t->order[i]];
		uint32_t backend = t->b->packets[i].backend;

		if (syns) {
			f->backend = backend;
			f->shed = backend != cells_lookup(&t->b->cells, key_hash(t, f));
			t->shed += f->shed;
		} else {
			t->moved += backend != f->backend;
		}
	}
}

static void step_packets(struct load_test *t, unsigned step)
{
	uint32_t slot = step % LIFE * BEGIN, count = 0;

	for (uint32_t i = slot; i < slot + BEGIN; i++) {
		flow_begin(t, &t->flows[i]);
		say(t, &count, i, SYN);
	}
	answers_take(t, count, true);
	count = 0;
	for (uint32_t i = 0; i < FLOWS; i++)
		if (t->flows[i].backend &&
		    ((i >= slot && i < slot + BEGIN) || i % SPEAKS == step % SPEAKS))
			say(t, &count, i, ACK);
	answers_take(t, count, false);
}

/* ---- loads, as the daemon does ---- */

static void step_loads(struct load_test *t, unsigned step)
{
	for (size_t i = 0; i < t->nodes; i++) {
		struct xring_traffic now = balancer_traffic(t->b, i + 1);
		uint64_t flows = now.flows - t->last[i].flows;
		uint64_t packets = now.packets - t->last[i].packets;

		load_add(&t->loads[i], packets - flows, flows, STEP_MS / 1000.0);
		t->loads[i].weight = t->weights[i];
		if (step >= SETTLED)
			t->measured[i] += packets;
		t->last[i] = now;
	}
	loads_weigh(t->loads, t->nodes);
	for (size_t i = 0; t->bound && i < t->nodes; i++)
		t->b->loads[i + 1] = load_per_bound(&t->loads[i], t->bound);
}

static void run(struct load_test *t)
{
	for (unsigned step = 0; step < STEPS; step++) {
		step_packets(t, step);
		step_loads(t, step);
		balancer_age(t->b, STEP_MS);
	}
}

/* Of its weighted share of all packets, what the busiest backend had. */
static double busiest(const struct load_test *t)
{
	uint64_t sum = 0, weight = 0;
	double most = 0;

	for (size_t i = 0; i < t->nodes; i++) {
		sum += t->measured[i];
		weight += t->weights[i];
	}
	for (size_t i = 0; i < t->nodes; i++) {
		double share = (double)t->measured[i] * weight / t->weights[i] / sum;

		most = share > most ? share : most;
	}
	return most;
}

static double bare(size_t nodes, double s)
{
	struct load_test t;
	double most;

	test_open(&t, nodes, s, 0);
	run(&t);
	most = busiest(&t);
	assert_int_equal(t.shed, 0);
	assert_int_equal(t.moved, 0);
	test_close(&t);
	return most;
}

static void bounded(size_t nodes, double s)
{
	double before = bare(nodes, s), most;
	uint64_t events[XRING_EVENT_MAX];
	struct load_test t;

	test_open(&t, nodes, s, 1250);
	run(&t);
	most = busiest(&t);
	balancer_events(t.b, events);
	print_message("%zu backends, Zipf(%.1f), %u clients: busiest / average %.2f without a bound, "
		      "%.2f with 1.25; shed %lu of %lu flows (%lu found all over), pins %.3f a flow "
		      "shed, moved %lu\n", nodes, s, CLIENTS, before, most, t.shed, t.opened,
		      events[XRING_EVENT_OVER], (double)balancer_pins(t.b) / t.shed, t.moved);
	assert_true(before > 1.5);
	assert_true(most <= 1.30);
	assert_true(t.shed > 0);
	assert_true(balancer_pins(t.b) <= 1.05 * t.shed);
	assert_int_equal(t.moved, 0);
	test_close(&t);
}

static void the_busiest_of_ten_backends_stays_within_its_bound(void **state)
{
	(void)state;
	bounded(10, 1.0);
	bounded(10, 1.2);
}

static void the_busiest_of_a_hundred_backends_stays_within_its_bound(void **state)
{
	(void)state;
	bounded(100, 1.0);
	bounded(100, 1.2);
}

static void weights_are_respected(void **state)
{
	uint32_t points[10];
	struct load_test t;

	(void)state;
	test_open(&t, 10, 1.2, 1250);
	for (int i = 0; i < 10; i++) {
		t.weights[i] = i == 3 ? 3 * WEIGHT_ONE : WEIGHT_ONE;
		points[i] = weight_points(t.weights[i], VNODES_DEFAULT);
	}
	balancer_change(t.b, points, 10, CELLS_CUT);
	run(&t);
	assert_true(busiest(&t) <= 1.30);
	assert_true(t.measured[3] > 2 * t.measured[4]);
	test_close(&t);
}

static void one_backend_has_nobody_to_shed_to(void **state)
{
	struct load_test t;

	(void)state;
	test_open(&t, 1, 1.2, 1250);
	run(&t);
	assert_int_equal(t.shed, 0);
	assert_int_equal(balancer_pins(t.b) + balancer_syns(t.b), 0);
	test_close(&t);
}

static uint32_t said(struct load_test *t, uint32_t i, uint8_t flags, uint32_t seq)
{
	struct flow *f = &t->flows[i];

	t->b->packets[0] = (struct drive_packet){ .addr = f->addr, .port = f->port,
						  .flags = flags, .seq = seq };
	balancer_send(t->b, 1);
	return t->b->packets[0].backend;
}

/*
 * A client uses a port again, of which the backend still has the connection before. That answers
 * the SYN by an ACK, and the client that by a RST, which has the numbers of before.
 */
static void a_reset_closes_what_is_left_where_the_syn_went(void **state)
{
	struct load_test t;
	uint32_t home, shed;

	(void)state;
	test_open(&t, 10, 1.0, 1250);
	for (int i = 0; i < 3; i++)
		t.flows[i] = (struct flow){ .addr = htonl(0x0b000001), .port = htons(1000 + i) };
	home = cells_lookup(&t.b->cells, key_hash(&t, &t.flows[0]));
	t.b->loads[home] = 2 * XRING_LOAD_FULL;
	shed = said(&t, 0, SYN, 5000);
	assert_int_not_equal(shed, home);
	assert_int_equal(said(&t, 0, RST, 0x80000000), shed);
	assert_int_equal(said(&t, 0, SYN, 5000), shed);
	assert_int_equal(said(&t, 0, ACK, 5001), shed);
	assert_int_equal(said(&t, 0, RST, 0x80000000), shed);	/* of the connection before, sent again */

	/* Who knows the answer's number, or sent no SYN, means somebody else. */
	assert_int_equal(said(&t, 0, RST | ACK, 0x80000000), home);
	assert_int_equal(said(&t, 1, RST, 0x80000000), home);
	assert_int_not_equal(said(&t, 2, SYN, 5000), home);
	balancer_age(t.b, XRING_SHAKING_MS + 1000);
	assert_int_equal(said(&t, 2, RST, 0x80000000), home);
	test_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_busiest_of_ten_backends_stays_within_its_bound),
		cmocka_unit_test(the_busiest_of_a_hundred_backends_stays_within_its_bound),
		cmocka_unit_test(weights_are_respected),
		cmocka_unit_test(one_backend_has_nobody_to_shed_to),
		cmocka_unit_test(a_reset_closes_what_is_left_where_the_syn_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
