// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hot keys found in traffic: a million clients by Zipf's law send a million packets a
 * second through the datapath, and what its sketch tells core/ is held against what was
 * sent. A second is ten turns of the daemon: a window is open for the first quarter of each.
 * With four million packets a second a window counts blocks of them.
 */
#include "balancer.h"

#include <arpa/inet.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/hot/judge.h"
#include "frame.h"
#include "zipf.h"

#define CLIENTS 1000000u
#define NODES 100
#define TURN 100000u			/* packets: a tenth of a second */
#define TURN_BLOCKS 400000u		/* the same where they are counted in blocks */
#define OPEN 4				/* one in so many is in the window */
#define TURN_NS (NS_PER_S / 10)

struct traffic {
	struct balancer *b;
	struct zipf zipf;
	struct heat_service heat;
	struct hot hot;
	struct judge_rules rules;
	uint32_t turn;			/* packets */
};

static uint32_t key_addr(uint32_t key)
{
	return htonl(0x0b000000 + key * 7);
}

static uint32_t key_of(const struct xring_flow *flow)
{
	return (ntohl(flow->src[0]) - 0x0b000000) / 7;
}

static void traffic_open(struct traffic *t, double s, uint64_t seed, uint32_t turn)
{
	uint32_t points[NODES];

	*t = (struct traffic){
		.b = balancer_new(&(struct balancer_size){ .bits = 16, .key = KEY_CLIENT }),
		.hot = { HOT_FACTOR, HOT_FLOOR, HOT_HOLD_MS, HOT_SHARDS, 1 },
		.turn = turn,
	};
	t->rules = (struct judge_rules){ &t->hot, NODES, false, NS_PER_S, 1 };
	zipf_new(CLIENTS, s, seed, &t->zipf);
	for (int i = 0; i < NODES; i++)
		points[i] = VNODES_DEFAULT;
	balancer_change(t->b, points, NODES, CELLS_CUT);
}

static void traffic_close(struct traffic *t)
{
	heat_service_clear(&t->heat);
	zipf_clear(&t->zipf);
	balancer_free(t->b);
}

static void packets_send(struct traffic *t, uint32_t count)
{
	uint32_t batch;

	for (; count; count -= batch) {
		batch = count < TURN ? count : TURN;
		for (uint32_t i = 0; i < batch; i++)
			t->b->packets[i] = (struct drive_packet){
				.addr = key_addr(zipf_draw(&t->zipf)), .flags = ACK,
				.port = zipf_random(&t->zipf) };
		balancer_send(t->b, batch);
	}
}

static void told(void *context, const struct heat_key *key, enum heat_state was)
{
	(void)context;
	(void)key;
	(void)was;
}

/* A tenth of a second. */
static void turn(struct traffic *t)
{
	bool blocks = t->turn == TURN_BLOCKS;
	struct heat_window window = { .packets = t->turn, .open = TURN_NS / OPEN,
				      .since = TURN_NS };
	uint32_t seed = (zipf_random(&t->zipf) & ~XRING_HEAT_BLOCKS) | 2;
	struct heat_tally tally;

	if (blocks)
		window.open /= XRING_HEAT_BLOCK_SHARE;
	balancer_window(t->b, blocks ? seed | XRING_HEAT_BLOCKS : seed);
	packets_send(t, t->turn / OPEN);
	balancer_window(t->b, 0);
	packets_send(t, t->turn - t->turn / OPEN);
	balancer_tally(t->b, &tally);
	window.seen = tally.seen;
	window.seen_count = tally.seen_count;
	window.distinct = heat_distinct(&tally, BALANCER_NUMBER);
	window.least = 0.25 * judge_threshold(&t->heat, &t->rules);
	assert_int_equal(heat_update(&t->heat, &window), 0);
	t->rules.now += TURN_NS;
	judge(&t->heat, &t->rules, told, NULL);
	heat_tally_clear(&tally);
}

struct found {
	double threshold;		/* share of the packets */
	unsigned sure, found;		/* above twice of it; of them, found */
	unsigned named, right;		/* called hot; of them, above it */
};

static struct found look(const struct traffic *t)
{
	double rate = heat_rate(&t->heat.pace);
	struct found f = { .threshold = judge_threshold(&t->heat, &t->rules) / rate };

	for (size_t i = 0; i < t->heat.count; i++) {
		const struct heat_key *key = &t->heat.keys[i];
		double share = zipf_share(&t->zipf, key_of(&key->flow));

		f.named += key->state != HEAT_NONE;
		f.right += key->state != HEAT_NONE && share >= f.threshold;
		f.found += key->state != HEAT_NONE && share >= 2 * f.threshold;
	}
	for (uint32_t key = 0; key < CLIENTS && zipf_share(&t->zipf, key) >= 2 * f.threshold; key++)
		f.sure++;
	return f;
}

