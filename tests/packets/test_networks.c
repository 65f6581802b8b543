// SPDX-License-Identifier: GPL-2.0-or-later
/* VIPs that are networks and ranges of ports: which service a packet is for, and all that follows. */
#include "fixture.h"

#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/model/key_value.h"
#include "frame.h"

#define CLIENT4 "10.1.0.2"
#define CLIENT6 "fd00:1::2"

/* Each service has one backend, whose address says which service it is. */
static const char nested[] =
	"  n1: {vip: '192.0.2.0/28:80/tcp', mode: ipip, backends: {b: 10.2.0.1}}\n"
	"  n2: {vip: '192.0.2.1:80/tcp', mode: ipip, backends: {b: 10.2.0.2}}\n"
	"  n3: {vip: '192.0.2.0/24:0/tcp', mode: ipip, backends: {b: 10.2.0.3}}\n"
	"  n4: {vip: '192.0.2.1:8000-8099/tcp', mode: ipip, backends: {b: 10.2.0.4}}\n"
	"  n5: {vip: '192.0.2.1:8096/tcp', mode: ipip, backends: {b: 10.2.0.5}}\n"
	"  n6: {vip: '192.0.2.0/28:81-95/tcp', mode: ipip, backends: {b: 10.2.0.6}}\n"
	"  n7: {vip: '192.0.2.0/28:88/tcp', mode: ipip, backends: {b: 10.2.0.7}}\n"
	"  n8: {vip: '192.0.2.1:0/tcp', mode: ipip, backends: {b: 10.2.0.8}}\n"
	"  s1: {vip: '[2001:db8::/64]:443/udp', mode: ipip, backends: {b: 10.2.0.11}}\n"
	"  s2: {vip: '[2001:db8::/33]:0/udp', mode: ipip, backends: {b: 10.2.0.12}}\n"
	"  s3: {vip: '[2001:db8::7]:400-500/udp', mode: ipip, backends: {b: 10.2.0.13}}\n"
	"  s4: {vip: '[2001:db8::/127]:443/udp', mode: ipip, backends: {b: 10.2.0.14}}\n";

static struct outcome sent(struct world *w, const struct frame *f, uint32_t verdict,
			   enum xring_counter counter)
{
	struct outcome o = world_run(w, f);

	assert_int_equal(o.counter, counter);
	assert_int_equal(o.verdict, verdict);
	return o;
}

/* The last number of the backend to which a packet goes; 0: it is nobody's. */
static unsigned goes_to(struct world *w, const char *to, uint16_t port, bool udp)
{
	const char *from = strchr(to, ':') ? CLIENT6 : CLIENT4;
	struct outcome o;
	struct frame f;
	struct seen s;
	unsigned last;

	frame_of(&f, ETH, IP(from, to), udp ? UDP(5555, port) : TCP(5555, port, SYN), DATA(9), END);
	o = world_run(w, &f);
	if (o.counter == XRING_CNT_PASS_NO_SERVICE)
		return 0;
	assert_int_equal(o.counter, XRING_CNT_TX);
	frame_see(&o.out, &s);
	assert_string_equal(s.dst, to);
	assert_int_equal(s.dport, port);
	assert_int_equal(sscanf(s.outer_dst, "10.2.0.%u", &last), 1);
	return last;
}

