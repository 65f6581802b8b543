// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames that are for another host, a group or everybody pass untouched (RFC 1812, 5.3.4). */
#include "fixture.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <string.h>

#include "base/util.h"
#include "frame.h"

#define VIP4 "10.200.1.1"
#define VIP6 "fc00::1"
#define LOOPBACK 1			/* the interface at which a test's packets come in */

static const char services[] =
	"  web: {vip: [10.200.1.1:80/tcp, \"[fc00::1]:80/tcp\"], mode: ipip, "
	"backends: {b1: 10.2.0.11}}\n"
	"  nat: {vip: 10.200.1.2:80/tcp, mode: nat, backends: {b1: 10.2.0.11:8080}}\n";

static const char *const others[] = {
	"\xff\xff\xff\xff\xff\xff",		/* everybody */
	"\x01\x00\x5e\x00\x00\x01",		/* groups */
	"\x33\x33\x00\x00\x00\x01",
	"\x02\x00\x00\x00\x01\x63",		/* hosts */
	"\x02\x00\x00\x00\x00\x62",
	"\x00\x00\x00\x00\x00\x63",
	"\x02\x01\x00\x00\x00\x63",
};

static uint64_t word_of(const char *mac)
{
	uint64_t first8 = 0;

	memcpy(&first8, mac, 6);
	return XRING_MAC_WORD(first8);
}

static void passes(struct world *w, const struct frame *f)
{
	struct outcome o = world_run(w, f);

	assert_int_equal(o.counter, XRING_CNT_PASS_OTHER_MAC);
	assert_int_equal(o.verdict, XDP_PASS);
	assert_int_equal(o.out.len, f->len);
	assert_memory_equal(o.out.bytes, f->bytes, f->len);
}

static void is_taken(struct world *w, const struct frame *f)
{
	struct outcome o = world_run(w, f);

	assert_int_equal(o.counter, XRING_CNT_TX);
	assert_int_equal(o.verdict, XDP_TX);
}

static void to(struct frame *f, const char *mac)
{
	memcpy(f->bytes, mac, 6);
}

static void frames_of_others_pass(void **state)
{
	struct world *w = world_new(services);
	struct frame f[7];

	(void)state;
	frame_of(&f[0], ETH, IP("10.1.0.2", VIP4), TCP(5555, 80, SYN), END);
	frame_of(&f[1], ETH, IP("fd00:1::2", VIP6), TCP(5555, 80, SYN), END);
	frame_of(&f[2], ETH, IP("10.1.0.2", VIP4), TCP(5555, 81, SYN), END);
	frame_of(&f[3], ETH, IP("10.2.0.11", "10.1.0.2"), TCP(8080, 5555, ACK), END); /* a reply */
	frame_of(&f[4], ETH, IP("10.1.0.2", VIP4, .fragment = 1), TCP(5555, 80, SYN), END);
	frame_of(&f[5], ETH, IP("127.0.0.1", VIP4), TCP(5555, 80, SYN), END);
	frame_of(&f[6], ETH, ARP, END);
	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		for (size_t mac = 0; mac < ARRAY_SIZE(others); mac++) {
			to(&f[i], others[mac]);
			passes(w, &f[i]);
		}
	world_free(w);
}

static void each_address_of_this_host_counts(void **state)
{
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	world_config(w)->macs[1] = word_of("\x02\x00\x00\x00\x01\x63");
	world_mac_add(w, &(struct xring_mac){ .mac = word_of("\x02\x01\x00\x00\x00\x63") });
	for (int six = 0; six < 2; six++) {
		frame_of(&f, ETH, IP(six ? "fd00:1::2" : "10.1.0.2", six ? VIP6 : VIP4),
			 TCP(5555, 80, SYN), END);
		is_taken(w, &f);
		to(&f, "\x02\x00\x00\x00\x01\x63");
		is_taken(w, &f);
		to(&f, "\x02\x01\x00\x00\x00\x63");
		is_taken(w, &f);
		to(&f, "\x02\x01\x00\x00\x00\x64");
		passes(w, &f);
	}
	world_free(w);
}

static void an_interface_may_take_frames_to_any(void **state)
{
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP("10.1.0.2", VIP4), TCP(5555, 80, SYN), END);
	to(&f, others[0]);
	world_mac_add(w, &(struct xring_mac){ .ifindex = LOOPBACK + 1 });
	passes(w, &f);
	world_mac_add(w, &(struct xring_mac){ .ifindex = LOOPBACK });
	for (size_t mac = 0; mac < ARRAY_SIZE(others); mac++) {
		to(&f, others[mac]);
		is_taken(w, &f);
	}
	world_free(w);
}

/* A group is no sender: nobody is answered what was sent to one (RFC 1122, 3.2.2). */
static void nobody_is_answered_a_frame_to_a_group(void **state)
{
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	world_mac_add(w, &(struct xring_mac){ .ifindex = LOOPBACK });
	for (size_t i = 0; i < 6; i++) {
		bool six = i & 1;

		if (i < 2)
			frame_of(&f, ETH, IP(six ? "fd00:1::2" : "10.1.0.2", six ? VIP6 : VIP4), PING(1, 2), END);
		else
			frame_of(&f, ETH, IP(six ? "fd00:1::2" : "10.1.0.2", six ? VIP6 : VIP4, .ttl = i < 4),
				 TCP(5555, 80, ACK), DATA(i < 4 ? 0 : 1450), END);
		assert_int_equal(world_run(w, &f).verdict, XDP_TX);
		for (size_t mac = 0; mac < 3; mac++) {
			to(&f, others[mac]);
			assert_int_equal(world_run(w, &f).counter, i < 2 ? XRING_CNT_PASS_OTHER :
								   i < 4 ? XRING_CNT_DROP_TTL : XRING_CNT_DROP_TOO_BIG);
		}
	}
	world_free(w);
}

static void all_are_taken_where_no_address_is_known(void **state)
{
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	world_config(w)->macs[0] = 0;
	frame_of(&f, ETH, IP("10.1.0.2", VIP4), TCP(5555, 80, SYN), END);
	for (size_t mac = 0; mac < ARRAY_SIZE(others); mac++) {
		to(&f, others[mac]);
		is_taken(w, &f);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_others_pass),
		cmocka_unit_test(each_address_of_this_host_counts),
		cmocka_unit_test(an_interface_may_take_frames_to_any),
		cmocka_unit_test(nobody_is_answered_a_frame_to_a_group),
		cmocka_unit_test(all_are_taken_where_no_address_is_known),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
