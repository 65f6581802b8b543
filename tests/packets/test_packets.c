// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/why.h"
#include "core/model/key_value.h"
#include "fixture.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/key.h"
#include "frame.h"

#define CLIENT4 "10.1.0.2"
#define CLIENT6 "fd00:1::2"
#define VIP4 "10.200.1.1"
#define VIP6 "fc00::1"

#define IPIP                                                                    \
	"  web:\n"                                                              \
	"    vip: [10.200.1.1:80/tcp, 10.200.1.1:53/udp, \"[fc00::1]:80/tcp\","  \
	" \"[fc00::1]:53/udp\"]\n"                                              \
	"    mode: ipip\n"

static struct outcome sent(struct world *w, const struct frame *f, uint32_t verdict,
			   enum xring_counter counter)
{
	struct outcome o = world_run(w, f);

	assert_int_equal(o.counter, counter);
	assert_int_equal(o.verdict, verdict);
	if (verdict == XDP_PASS && counter != XRING_CNT_PASS_UNRESOLVED) {
		assert_int_equal(o.out.len, f->len);
		assert_memory_equal(o.out.bytes, f->bytes, f->len);
	}
	return o;
}

/* The answer that `xring ring lookup` gives for this flow. */
static const struct backend *owner_of(struct world *w, const char *service, const char *key)
{
	struct why why;
	uint32_t hash;

	if (key_hash_text(key, model_service(world_model(w), service), world_hash_key(w), &hash,
			  &why))
		fail_msg("%s", why.text);
	return world_owner(w, service, hash);
}

static void is_to_hop(const struct seen *s)
{
	assert_memory_equal(s->eth, HOP_MAC OWN_MAC, 12);
}

/* ---- modes ---- */

static void ipip_wraps_each_family_in_each(void **state)
{
	static const struct { const char *src, *vip, *backend, *outer_src; } cases[] = {
		{ CLIENT4, VIP4, "10.2.0.11", "10.2.0.1" },
		{ CLIENT6, VIP6, "10.2.0.11", "10.2.0.1" },
		{ CLIENT4, VIP4, "fd00:2::b", "fd00:2::1" },
		{ CLIENT6, VIP6, "fd00:2::b", "fd00:2::1" },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char yaml[512];
		struct world *w;

		snprintf(yaml, sizeof(yaml), IPIP "    backends: {b1: \"%s\"}\n", cases[i].backend);
		w = world_new(yaml);
		for (int udp = 0; udp < 2; udp++) {
			struct frame f;
			struct outcome o;
			struct seen s;

			frame_of(&f, ETH, IP(cases[i].src, cases[i].vip),
				 udp ? UDP(5555, 53) : TCP(5555, 80, SYN), DATA(99), END);
			o = sent(w, &f, XDP_TX, XRING_CNT_TX);
			frame_see(&o.out, &s);
			is_to_hop(&s);
			assert_int_equal(o.out.len, f.len + (s.outer_family == AF_INET ? 20 : 40));
			assert_string_equal(s.outer_dst, cases[i].backend);
			assert_string_equal(s.outer_src, cases[i].outer_src);
			assert_int_equal(s.outer_ttl, 64);
			assert_string_equal(s.src, cases[i].src);
			assert_string_equal(s.dst, cases[i].vip);
			assert_int_equal(s.ttl, 63);
			assert_int_equal(s.sport, 5555);
			assert_int_equal(s.dport, udp ? 53 : 80);
		}
		world_free(w);
	}
}

/*
 * How many outer headers 200 flows to one backend have; with each, the same packet again has the
 * same header, whose checksum is right.
 */
static unsigned outer_headers(struct world *w, bool six)
{
	static uint8_t heads[200][40];
	unsigned count = 0;

	for (unsigned i = 0; i < 200; i++) {
		char client[48];
		struct outcome o;
		struct frame f;
		struct seen s;
		size_t len;
		bool known = false;

		snprintf(client, sizeof(client), six ? "fd00:1::%x" : "10.1.0.%u", 2 + i / 20);
		frame_of(&f, ETH, IP(client, six ? VIP6 : VIP4), TCP(5000 + i % 20, 80, SYN), END);
		o = sent(w, &f, XDP_TX, XRING_CNT_TX);
		frame_see(&o.out, &s);		/* sees to the checksum */
		assert_int_equal(s.outer_ttl, 64);
		assert_int_equal(s.ttl, 63);
		assert_string_equal(s.src, client);
		len = o.out.len - f.len;
		memcpy(heads[count], o.out.bytes + 14, len);
		for (unsigned k = 0; k < count && !known; k++)
			known = !memcmp(heads[k], heads[count], len);
		count += !known;
		o = sent(w, &f, XDP_TX, XRING_CNT_TX);
		assert_int_equal(o.out.len, f.len + len);
		for (unsigned k = 0; k <= count; k++) {
			assert_int_not_equal(k, count);
			if (!memcmp(heads[k], o.out.bytes + 14, len))
				break;
		}
	}
	return count;
}