static void the_most_specific_vip_takes_a_packet(void **state)
{
	static const struct { const char *to; uint16_t port; unsigned service; } tcp[] = {
		{ "192.0.2.1", 80, 2 },		/* the address goes before the network */
		{ "192.0.2.0", 80, 1 }, { "192.0.2.15", 80, 1 }, { "192.0.2.2", 80, 1 },
		{ "192.0.2.16", 80, 3 },	/* any port of a larger network */
		{ "192.0.2.255", 1, 3 }, { "192.0.3.0", 80, 0 }, { "192.0.1.255", 80, 0 },
		{ "192.0.2.1", 8000, 4 }, { "192.0.2.1", 8063, 4 }, { "192.0.2.1", 8064, 4 },
		{ "192.0.2.1", 8095, 4 }, { "192.0.2.1", 8097, 4 }, { "192.0.2.1", 8099, 4 },
		{ "192.0.2.1", 7999, 8 }, { "192.0.2.1", 8100, 8 }, { "192.0.2.1", 0, 8 },
		{ "192.0.2.1", 8096, 5 },	/* a port goes before a range */
		{ "192.0.2.2", 81, 6 }, { "192.0.2.2", 95, 6 }, { "192.0.2.2", 88, 7 },
		{ "192.0.2.2", 96, 3 },		/* the longer network has not this port */
		{ "192.0.2.1", 81, 8 },		/* the address goes first, with any port */
	}, udp[] = {
		{ "2001:db8::5", 443, 11 }, { "2001:db8::1:0:0:5", 443, 11 },
		{ "2001:db8::5", 444, 12 }, { "2001:db8:0:1::5", 443, 12 },
		{ "2001:db8:8000::5", 443, 0 }, { "2001:db8:7fff:ffff::5", 9, 12 },
		{ "2001:db8::7", 443, 13 }, { "2001:db8::7", 501, 12 }, { "2001:db8::7", 400, 13 },
		{ "2001:db8::", 443, 14 }, { "2001:db8::1", 443, 14 }, { "2001:db8::2", 443, 11 },
		{ "192.0.2.2", 80, 0 },
	};
	struct world *w = world_new(nested);

	(void)state;
	for (size_t i = 0; i < sizeof(tcp) / sizeof(*tcp); i++)
		if (goes_to(w, tcp[i].to, tcp[i].port, false) != tcp[i].service)
			fail_msg("%s %u: not %u", tcp[i].to, tcp[i].port, tcp[i].service);
	for (size_t i = 0; i < sizeof(udp) / sizeof(*udp); i++)
		if (goes_to(w, udp[i].to, udp[i].port, true) != udp[i].service)
			fail_msg("%s %u: not %u", udp[i].to, udp[i].port, udp[i].service);
	world_free(w);
}

/* Any network and range against the arithmetic of vip_takes(). */
static void a_range_takes_its_ports_and_a_network_its_addresses(void **state)
{
	static const char *const vips[] = { "10.200.0.0/17:1-65534/tcp", "10.128.0.0/9:1024-1500/tcp",
					    "10.200.4.4/30:333-777/tcp", "10.200.0.1:65000-65535/tcp",
					    "128.0.0.0/3:7-7/tcp" };
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(vips) / sizeof(*vips); i++) {
		struct world *w;
		char yaml[256];
		struct vip vip;

		assert_int_equal(vip_parse(vips[i], &vip), 0);
		snprintf(yaml, sizeof(yaml), "  a: {vip: '%s', mode: ipip, backends: {b: 10.2.0.1}}\n",
			 vips[i]);
		w = world_new(yaml);
		for (unsigned n = 0; n < 2000; n++) {
			struct address to = vip.address;
			uint16_t port;
			char text[48];

			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			port = n % 4 == 0 ? vip.port - 1 + n / 4 % 3 :
			       n % 4 == 1 ? (vip.port_last ?: vip.port) - 1 + n / 4 % 3 :
			       (uint16_t)(seed >> 48);
			for (int k = n % 3 ? 3 : 1; k < 4; k++)
				to.bytes[k] = seed >> (8 * k) & (n % 5 ? 0xff : 3);
			address_print(&to, text);
			if (!goes_to(w, text, port, false) == vip_takes(&vip, &to, port))
				fail_msg("%s: %s:%u", vips[i], text, port);
		}
		world_free(w);
	}
}

