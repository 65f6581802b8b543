// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Floods of packets that no honest host sends: each has its counted reason, no answer is sent, what is remembered
 * stays bounded, and no flow moves, also in the middle of a change. XRING_FLOOD is how many of each.
 */
#include "balancer.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "fixture.h"
#include "frame.h"
#include "xring.skel.h"

#define FLOOD 100000u
#define FLOWS 500u
#define FRAGMENTS 16384u
#define CLIENT "10.1.0.2"
#define VIP4 "10.200.1.1"
#define CLIENT6 "fd00:1::2"
#define VIP6 "fc00::1"

static void quotation_is_cut(struct frame *f)
{
	frame_of(f, ETH, IP("10.99.0.1", VIP4), ICMP, IP(VIP4, CLIENT), TCP(80, 5000, ACK), END);
	frame_shorten(f, 14 + 20 + 8 + 20 + 4);
}

static void quotation_is_another_error(struct frame *f)
{
	frame_of(f, ETH, IP("10.99.0.1", VIP4), ICMP, IP(VIP4, CLIENT), ICMP, IP(CLIENT, VIP4),
		 TCP(5000, 80, ACK), END);
}

static void quotation_is_a_fragment(struct frame *f)
{
	frame_of(f, ETH, IP("10.99.0.1", VIP4), ICMP, IP(VIP4, CLIENT, .fragment = 8), DATA(64), END);
	f->bytes[14 + 20 + 8 + 9] = IPPROTO_TCP;
}

static void length_is_too_long(struct frame *f)
{
	frame_of(f, ETH, IP(CLIENT, VIP4, .options = 8), TCP(5000, 80, ACK), DATA(10), END);
	f->len -= 5;
}

static void length_is_too_short(struct frame *f)
{
	frame_of(f, ETH, IP(CLIENT, VIP4), TCP(5000, 80, ACK), DATA(10), END);
	f->bytes[14 + 3] = 30;
}

static void fragment_is_of_nothing(struct frame *f)
{
	frame_of(f, ETH, IP(CLIENT, VIP4, .fragment = 64), DATA(64), END);
	f->bytes[14 + 9] = IPPROTO_TCP;
}

static void first_fragment_is_tiny(struct frame *f)
{
	frame_of(f, ETH, IP(CLIENT, VIP4, .fragment = IP_MF), TCP(5000, 80, ACK), END);
	f->bytes[14 + 3] = 20 + 8;
	f->len = 14 + 20 + 8;
}

static void headers_have_no_end(struct frame *f)
{
	frame_of(f, ETH, IP(CLIENT6, VIP6), EXT(0), EXT(60), EXT(60), EXT(60), EXT(60), EXT(60), EXT(60),
		 EXT(60), EXT(60), EXT(60), TCP(5000, 80, ACK), END);
}

static void three_tags(struct frame *f)
{
	frame_of(f, ETH, IP(CLIENT, VIP4), TCP(5000, 80, ACK), END);
	frame_tag(f, 0x81000000u | 5, 0x81000000u | 6);
	frame_tag(f, 0x88a80000u | 200, 0);
}

static void a_tag_and_a_length(struct frame *f)
{
	frame_of(f, ETH, IP(CLIENT, VIP4), TCP(5000, 80, ACK), END);
	frame_tag(f, 0x81000000u | 100, 0);
	memcpy(f->bytes + 16, "\0\x2e", 2);
}

static const struct shape {
	const char *name;
	void (*make)(struct frame *f);
	uint32_t verdict;
	enum xring_counter counter;
} shapes[] = {
	{ "a quotation that is cut short", quotation_is_cut, XDP_PASS, XRING_CNT_PASS_OTHER },
	{ "an error about an error", quotation_is_another_error, XDP_PASS, XRING_CNT_PASS_OTHER },
	{ "an error about a later fragment", quotation_is_a_fragment, XDP_DROP, XRING_CNT_DROP_ICMP_ERROR },
	{ "a length beyond the frame", length_is_too_long, XDP_DROP, XRING_CNT_DROP_MALFORMED },
	{ "a length below the headers", length_is_too_short, XDP_DROP, XRING_CNT_DROP_MALFORMED },
	{ "a later fragment of nothing", fragment_is_of_nothing, XDP_DROP, XRING_CNT_DROP_FRAGMENT },
	{ "a first fragment that ends in its header", first_fragment_is_tiny, XDP_DROP, XRING_CNT_DROP_MALFORMED },
	{ "extension headers without an end", headers_have_no_end, XDP_DROP, XRING_CNT_DROP_OPTIONS },
	{ "three tags", three_tags, XDP_PASS, XRING_CNT_PASS_OTHER },
	{ "a tag and then a length", a_tag_and_a_length, XDP_PASS, XRING_CNT_PASS_OTHER },
};