static void flows_of_one_backend_have_outer_headers_of_their_own(void **state)
{
	static const struct { const char *backend, *source; unsigned least, most; } cases[] = {
		{ "fd00:2::b", "none", 150, 200 },
		{ "10.2.0.11", "10.255.0.0/20", 150, 200 },
		{ "10.2.0.11", "10.255.0.0/30", 4, 4 },
		{ "10.2.0.11", "none", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char yaml[512];
		struct world *w;

		snprintf(yaml, sizeof(yaml), IPIP "    tunnel_source: %s\n"
			 "    backends: {b1: \"%s\"}\n", cases[i].source, cases[i].backend);
		w = world_new(yaml);
		for (int six = 0; six < 2; six++) {
			unsigned count = outer_headers(w, six);

			print_message("%s, tunnel_source %s, IPv%d: %u outer headers\n",
				      cases[i].backend, cases[i].source, six ? 6 : 4, count);
			assert_in_range(count, cases[i].least, cases[i].most);
		}
		world_free(w);
	}
}

/* What the common packet has, its other way has too: place, length, TTL, counters. */
static void a_network_of_sources_keeps_to_all_that_tunnels_do(void **state)
{
	struct world *w = world_new(IPIP "    tunnel_source: 10.255.0.0/20\n"
				    "    backends: {b1: 10.2.0.11}\n");
	struct xring_traffic traffic;
	struct outcome o;
	struct frame f;
	struct seen s;

	(void)state;
	for (int udp = 0; udp < 2; udp++) {
		frame_of(&f, ETH, IP(CLIENT4, VIP4), udp ? UDP(5555, 53) : TCP(5555, 80, SYN), END);
		o = sent(w, &f, XDP_TX, XRING_CNT_TX);
		frame_see(&o.out, &s);
		is_to_hop(&s);
		assert_string_equal(s.outer_dst, "10.2.0.11");
		assert_memory_equal(s.outer_src, "10.255.", 7);
		assert_int_equal(o.out.len, f.len + 20);
	}
	traffic = world_traffic(w, "web", "b1");
	assert_int_equal(traffic.packets, 2);
	assert_int_equal(traffic.flows, 1);
	assert_int_equal(traffic.bytes, 14 + 20 + 20 + 14 + 20 + 8);
	frame_of(&f, ETH, IP(CLIENT4, VIP4, .ttl = 1), TCP(5555, 80, SYN), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX_TTL);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), UDP(5555, 53), DATA(1500 - 20 - 20 - 8), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), UDP(5555, 53), DATA(1500 - 20 - 20 - 8 + 1), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX_TOO_BIG);
	world_way(w, (struct world_way){ out_ifindex(), HOP_MTU });
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5555, 80, SYN), END);
	sent(w, &f, XDP_REDIRECT, XRING_CNT_TX_REDIRECT);
	world_way(w, (struct world_way){ 0, 0 });
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_NO_NEXT_HOP);
	world_free(w);
}

/*
 * A frame of more than a page is in several buffers: only headers are in the first for sure. In each mode
 * it goes as a short one does, and its end is counted.
 */
