// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dropped packets are counted by whose they were: of a service, or of the backend to which they would have
 * gone; and some are given as samples.
 */
#include "fixture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <sched.h>
#include <string.h>

#include "base/util.h"
#include "frame.h"

#define CLIENT "10.1.0.2"

static const char services[] =
	"  one: {vip: '10.200.1.1:80/tcp', mode: ipip, too_big: drop, backends: {b1: 10.2.0.11}}\n"
	"  two: {vip: '10.200.1.2:80/tcp', mode: l2, too_big: drop, backends: {b1: 10.2.0.12}}\n"
	"  none: {vip: '10.200.1.3:80/tcp', mode: ipip, backends: {}}\n"
	"  nat: {vip: '10.200.1.4:80/tcp', mode: nat, backends: {b1: '10.2.0.14:80'}}\n";

static void too_long(struct frame *f, const char *vip)
{
	frame_of(f, ETH, IP(CLIENT, vip), TCP(5000, 80, ACK), DATA(1480), END);
}

static void too_long_with_options(struct frame *f, const char *vip)
{
	frame_of(f, ETH, IP(CLIENT, vip, .options = 8), TCP(5000, 80, ACK), DATA(1480), END);
}

static void length_is_too_short(struct frame *f, const char *vip)
{
	frame_of(f, ETH, IP(CLIENT, vip), TCP(5000, 80, ACK), DATA(10), END);
	f->bytes[14 + 3] = 30;
}

static void from_a_group(struct frame *f, const char *vip)
{
	frame_of(f, ETH, IP("224.0.0.5", vip), TCP(5000, 80, ACK), END);
}

static void from_a_vip(struct frame *f, const char *vip)
{
	frame_of(f, ETH, IP("10.200.1.1", vip), TCP(80, 80, ACK), END);
}

static void honest(struct frame *f, const char *vip)
{
	frame_of(f, ETH, IP(CLIENT, vip), TCP(5000, 80, ACK), END);
}

static void tagged_and_short(struct frame *f, const char *vip)
{
	length_is_too_short(f, vip);
	frame_tag(f, 0x81000000u | 100, 0);
}

static void from_its_next_hop(struct frame *f, const char *vip)
{
	honest(f, vip);
	memcpy(f->bytes + 6, HOP_MAC, 6);
}

static void reply_that_is_short(struct frame *f, const char *vip)
{
	(void)vip;
	frame_of(f, ETH, IP("10.2.0.14", CLIENT), TCP(80, 5000, ACK), DATA(10), END);
	f->bytes[14 + 3] = 30;
}

static const struct dropped {
	void (*make)(struct frame *f, const char *vip);
	const char *vip, *service, *backend;
	enum xring_counter reason;
} dropped[] = {
	{ too_long, "10.200.1.1", "one", "b1", XRING_CNT_DROP_TOO_BIG },
	{ too_long_with_options, "10.200.1.1", "one", "b1", XRING_CNT_DROP_TOO_BIG },
	{ too_long, "10.200.1.2", "two", "b1", XRING_CNT_DROP_TOO_BIG },
	{ length_is_too_short, "10.200.1.1", "one", NULL, XRING_CNT_DROP_MALFORMED },
	{ length_is_too_short, "10.200.1.2", "two", NULL, XRING_CNT_DROP_MALFORMED },
	{ tagged_and_short, "10.200.1.2", "two", NULL, XRING_CNT_DROP_MALFORMED },
	{ from_a_group, "10.200.1.2", "two", NULL, XRING_CNT_DROP_MARTIAN },
	{ from_a_vip, "10.200.1.2", "two", NULL, XRING_CNT_DROP_MARTIAN },
	{ honest, "10.200.1.3", "none", NULL, XRING_CNT_DROP_NO_BACKEND },
	{ from_its_next_hop, "10.200.1.2", "two", "b1", XRING_CNT_DROP_LOOP },
	{ reply_that_is_short, NULL, "nat", "b1", XRING_CNT_DROP_MALFORMED },
};

static void drops_are_counted_by_service_and_backend(void **state)
{
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	world_vlan_add(w, XRING_VLAN_ANY, 1);
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		const struct dropped *d = &dropped[i];
		uint64_t before = world_dropped(w, d->service, d->backend, d->reason);

		d->make(&f, d->vip);
		for (int times = 0; times < 3; times++) {
			struct outcome o = world_run(w, &f);

			assert_int_equal(o.verdict, XDP_DROP);
			assert_int_equal(o.counter, d->reason);
		}
		assert_int_equal(world_dropped(w, d->service, d->backend, d->reason), before + 3);
	}
	world_free(w);
}

/* While the table is full, a drop is in the sum of its reason all the same. */
static void a_full_table_costs_no_sum(void **state)
{
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	world_drops_fill(w);
	length_is_too_short(&f, "10.200.1.1");
	assert_int_equal(world_run(w, &f).counter, XRING_CNT_DROP_MALFORMED);
	assert_int_equal(world_dropped(w, "one", NULL, XRING_CNT_DROP_MALFORMED), 0);
	world_free(w);
}

/* ---- samples ---- */

#define MOST 2048

static struct {
	struct ring_buffer *ring;
	struct xring_sample list[MOST];
	size_t count;
} heard;