static void each_shape_has_its_reason(void **state)
{
	struct world *w = world_new("  web: {vip: ['" VIP4 ":80/tcp', '[" VIP6 "]:80/tcp'], mode: ipip,"
				    " backends: {b1: 10.2.0.11}}\n");
	uint32_t flood = setting("XRING_FLOOD", FLOOD);
	struct frame f;

	(void)state;
	world_vlan_add(w, XRING_VLAN_ANY, 1);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		uint64_t before = world_counter(w, shapes[i].counter);

		shapes[i].make(&f);
		print_message("%s\n", shapes[i].name);
		assert_int_equal(world_repeat(w, &f, flood), shapes[i].verdict);
		assert_int_equal(world_counter(w, shapes[i].counter) - before, flood);
		assert_int_equal(world_fragments(w), 0);
	}
	world_free(w);
}

/* First fragments, each of another datagram: they put others out, and nothing else is remembered. */
static void first_fragments_are_bounded(void **state)
{
	struct world *w = world_new("  web: {vip: '" VIP4 ":53/udp', mode: ipip, backends: {b1: 10.2.0.11}}\n");
	uint32_t flood = setting("XRING_FLOOD", FLOOD);
	static struct frame f, out;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT, VIP4, .fragment = IP_MF, .id = 1), UDP(5000, 53), DATA(64), END);
	for (uint32_t i = 0; i < flood; i++) {
		memcpy(f.bytes + 14 + 4, &i, 2);	/* id */
		memcpy(f.bytes + 14 + 14, (uint8_t *)&i + 2, 2);
		assert_int_equal(world_send(w, &f, &out), XDP_TX);
	}
	assert_in_range(world_fragments(w), FRAGMENTS / 2, FRAGMENTS);
	world_free(w);
}

/* ---- beside a change ---- */

static void send_flows(struct balancer *b, uint8_t flags, uint32_t went[FLOWS])
{
	for (unsigned i = 0; i < FLOWS; i++)
		b->packets[i] = (struct drive_packet){ .addr = htonl(DRIVE_KNOWN << 24 | 1 << 16 | i),
						       .port = htons(1024 + i), .flags = flags,
						       .seq = i * 9973 + (flags != SYN) };
	balancer_send(b, FLOWS);
	for (unsigned i = 0; i < FLOWS; i++)
		went[i] = b->packets[i].backend;
}

static void flood_all(struct balancer *b, uint32_t flood)
{
	static struct frame f, out;

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f.bytes, .data_out = out.bytes,
			    .data_size_out = sizeof(out.bytes), .repeat = flood);

		shapes[i].make(&f);
		opts.data_size_in = f.len;
		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(b->skel->progs.xring), &opts), 0);
		assert_int_not_equal(opts.retval, XDP_TX);
	}
}

static void no_flow_moves_in_the_middle_of_a_change(void **state)
{
	struct balancer *b = balancer_steady(0, 0);
	uint32_t went[FLOWS], now[FLOWS], pins;

	(void)state;
	send_flows(b, SYN, went);
	balancer_half(b);
	send_flows(b, ACK, now);
	assert_memory_equal(now, went, sizeof(now));
	pins = balancer_pins(b);
	assert_in_range(pins, FLOWS / 4, FLOWS);
	flood_all(b, setting("XRING_FLOOD", FLOOD));
	send_flows(b, ACK, now);
	assert_memory_equal(now, went, sizeof(now));
	assert_int_equal(balancer_pins(b), pins);
	balancer_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_shape_has_its_reason),
		cmocka_unit_test(first_fragments_are_bounded),
		cmocka_unit_test(no_flow_moves_in_the_middle_of_a_change),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