static void frames_of_several_buffers_go_in_each_mode(void **state)
{
	static const struct { const char *mode, *backend, *more; int outer; bool six; } cases[] = {
		{ "l2", "10.2.0.11", "", 0 }, { "nat", "10.2.0.11", "", 0 },
		{ "ipip", "10.2.0.11", "", 20 }, { "ipip", "fd00:2::b", "", 40 },
		{ "ipip", "10.2.0.11", ", tunnel_source: 10.255.0.0/20", 20 },
		{ "l2", "fd00:2::b", "", 0, true }, { "nat", "fd00:2::b", "", 0, true },
		{ "ipip", "10.2.0.11", "", 20, true }, { "ipip", "fd00:2::b", "", 40, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char yaml[512];
		struct outcome o;
		struct frame f;
		struct seen s;
		struct world *w;

		snprintf(yaml, sizeof(yaml), "  web: {vip: \"%s:80/tcp\", mode: %s%s, "
			 "backends: {b1: \"%s\"}}\n", cases[i].six ? "[fc00::1]" : VIP4,
			 cases[i].mode, cases[i].more, cases[i].backend);
		w = world_new(yaml);
		world_way(w, (struct world_way){ 1, 9000 });
		frame_of(&f, ETH, IP(cases[i].six ? CLIENT6 : CLIENT4, cases[i].six ? VIP6 : VIP4),
			 TCP(5555, 80, ACK), DATA(8900), END);
		o = sent(w, &f, XDP_TX, XRING_CNT_TX);
		frame_see(&o.out, &s);
		is_to_hop(&s);
		assert_int_equal(o.out.len, f.len + cases[i].outer);
		assert_int_equal(world_traffic(w, "web", "b1").bytes, f.len);
		/* As long as the link may have it, and no longer. */
		world_way(w, (struct world_way){ 1, 8900 });
		sent(w, &f, XDP_TX, XRING_CNT_TX_TOO_BIG);
		world_way(w, (struct world_way){ 1, 9000 });
		f.len--;
		sent(w, &f, XDP_DROP, XRING_CNT_DROP_MALFORMED);
		f.len++;
		world_way(w, (struct world_way){ 0, 0 });
		sent(w, &f, XDP_DROP, XRING_CNT_DROP_NO_NEXT_HOP);
		world_free(w);
	}
}

static void frames_of_several_buffers_pass_where_short_ones_do(void **state)
{
	struct world *w = world_new("  a: {vip: 10.200.1.1:80/tcp, mode: l2, all_down: pass, backends: {}}\n"
				    "  b: {vip: 10.200.1.1:81/tcp, mode: l2, backends: {}}\n");
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5555, 80, ACK), DATA(8900), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_BACKEND);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5555, 81, ACK), DATA(8900), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_NO_BACKEND);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5555, 82, ACK), DATA(8900), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	world_free(w);
}

static void padding_of_short_frames_is_not_counted_into_the_tunnel(void **state)
{
	struct world *w = world_new(IPIP "    backends: {b1: 10.2.0.11}\n");
	struct outcome o;
	struct frame f;
	struct seen s;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), UDP(5555, 53), DATA(1), END);
	f.len = 60;
	o = sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_see(&o.out, &s);
	assert_int_equal(o.out.bytes[14 + 2] << 8 | o.out.bytes[14 + 3], 20 + 20 + 8 + 1);
	world_free(w);
}

static void l2_changes_mac_addresses_alone(void **state)
{
	struct world *w = world_new("  web: {vip: [10.200.1.1:80/tcp, \"[fc00::1]:80/tcp\"], "
				    "mode: l2, backends: {b1: 10.2.0.11}}\n");

	(void)state;
	for (int six = 0; six < 2; six++) {
		struct outcome o;
		struct frame f;
		struct seen s;

		frame_of(&f, ETH, IP(six ? CLIENT6 : CLIENT4, six ? VIP6 : VIP4),
			 TCP(5555, 80, ACK), DATA(7), END);
		o = sent(w, &f, XDP_TX, XRING_CNT_TX);
		frame_see(&o.out, &s);
		is_to_hop(&s);
		assert_int_equal(o.out.len, f.len);
		assert_memory_equal(o.out.bytes + 12, f.bytes + 12, f.len - 12);
	}
	world_free(w);
}

static void nat_rewrites_destination_and_port(void **state)
{
	struct world *w = world_new(
		"  v4: {vip: [10.200.1.1:80/tcp, 10.200.1.1:53/udp], mode: nat,"
		" backends: {b1: 10.2.0.11:8080}}\n"
		"  v6: {vip: [\"[fc00::1]:80/tcp\", \"[fc00::1]:53/udp\"], mode: nat,"
		" backends: {b1: \"[fd00:2::b]:8080\"}}\n");

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool six = i & 1, udp = i & 2;
		struct outcome o;
		struct frame f;
		struct seen s;

		frame_of(&f, ETH, IP(six ? CLIENT6 : CLIENT4, six ? VIP6 : VIP4),
			 udp ? UDP(5555, 53) : TCP(5555, 80, SYN), DATA(33), END);
		o = sent(w, &f, XDP_TX, XRING_CNT_TX);
		frame_see(&o.out, &s);
		is_to_hop(&s);
		assert_int_equal(o.out.len, f.len);
		assert_int_equal(s.outer_family, 0);
		assert_string_equal(s.dst, six ? "fd00:2::b" : "10.2.0.11");
		assert_string_equal(s.src, six ? CLIENT6 : CLIENT4);
		assert_int_equal(s.sport, 5555);
		assert_int_equal(s.dport, 8080);
		assert_int_equal(s.ttl, 63);
	}
	world_free(w);
}

static void nat_leaves_an_absent_udp_checksum_absent(void **state)
{
	struct world *w = world_new("  d: {vip: 10.200.1.1:53/udp, mode: nat,"
				    " backends: {b1: 10.2.0.11}}\n");
	struct outcome o;
	struct frame f;
	struct seen s;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), UDP(5555, 53, .no_checksum = true), DATA(20), END);
	o = sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_see(&o.out, &s);
	assert_string_equal(s.dst, "10.2.0.11");
	assert_int_equal(s.dport, 53);
	assert_int_equal(o.out.bytes[14 + 20 + 6] | o.out.bytes[14 + 20 + 7], 0);
	world_free(w);
}