static int on_sample(void *context, void *data, size_t size)
{
	(void)context;
	assert_int_equal(size, sizeof(struct xring_sample));
	assert_true(heard.count < MOST);
	heard.list[heard.count++] = *(struct xring_sample *)data;
	return 0;
}

/* Each CPU has tokens of its own: the test stays on one. */
static struct world *listening_world(void)
{
	struct world *w = world_new(services);
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	heard.ring = ring_buffer__new(world_map(w, "xring_samples"), on_sample, NULL, NULL);
	heard.count = 0;
	assert_non_null(heard.ring);
	return w;
}

static void world_leave(struct world *w)
{
	ring_buffer__free(heard.ring);
	world_free(w);
}

static void turn_begin(struct world *w, uint32_t number)
{
	uint32_t zero = 0;

	assert_int_equal(bpf_map_update_elem(world_map(w, "xring_turn"), &zero, &number, 0), 0);
}

/* What has come since the last call; the first is heard.list[0]. */
static size_t samples(void)
{
	heard.count = 0;
	ring_buffer__consume(heard.ring);
	return heard.count;
}

static void a_sample_is_the_frame_as_it_came(void **state)
{
	struct world *w = listening_world();
	const struct xring_sample *s = &heard.list[0];
	struct frame f;

	(void)state;
	world_vlan_add(w, XRING_VLAN_ANY, 1);
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		uint64_t values[XRING_CPUS];
		uint32_t key;

		dropped[i].make(&f, dropped[i].vip);
		turn_begin(w, i + 1);
		assert_int_equal(world_run(w, &f).verdict, XDP_DROP);
		assert_int_equal(samples(), 1);
		assert_int_equal(s->reason, dropped[i].reason);
		assert_memory_equal(s->tag, f.bytes + 12, 4 * s->tags);
		memmove(f.bytes + 12, f.bytes + 12 + 4 * s->tags, f.len -= 4 * s->tags);
		assert_int_equal(s->tags, dropped[i].make == tagged_and_short);
		assert_int_equal(s->len, f.len);
		assert_int_equal(s->bytes_len, f.len < XRING_SAMPLE_BYTES ? f.len : XRING_SAMPLE_BYTES);
		assert_memory_equal(s->bytes, f.bytes, s->bytes_len);
		for (size_t at = s->bytes_len; at < XRING_SAMPLE_BYTES; at++)
			assert_int_equal(s->bytes[at], 0);
		/* whose: as it was counted */
		key = XRING_DROPS_KEY(s->whose, s->reason);
		assert_int_equal(bpf_map_lookup_elem(world_map(w, "xring_drops"), &key, values), 0);
	}
	honest(&f, "10.200.1.1");
	turn_begin(w, 100);
	assert_int_not_equal(world_run(w, &f).verdict, XDP_DROP);
	assert_int_equal(samples(), 0);
	world_leave(w);
}

static void drop_many(struct world *w, void (*make)(struct frame *, const char *), const char *vip, int n)
{
	struct frame f;

	make(&f, vip);
	for (int i = 0; i < n; i++)
		assert_int_equal(world_run(w, &f).verdict, XDP_DROP);
}

static void so_many_of_a_reason_are_given_in_a_turn(void **state)
{
	struct world *w = listening_world();

	(void)state;
	drop_many(w, length_is_too_short, "10.200.1.1", 3);
	assert_int_equal(samples(), 0);		/* nobody has begun a turn */
	for (uint32_t turn = 1; turn < 4; turn++) {
		turn_begin(w, turn);
		drop_many(w, length_is_too_short, "10.200.1.1", 100);
		assert_int_equal(samples(), XRING_SAMPLES);
		drop_many(w, length_is_too_short, "10.200.1.2", 3);
		assert_int_equal(samples(), 0);
		drop_many(w, from_a_group, "10.200.1.2", 3);
		assert_int_equal(samples(), 3);
	}
	world_leave(w);
}

/* Nobody fetches them. */
static void what_finds_no_room_is_counted(void **state)
{
	struct world *w = listening_world();
	struct xring_tokens tokens[XRING_CPUS];
	uint32_t reason = XRING_CNT_DROP_MALFORMED, turns = 120;
	uint64_t lost = 0;
	size_t kept;

	(void)state;
	for (uint32_t turn = 1; turn <= turns; turn++) {
		turn_begin(w, turn);
		drop_many(w, length_is_too_short, "10.200.1.1", XRING_SAMPLES);
	}
	assert_int_equal(bpf_map_lookup_elem(world_map(w, "xring_tokens"), &reason, tokens), 0);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		lost += tokens[cpu].lost;
	kept = samples();
	assert_true(kept > 1000 && lost > 0);
	assert_int_equal(kept + lost, turns * XRING_SAMPLES);
	turn_begin(w, turns + 1);
	drop_many(w, length_is_too_short, "10.200.1.1", 1);
	assert_int_equal(samples(), 1);
	world_leave(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drops_are_counted_by_service_and_backend),
		cmocka_unit_test(a_full_table_costs_no_sum),
		cmocka_unit_test(a_sample_is_the_frame_as_it_came),
		cmocka_unit_test(so_many_of_a_reason_are_given_in_a_turn),
		cmocka_unit_test(what_finds_no_room_is_counted),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