/* Each address of a network is another destination for the key of flows, as `ring lookup` says. */
static void the_key_of_a_flow_has_the_address_in_the_network(void **state)
{
	static const char service[] =
		"  web:\n    vip: 192.0.2.0/24:8000-8099/tcp\n    mode: ipip\n    key: flow\n"
		"    backends: {a: 10.2.0.11, b: 10.2.0.12, c: 10.2.0.13, d: 10.2.0.14}\n";
	struct world *w = world_new(service);
	unsigned seen = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		char to[24], key[64], why_not[48];
		const struct backend *owner;
		uint32_t hash;
		struct why why;
		unsigned last;

		snprintf(to, sizeof(to), "192.0.2.%u", i);
		snprintf(key, sizeof(key), CLIENT4 ":5555,%s:%u", to, 8000 + i);
		if (key_hash_text(key, model_service(world_model(w), "web"), world_hash_key(w), &hash,
				  &why))
			fail_msg("%s", why.text);
		owner = world_owner(w, "web", hash);
		last = goes_to(w, to, 8000 + i, false);
		if (owner->address.bytes[3] != last)
			fail_msg("%s: %u, not %s", key, last,
				 address_print(&owner->address, why_not));
		seen |= 1u << (last - 11);
	}
	assert_int_equal(seen, 15);
	assert_int_equal(key_hash_text(CLIENT4 ":5555,192.0.3.1:8000",
				       model_service(world_model(w), "web"), world_hash_key(w),
				       &(uint32_t){ 0 }, &(struct why){}), -EINVAL);
	world_free(w);
}