/* Whatever the sum comes to: 0 would say that there is none. */
static void nat_never_makes_a_udp_checksum_zero(void **state)
{
	struct world *w = world_new("  d: {vip: 10.200.1.1:53/udp, mode: nat,"
				    " backends: {b1: 10.2.0.11}}\n");
	bool all_ones = false;

	(void)state;
	for (unsigned port = 1; port <= 65535; port++) {
		struct outcome o;
		struct frame f;
		struct seen s;
		uint16_t check;

		frame_of(&f, ETH, IP(CLIENT4, VIP4), UDP(port, 53), DATA(2), END);
		if (port % 64 && f.bytes[14 + 26] != 0xff)	/* near the edge is enough */
			continue;
		o = world_run(w, &f);
		frame_see(&o.out, &s);
		check = o.out.bytes[14 + 26] << 8 | o.out.bytes[14 + 27];
		assert_int_not_equal(check, 0);
		all_ones |= check == 0xffff;
	}
	(void)all_ones;
	world_free(w);
}

static void redirect_leaves_by_another_interface(void **state)
{
	struct world *w = world_new(IPIP "    backends: {b1: 10.2.0.11}\n");
	struct frame f;

	(void)state;
	world_way(w, (struct world_way){ out_ifindex(), HOP_MTU });
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5555, 80, SYN), END);
	sent(w, &f, XDP_REDIRECT, XRING_CNT_TX_REDIRECT);
	world_free(w);
}

/* ---- replies ---- */

#define NAT                                                                      \
	"  v4: {vip: [10.200.1.1:80/tcp, 10.200.1.1:53/udp], mode: nat,"         \
	" backends: {b1: 10.2.0.11:8080}}\n"                                     \
	"  v6: {vip: \"[fc00::1]:80/tcp\", mode: nat,"                           \
	" backends: {b1: \"[fd00:2::b]:8080\"}}\n"

static void nat_replies_come_from_the_vip_again(void **state)
{
	struct world *w = world_new(NAT);

	(void)state;
	for (int i = 0; i < 3; i++) {
		bool six = i == 1, udp = i == 2;
		struct outcome o;
		struct frame f;
		struct seen s;

		frame_of(&f, ETH, IP(six ? "fd00:2::b" : "10.2.0.11", six ? CLIENT6 : CLIENT4),
			 udp ? UDP(8080, 5555) : TCP(8080, 5555, ACK), DATA(64), END);
		o = sent(w, &f, XDP_REDIRECT, XRING_CNT_TX_REPLY);
		frame_see(&o.out, &s);
		assert_memory_equal(s.eth, CLIENT_MAC OUT_MAC, 12);
		assert_string_equal(s.src, six ? VIP6 : VIP4);
		assert_string_equal(s.dst, six ? CLIENT6 : CLIENT4);
		assert_int_equal(s.sport, udp ? 53 : 80);
		assert_int_equal(s.dport, 5555);
		assert_int_equal(s.ttl, 63);
	}
	world_free(w);
}

static void replies_to_this_host_are_left_alone(void **state)
{
	struct world *w = world_new(NAT);
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP("10.2.0.11", "10.1.0.1"), TCP(8080, 5555, ACK), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_LOCAL_REPLY);
	frame_of(&f, ETH, IP("fd00:2::b", "fd00:1::1"), TCP(8080, 5555, ACK), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_LOCAL_REPLY);
	world_free(w);
}

static void what_a_backend_sends_from_another_port_is_not_a_reply(void **state)
{
	struct world *w = world_new(NAT);
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP("10.2.0.11", CLIENT4), TCP(22, 5555, ACK), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	world_free(w);
}

/* A client may send in a backend's name; its frames come in elsewhere. */
static void replies_come_from_where_the_backend_is(void **state)
{
	struct world *w = world_new(NAT);
	struct frame f;

	(void)state;
	for (int six = 0; six < 2; six++) {
		frame_of(&f, ETH, IP(six ? "fd00:2::b" : "10.2.0.11", six ? CLIENT6 : CLIENT4),
			 TCP(8080, 5555, ACK), END);
		world_way(w, (struct world_way){ out_ifindex(), HOP_MTU });
		sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
		world_way(w, (struct world_way){});		/* where that is, is not known */
		sent(w, &f, XDP_REDIRECT, XRING_CNT_TX_REPLY);
		world_way(w, (struct world_way){ 1, HOP_MTU });
		sent(w, &f, XDP_REDIRECT, XRING_CNT_TX_REPLY);
	}
	world_free(w);
}