/* The worst of those above the threshold: |shown / true - 1|. */
static double worst_error(const struct traffic *t, double threshold)
{
	double worst = 0;

	for (size_t i = 0; i < t->heat.count; i++) {
		const struct heat_key *key = &t->heat.keys[i];
		double share = zipf_share(&t->zipf, key_of(&key->flow));
		double error = fabs(heat_rate(&key->pace) / (share * t->turn * 10) - 1);

		if (share >= threshold && error > worst)
			worst = error;
	}
	return worst;
}

static void hot_keys_of(double s, uint32_t turn_packets)
{
	struct traffic t;
	struct found f;
	double worst;

	traffic_open(&t, s, 1 + 10 * s, turn_packets);
	for (int i = 0; i < 10; i++)
		turn(&t);
	f = look(&t);
	for (int i = 0; i < 50; i++)
		turn(&t);
	worst = worst_error(&t, f.threshold);
	print_message("Zipf(%.1f), %u clients: threshold %.2f%%; after 1 s %u of %u above twice of it "
		      "found, %u of %u called hot are above it; rates within %.1f%%\n", s, CLIENTS,
		      100 * f.threshold, f.found, f.sure, f.right, f.named, 100 * worst);
	assert_true(f.sure > 5);
	assert_int_equal(f.found, f.sure);
	assert_true(f.right >= 0.95 * f.named);
	assert_true(worst < 0.1);
	traffic_close(&t);
}

static void the_heavy_of_a_million_clients_are_found_within_a_second(void **state)
{
	(void)state;
	hot_keys_of(0.9, TURN);
	hot_keys_of(1.0, TURN);
	hot_keys_of(1.2, TURN);
}

static void a_part_of_four_times_as_many_packets_finds_the_same(void **state)
{
	(void)state;
	hot_keys_of(1.0, TURN_BLOCKS);
}

/* A hundred flows of one client, in bursts of five packets: as they go on, or with any numbers. */
static struct heat_seen client_of_flows(struct traffic *t, bool goes_on)
{
	struct heat_seen seen = {};
	struct heat_tally tally;
	uint32_t next[100] = {};

	balancer_window(t->b, 2);
	for (uint32_t i = 0; i < 4000; i++) {
		uint32_t flow = i / 5 % 100;

		next[flow] = goes_on ? next[flow] + 1400 : zipf_random(&t->zipf);
		t->b->packets[i] = (struct drive_packet){ .addr = key_addr(3), .flags = ACK,
							  .port = flow, .seq = next[flow] };
	}
	balancer_send(t->b, 4000);
	balancer_window(t->b, 0);
	balancer_tally(t->b, &tally);
	assert_int_equal(tally.seen_count, 1);
	seen = tally.seen[0];
	heat_tally_clear(&tally);
	return seen;
}

static void packets_that_go_on_prove_flows(void **state)
{
	struct heat_seen seen;
	struct traffic t;

	(void)state;
	traffic_open(&t, 1, 1, TURN);
	seen = client_of_flows(&t, true);
	assert_int_equal(seen.sampled, 125);
	assert_true(seen.proven > 60);
	seen = client_of_flows(&t, false);
	assert_int_equal(seen.sampled, 125);
	assert_true(seen.proven < 3);
	traffic_close(&t);
}

static void a_flood_of_syns_makes_nothing_hot(void **state)
{
	uint64_t syns = setting("XRING_FLOOD", 1000000);
	struct heat_tally tally;
	struct traffic t;

	(void)state;
	traffic_open(&t, 1, 1, TURN);
	balancer_window(t.b, 12346);
	balancer_flood(t.b, SYN, syns);
	balancer_window(t.b, 0);
	balancer_tally(t.b, &tally);
	print_message("%lu SYNs from anywhere: %zu keys seen\n", syns, tally.seen_count);
	assert_int_equal(tally.seen_count, 0);
	assert_int_equal(tally.taken, 0);
	heat_tally_clear(&tally);
	traffic_close(&t);
}

static void a_closed_window_counts_nothing(void **state)
{
	struct heat_tally tally;
	struct traffic t;

	(void)state;
	traffic_open(&t, 1, 1, TURN);
	packets_send(&t, 1000);
	balancer_tally(t.b, &tally);
	assert_int_equal(tally.taken, 0);
	heat_tally_clear(&tally);
	traffic_close(&t);
}

static void the_counters_of_a_cpu_stay_small(void **state)
{
	size_t bytes = sizeof(struct xring_heat);

	(void)state;
	print_message("counters: %zu KiB a CPU, whatever the traffic\n", bytes >> 10);
	assert_true(bytes <= 8 << 20);
}

/*
 * Each CPU has a sketch with dice of its own, so that what is found would depend on when the
 * scheduler moves this process.
 */
static void stay_on_this_cpu(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		abort();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_heavy_of_a_million_clients_are_found_within_a_second),
		cmocka_unit_test(a_part_of_four_times_as_many_packets_finds_the_same),
		cmocka_unit_test(packets_that_go_on_prove_flows),
		cmocka_unit_test(a_flood_of_syns_makes_nothing_hot),
		cmocka_unit_test(a_closed_window_counts_nothing),
		cmocka_unit_test(the_counters_of_a_cpu_stay_small),
	};

	stay_on_this_cpu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