static void nat_keeps_the_ports_of_a_range_on_both_ways(void **state)
{
	struct world *w = world_new(
		"  a: {vip: '10.200.1.1:8000-8099/tcp', mode: nat, backends: {b: 10.2.0.1}}\n"
		"  b: {vip: '10.200.1.2:9000-9001/tcp', mode: nat, backends: {b: 10.2.0.1}}\n"
		"  c: {vip: '10.200.1.3:8150/tcp', mode: nat, backends: {b: 10.2.0.1}}\n"
		"  d: {vip: '[fd00:9::1]:53-54/udp', mode: nat, backends: {b: 'fd00:2::1'}}\n");
	static const struct { const char *vip, *backend; uint16_t port; bool udp; } ways[] = {
		{ "10.200.1.1", "10.2.0.1", 8000 }, { "10.200.1.1", "10.2.0.1", 8099 },
		{ "10.200.1.2", "10.2.0.1", 9001 }, { "10.200.1.3", "10.2.0.1", 8150 },
		{ "fd00:9::1", "fd00:2::1", 54, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		uint16_t port = ways[i].port;
		bool udp = ways[i].udp;
		struct outcome o;
		struct frame f;
		struct seen s;

		frame_of(&f, ETH, IP(udp ? CLIENT6 : CLIENT4, ways[i].vip),
			 udp ? UDP(5555, port) : TCP(5555, port, SYN), END);
		o = sent(w, &f, XDP_TX, XRING_CNT_TX);
		frame_see(&o.out, &s);
		assert_string_equal(s.dst, ways[i].backend);
		assert_int_equal(s.dport, port);
		frame_of(&f, ETH, IP(ways[i].backend, udp ? CLIENT6 : CLIENT4),
			 udp ? UDP(port, 5555) : TCP(port, 5555, ACK), END);
		o = sent(w, &f, XDP_REDIRECT, XRING_CNT_TX_REPLY);
		frame_see(&o.out, &s);
		assert_string_equal(s.src, ways[i].vip);
		assert_int_equal(s.sport, port);
	}
	/* What the backend sends from a port that no VIP has is its own. */
	for (int i = 0; i < 2; i++) {
		struct frame f;

		frame_of(&f, ETH, IP("10.2.0.1", CLIENT4), TCP(i ? 8100 : 22, 5555, ACK), END);
		sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	}
	world_free(w);
}

static void pings_of_a_network_are_answered(void **state)
{
	struct world *w = world_new(
		"  lives: {vip: '192.0.2.0/25:80/tcp', mode: ipip, backends: {b: 10.2.0.1}}\n"
		"  empty: {vip: ['192.0.2.1:443/tcp', '198.51.100.0/24:80/tcp'], mode: ipip, backends: {}}\n");
	static const struct { const char *to; bool answered; } cases[] = {
		{ "192.0.2.9", true }, { "192.0.2.1", true }, { "192.0.2.128", false },
		{ "198.51.100.7", false },
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		frame_of(&f, ETH, IP(CLIENT4, cases[i].to), ECHO, DATA(20), END);
		if (cases[i].answered)
			sent(w, &f, XDP_TX, XRING_CNT_TX_ECHO);
		else
			sent(w, &f, XDP_PASS, XRING_CNT_PASS_OTHER);
	}
	world_free(w);
}

static void what_comes_from_an_address_and_port_of_a_network_is_refused(void **state)
{
	struct world *w = world_new(
		"  a: {vip: ['192.0.2.0/25:8000-8099/tcp', '10.200.1.1:80/tcp'], mode: ipip,"
		" backends: {b: 10.2.0.1}}\n");
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP("192.0.2.9", "10.200.1.1"), TCP(8099, 80, ACK), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_MARTIAN);
	frame_of(&f, ETH, IP("192.0.2.9", "192.0.2.10"), TCP(8000, 8001, ACK), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_MARTIAN);
	frame_of(&f, ETH, IP("192.0.2.9", "10.200.1.1"), TCP(8100, 80, ACK), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP("192.0.2.200", "10.200.1.1"), TCP(8099, 80, ACK), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	world_free(w);
}

static void errors_and_fragments_of_a_network_go_with_their_flow(void **state)
{
	struct world *w = world_new(
		"  web: {vip: '192.0.2.0/25:8000-8099/udp', mode: ipip, key: client,"
		" backends: {a: 10.2.0.1, b: 10.2.0.2, c: 10.2.0.3}}\n"
		"  dns: {vip: '192.0.2.7:53/udp', mode: ipip, backends: {a: 10.2.0.1}}\n"
		"  all: {vip: '198.51.100.0/24:0/udp', mode: ipip, key: client,"
		" backends: {a: 10.2.0.1, b: 10.2.0.2, c: 10.2.0.3}}\n");
	struct outcome whole, o;
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(CLIENT4, "192.0.2.9"), UDP(5555, 8050), DATA(40), END);
	whole = sent(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP("10.9.9.9", "192.0.2.9"), ICMP, IP("192.0.2.9", CLIENT4),
		 UDP(8050, 5555), DATA(8), END);
	o = sent(w, &f, XDP_TX, XRING_CNT_TX);
	assert_memory_equal(o.out.bytes + 30, whole.out.bytes + 30, 4);	/* of the outer header */
	/* Where the key has no ports and all VIPs around are alike, later fragments need no first. */
	frame_of(&f, ETH, IP(CLIENT4, "192.0.2.9", .id = 7, .fragment = 100), UDP(1, 2), END);
	o = sent(w, &f, XDP_TX, XRING_CNT_TX);
	assert_memory_equal(o.out.bytes + 30, whole.out.bytes + 30, 4);
	assert_int_equal(world_fragments(w), 0);
	frame_of(&f, ETH, IP(CLIENT4, "192.0.2.7", .id = 7, .fragment = 100), UDP(1, 2), END);
	sent(w, &f, XDP_DROP, XRING_CNT_DROP_FRAGMENT);	/* the address has VIPs that differ */
	frame_of(&f, ETH, IP(CLIENT4, "192.0.2.200", .id = 7, .fragment = 100), UDP(1, 2), END);
	sent(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	frame_of(&f, ETH, IP(CLIENT4, "198.51.100.200", .id = 7, .fragment = 100), UDP(1, 2), END);
	sent(w, &f, XDP_TX, XRING_CNT_TX);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_vip_takes_a_packet),
		cmocka_unit_test(a_range_takes_its_ports_and_a_network_its_addresses),
		cmocka_unit_test(the_key_of_a_flow_has_the_address_in_the_network),
		cmocka_unit_test(nat_keeps_the_ports_of_a_range_on_both_ways),
		cmocka_unit_test(pings_of_a_network_are_answered),
		cmocka_unit_test(what_comes_from_an_address_and_port_of_a_network_is_refused),
		cmocka_unit_test(errors_and_fragments_of_a_network_go_with_their_flow),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