static void replies_without_a_way_have_their_reasons(void **state)
{
	struct world *w = world_new(NAT);
	struct outcome o;
	struct frame f;
	struct seen s;

	(void)state;
	frame_of(&f, ETH, IP("10.2.0.11", "10.9.0.1"), TCP(8080, 5555, ACK), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_NO_ROUTE);
	frame_of(&f, ETH, IP("10.2.0.11", "10.8.0.1"), TCP(8080, 5555, ACK), DATA(1200), END);
	/* The host fragments the reply, or tells the backend about what it has sent. */
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_PASS_TOO_BIG);
	frame_see(&o.out, &s);
	assert_string_equal(s.src, VIP4);
	frame_of(&f, ETH, IP("10.2.0.11", "10.8.0.1", .fragment = IP_DF), TCP(8080, 5555, ACK), DATA(1200),
		 END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_TOO_BIG);
	frame_of(&f, ETH, IP("10.2.0.11", CLIENT4, .ttl = 1), TCP(8080, 5555, ACK), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_TTL);
	/* A client whose neighbour is not known: the host resolves, the packet is right already. */
	frame_of(&f, ETH, IP("10.2.0.11", "10.1.7.7"), TCP(8080, 5555, ACK), END);
	o = sent(w, &f, XDP_PASS, XRING_CNT_PASS_UNRESOLVED);
	frame_see(&o.out, &s);
	assert_string_equal(s.src, VIP4);
	assert_int_equal(s.sport, 80);
	/* One that the host would take for a forgery waits for the daemon, which asks. */
	world_config(w)->replies = XRING_REPLIES_STRICT;
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_UNRESOLVED);
	world_config(w)->replies = XRING_REPLIES_OWN;
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_UNRESOLVED);
	world_config(w)->replies = 0;
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_UNRESOLVED);
	/* Without forwarding the host is to say what becomes of it. */
	assert_int_equal(system("sysctl -qw net.ipv4.conf.lo.forwarding=0"), 0);
	frame_of(&f, ETH, IP("10.2.0.11", CLIENT4), TCP(8080, 5555, ACK), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_FORWARDING);
	assert_int_equal(system("sysctl -qw net.ipv4.conf.lo.forwarding=1"), 0);
	world_free(w);
}

/* ---- services ---- */

static void a_service_is_found_by_address_port_and_protocol(void **state)
{
	struct world *w = world_new(IPIP "    backends: {b1: 10.2.0.11}\n");
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5555, 81, SYN), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), UDP(5555, 80), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, IP(CLIENT4, "10.200.1.2"), TCP(5555, 80, SYN), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, IP(CLIENT6, "fc00::2"), TCP(5555, 80, SYN), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	world_free(w);
}

static void port_0_takes_any_port_behind_the_exact_ones(void **state)
{
	struct world *w = world_new(
		"  all: {vip: 10.200.1.1:0/tcp, mode: ipip, backends: {b1: 10.2.0.11}}\n"
		"  web: {vip: 10.200.1.1:80/tcp, mode: ipip, backends: {b2: 10.2.0.12}}\n"
		"  any: {vip: 10.200.1.2:0/tcp, mode: nat, backends: {b3: 10.2.0.13}}\n");
	struct outcome o;
	struct frame f;
	struct seen s;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5555, 12345, SYN), END);
	o = sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_see(&o.out, &s);
	assert_string_equal(s.outer_dst, "10.2.0.11");
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5555, 80, SYN), END);
	o = sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_see(&o.out, &s);
	assert_string_equal(s.outer_dst, "10.2.0.12");
	frame_of(&f, ETH, IP(CLIENT4, VIP4), UDP(5555, 80), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	/* nat keeps the port on both ways */
	frame_of(&f, ETH, IP(CLIENT4, "10.200.1.2"), TCP(5555, 7777, SYN), END);
	o = sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_see(&o.out, &s);
	assert_string_equal(s.dst, "10.2.0.13");
	assert_int_equal(s.dport, 7777);
	frame_of(&f, ETH, IP("10.2.0.13", CLIENT4), TCP(7777, 5555, ACK), END);
	o = sent(w, &f, XDP_REDIRECT, XRING_CNT_TX_REPLY);
	frame_see(&o.out, &s);
	assert_string_equal(s.src, "10.200.1.2");
	assert_int_equal(s.sport, 7777);
	world_free(w);
}

/* ---- keys ---- */

#define TEN_BACKENDS                                                              \
	"    backends: {a: 10.2.0.11, b: 10.2.0.12, c: 10.2.0.13, d: 10.2.0.14,"   \
	" e: 10.2.0.15, f: 10.2.0.16, g: 10.2.0.17, h: 10.2.0.18, i: 10.2.0.19,"   \
	" j: 10.2.0.20}\n"

static const char *goes_to(struct world *w, const char *src, const char *dst, uint16_t sport,
			   char buf[48])
{
	struct outcome o;
	struct frame f;
	struct seen s;

	frame_of(&f, ETH, IP(src, dst), TCP(sport, 80, ACK), DATA(10), END);
	o = sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_see(&o.out, &s);
	return strcpy(buf, s.outer_dst);
}

static const char *backend_address(const struct backend *b, char buf[48])
{
	snprintf(buf, 48, "%u.%u.%u.%u", b->address.bytes[0], b->address.bytes[1],
		 b->address.bytes[2], b->address.bytes[3]);
	return buf;
}

/* 200 flows: each lands where the ring says for its key, and on more than one backend. */
static void flows_follow_key(const char *key_kind, const char *format4, const char *format6)
{
	char yaml[1024], at[48], is[48], first[48] = "";
	bool spread = false;
	struct world *w;

	snprintf(yaml, sizeof(yaml), IPIP "    key: %s\n" TEN_BACKENDS, key_kind);
	w = world_new(yaml);
	for (int i = 0; i < 200; i++) {
		char src[48], key[128];
		bool six = i & 1;

		snprintf(src, sizeof(src), six ? "fd00:1:%d::%d" : "10.1.%d.%d", i, i + 1);
		snprintf(key, sizeof(key), six ? format6 : format4, src, 4000 + i);
		goes_to(w, src, six ? VIP6 : VIP4, 4000 + i, at);
		assert_string_equal(at, backend_address(owner_of(w, "web", key), is));
		if (!*first)
			strcpy(first, at);
		spread |= strcmp(first, at) != 0;
	}
	assert_true(spread);
	world_free(w);
}

static void key_flow_hashes_the_whole_tuple(void **state)
{
	(void)state;
	flows_follow_key("flow", "%s:%d,10.200.1.1:80", "[%s]:%d,[fc00::1]:80");
}

static void key_client_hashes_the_source_address(void **state)
{
	char one[48], other[48];
	struct world *w = world_new(IPIP "    key: client\n" TEN_BACKENDS);

	(void)state;
	flows_follow_key("client", "%s", "%s");
	for (int port = 1; port < 200; port++)
		assert_string_equal(goes_to(w, CLIENT4, VIP4, port, one),
				    goes_to(w, CLIENT4, VIP4, 60000, other));
	world_free(w);
}

static void key_client_prefix_hashes_the_first_bits_of_it(void **state)
{
	struct world *w = world_new(IPIP "    key: client-prefix/20,56\n" TEN_BACKENDS);
	char one[48], other[48], src[48];

	(void)state;
	flows_follow_key("client-prefix/20,56", "%s", "%s");
	for (int i = 0; i < 4096; i += 97) {
		snprintf(src, sizeof(src), "10.1.%d.%d", 16 + i / 256, i % 256);
		assert_string_equal(goes_to(w, "10.1.16.0", VIP4, 5, one),
				    goes_to(w, src, VIP4, i + 1, other));
		snprintf(src, sizeof(src), "fd00:1:2:3%02x::%x", i % 256, i);
		assert_string_equal(goes_to(w, "fd00:1:2:300::", VIP6, 5, one),
				    goes_to(w, src, VIP6, i + 1, other));
	}
	world_free(w);
}

static void key_client_port_hashes_source_address_and_port(void **state)
{
	(void)state;
	flows_follow_key("client-port", "%s:%d", "[%s]:%d");
}

static void another_hash_key_is_another_hash(void **state)
{
	struct world *w = world_new(IPIP TEN_BACKENDS);
	uint64_t *key = (uint64_t *)world_hash_key(w);
	char before[200][48], after[48], src[48];
	int moved = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(src, sizeof(src), "10.1.3.%d", i);
		goes_to(w, src, VIP4, 5555, before[i]);
	}
	key[1] ^= 1ULL << 40;
	for (int i = 0; i < 200; i++) {
		snprintf(src, sizeof(src), "10.1.3.%d", i);
		moved += strcmp(before[i], goes_to(w, src, VIP4, 5555, after)) != 0;
	}
	assert_in_range(moved, 150, 200);	/* 9 in 10 would */
	world_free(w);
}

/* ---- verdicts ---- */

static void what_is_not_for_a_service_passes_untouched(void **state)
{
	struct world *w = world_new(IPIP "    backends: {b1: 10.2.0.11}\n");
	struct frame f;

	(void)state;
	frame_of(&f, ETH, ARP, END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_OTHER);
	frame_of(&f, ETH, IP(CLIENT4, "10.1.0.1"), ECHO, DATA(56), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_OTHER);
	frame_of(&f, ETH, IP(CLIENT6, "fd00::9"), ECHO, DATA(56), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_OTHER);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), DATA(64), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_OTHER);
	frame_of(&f, ETH, IP(CLIENT4, "10.1.0.1", .fragment = IP_MF), UDP(5, 53), DATA(64), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, IP(CLIENT4, "10.1.0.1", .options = 8), TCP(5, 80, SYN), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, IP(CLIENT6, "fd00::9"), EXT(IPPROTO_HOPOPTS), TCP(5, 80, SYN), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, VLAN, IP(CLIENT4, VIP4), TCP(5, 80, SYN), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_VLAN);
	frame_of(&f, ETH, IP(CLIENT4, "10.1.0.1"), ICMP, IP("10.1.0.1", CLIENT4),
		 TCP(22, 5555, ACK), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	/* A later fragment has no port: it is the host's own if the first was. */
	frame_of(&f, ETH, IP(CLIENT4, VIP4, .fragment = IP_MF), UDP(5, 54), DATA(64), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, IP(CLIENT4, VIP4, .fragment = 100), DATA(64), END);
	f.bytes[14 + 9] = IPPROTO_UDP;
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, IP(CLIENT4, VIP4, .fragment = 100), DATA(64), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_OTHER);
	frame_of(&f, ETH, IP("10.1.0.9", "10.1.0.1"), ICMP, IP(VIP4, CLIENT4), TCP(80, 5, ACK), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_OTHER);
	world_free(w);
}

static void what_is_for_a_service_and_cannot_go_is_dropped_with_its_reason(void **state)
{
	struct world *w = world_new(
		IPIP "    backends: {b1: 10.2.0.11}\n"
		"  any: {vip: 10.200.9.9:0/udp, mode: ipip, backends: {b1: 10.2.0.11}}\n"
		"  empty: {vip: 10.200.1.1:81/tcp, mode: ipip, backends: {}}\n"
		"  zero: {vip: 10.200.1.1:82/tcp, mode: ipip,"
		" backends: {z: {address: 10.2.0.11, weight: 0}}}\n");
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, "10.200.9.9", .fragment = 100), DATA(64), END);
	f.bytes[14 + 9] = IPPROTO_UDP;
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_FRAGMENT);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 81, SYN), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_NO_BACKEND);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 82, SYN), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_NO_BACKEND);
	world_way(w, (struct world_way){});
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, SYN), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_NO_NEXT_HOP);
	world_free(w);
}

static void what_outgrows_the_link_is_too_big(void **state)
{
	struct world *w = world_new(IPIP "    backends: {b1: 10.2.0.11}\n");
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, ACK), DATA(1500 - 20 - 40), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, ACK), DATA(1501 - 20 - 40), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX_TOO_BIG);
	world_free(w);
}

static void lengths_that_disagree_are_malformed(void **state)
{
	struct world *w = world_new(IPIP "    backends: {b1: 10.2.0.11}\n");
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, SYN), DATA(40), END);
	f.len -= 1;
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_MALFORMED);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, SYN), END);
	f.len -= 8;		/* of the TCP header, with the ports still there */
	f.bytes[14 + 3] -= 8;
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_MALFORMED);
	frame_of(&f, ETH, IP(CLIENT6, VIP6), TCP(5, 80, SYN), DATA(40), END);
	f.len -= 1;
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_MALFORMED);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, SYN), END);
	f.bytes[14 + 2] = f.bytes[14 + 3] = 0;	/* says: no byte */
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_MALFORMED);
	world_free(w);
}

/* ---- counting ---- */

static void backends_count_packets_bytes_and_new_flows(void **state)
{
	struct world *w = world_new(IPIP "    backends: {b1: 10.2.0.11}\n");
	struct xring_traffic t;
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, SYN), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, SYN | ACK), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, ACK), DATA(100), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP(CLIENT4, VIP4), UDP(5, 53), DATA(10), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	t = world_traffic(w, "web", "b1");
	assert_int_equal(t.packets, 4);
	assert_int_equal(t.bytes, 54 + 54 + 154 + 52);
	assert_int_equal(t.flows, 1);
	world_free(w);
}

static uint64_t random64(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

static void mutate(struct frame *f, uint64_t *seed)
{
	for (int n = random64(seed) % 4; n > 0; n--)
		f->bytes[12 + random64(seed) % 60] = random64(seed);
	if (random64(seed) % 2)
		f->len = 14 + random64(seed) % (f->len - 13);
}

/* Broken in any way, cut at any length: one counter, the verdict that it names. */
/* The first word of a counter's name is a verdict. */
static bool counts(enum xring_counter counter, const char *verdict)
{
	static const char *const names[] = {
#define X(id, name, help) name,
		XRING_COUNTERS(X)
#undef X
	};

	return !strncmp(names[counter], verdict, strlen(verdict));
}

static void any_packet_has_one_verdict_and_one_counter(void **state)
{
	static const struct layer shapes[][6] = {
		{ ETH, IP(CLIENT4, VIP4), TCP(5, 80, SYN), DATA(50), END },
		{ ETH, IP(CLIENT6, VIP6), TCP(5, 80, SYN), DATA(50), END },
		{ ETH, IP(CLIENT4, VIP4), UDP(5, 53), DATA(50), END },
		{ ETH, VLAN, IP(CLIENT4, VIP4), UDP(5, 53), DATA(50), END },
		{ ETH, IP(CLIENT6, VIP6), EXT(IPPROTO_HOPOPTS), UDP(5, 53), DATA(9), END },
		{ ETH, IP(CLIENT4, VIP4), ICMP, IP(VIP4, CLIENT4), TCP(80, 5, ACK), END },
		{ ETH, IP("10.2.0.12", CLIENT4), TCP(8080, 5, ACK), DATA(50), END },
	};
	struct world *w = world_new(
		IPIP "    backends: {b1: 10.2.0.11, b2: \"fd00:2::b\"}\n"
		"  nat: {vip: 10.200.1.1:8080/tcp, mode: nat, backends: {n: 10.2.0.12}}\n");
	uint64_t seed = 0x243f6a8885a308d3ULL;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct outcome o;
		struct frame f;

		frame_build(&f, shapes[i % 7]);
		mutate(&f, &seed);
		o = world_run(w, &f);
		switch (o.verdict) {
		case XDP_TX:
		case XDP_REDIRECT:
			assert_true(counts(o.counter, "tx"));
			break;
		case XDP_PASS:
			assert_true(counts(o.counter, "pass"));
			if (o.counter != XRING_CNT_PASS_UNRESOLVED)
				assert_memory_equal(o.out.bytes, f.bytes, f.len);
			break;
		default:
			assert_int_equal(o.verdict, XDP_DROP);
			assert_true(counts(o.counter, "drop"));
		}
	}
	world_free(w);
}

static void without_a_service_everything_passes(void **state)
{
	struct world *w = world_new("");
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, VIP4), TCP(5, 80, SYN), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipip_wraps_each_family_in_each),
		cmocka_unit_test(flows_of_one_backend_have_outer_headers_of_their_own),
		cmocka_unit_test(frames_of_several_buffers_go_in_each_mode),
		cmocka_unit_test(frames_of_several_buffers_pass_where_short_ones_do),
		cmocka_unit_test(a_network_of_sources_keeps_to_all_that_tunnels_do),
		cmocka_unit_test(padding_of_short_frames_is_not_counted_into_the_tunnel),
		cmocka_unit_test(l2_changes_mac_addresses_alone),
		cmocka_unit_test(nat_rewrites_destination_and_port),
		cmocka_unit_test(nat_leaves_an_absent_udp_checksum_absent),
		cmocka_unit_test(nat_never_makes_a_udp_checksum_zero),
		cmocka_unit_test(redirect_leaves_by_another_interface),
		cmocka_unit_test(nat_replies_come_from_the_vip_again),
		cmocka_unit_test(replies_to_this_host_are_left_alone),
		cmocka_unit_test(what_a_backend_sends_from_another_port_is_not_a_reply),
		cmocka_unit_test(replies_come_from_where_the_backend_is),
		cmocka_unit_test(replies_without_a_way_have_their_reasons),
		cmocka_unit_test(a_service_is_found_by_address_port_and_protocol),
		cmocka_unit_test(port_0_takes_any_port_behind_the_exact_ones),
		cmocka_unit_test(key_flow_hashes_the_whole_tuple),
		cmocka_unit_test(key_client_hashes_the_source_address),
		cmocka_unit_test(key_client_prefix_hashes_the_first_bits_of_it),
		cmocka_unit_test(key_client_port_hashes_source_address_and_port),
		cmocka_unit_test(another_hash_key_is_another_hash),
		cmocka_unit_test(what_is_not_for_a_service_passes_untouched),
		cmocka_unit_test(what_is_for_a_service_and_cannot_go_is_dropped_with_its_reason),
		cmocka_unit_test(what_outgrows_the_link_is_too_big),
		cmocka_unit_test(lengths_that_disagree_are_malformed),
		cmocka_unit_test(backends_count_packets_bytes_and_new_flows),
		cmocka_unit_test(any_packet_has_one_verdict_and_one_counter),
		cmocka_unit_test(without_a_service_everything_passes),
	};

	int failed;

	failed = cmocka_run_group_tests(tests, namespace_enter, NULL);
	world_second = true;
	return failed + cmocka_run_group_tests_name("the same by the second template", tests, NULL, NULL);
}
