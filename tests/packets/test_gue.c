// SPDX-License-Identifier: GPL-2.0-or-later
/* Mode gue: the headers before the packet, byte by byte, and the program of a backend that takes them off. */
#include "fixture.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

#define VIPS "'10.200.1.1:80/tcp', '10.200.1.1:53/udp', '[fc00::1]:80/tcp', '[fc00::1]:53/udp'"
#define ETH_BYTES 14

/* Each family of clients by each of backends. */
static const struct pair { const char *client, *vip, *backend, *source; } pairs[] = {
	{ "10.1.0.2", "10.200.1.1", "10.2.0.11", "10.2.0.1" },
	{ "fd00:1::2", "fc00::1", "10.2.0.11", "10.2.0.1" },
	{ "10.1.0.2", "10.200.1.1", "fd00:2::b", "fd00:2::1" },
	{ "fd00:1::2", "fc00::1", "fd00:2::b", "fd00:2::1" },
};

static struct world *world_of(const struct pair *pair, int variant, const char *more)
{
	char yaml[512];

	snprintf(yaml, sizeof(yaml), "  web: {vip: [" VIPS "], mode: gue, gue: {variant: %d, port: 7777},"
		 " backends: {b1: '%s'}%s}\n", variant, pair->backend, more);
	return world_new(yaml);
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static uint16_t sum_of(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += get16(at + i);
	return (sum & 0xffff) + (sum >> 16);
}

static bool is_six(const char *address)
{
	return strchr(address, ':');
}

/* Sees to the outer header, and answers where it ends. */
static const uint8_t *outer_seen(const struct frame *f, const struct pair *pair, size_t len)
{
	const uint8_t *ip = f->bytes + ETH_BYTES;
	uint8_t src[16], dst[16];
	bool six = is_six(pair->backend);

	assert_memory_equal(f->bytes, HOP_MAC OWN_MAC, 12);
	assert_int_equal(get16(f->bytes + 12), six ? ETH_P_IPV6 : ETH_P_IP);
	assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, pair->source, src), 1);
	assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, pair->backend, dst), 1);
	if (!six) {
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(get16(ip + 2), len + 20);
		assert_int_equal(get16(ip + 4), 0);
		assert_int_equal(get16(ip + 6), 0x4000);
		assert_int_equal(ip[8], 64);
		assert_int_equal(ip[9], IPPROTO_UDP);
		assert_int_equal(sum_of(ip, 20), 0xffff);
		assert_memory_equal(ip + 12, src, 4);
		assert_memory_equal(ip + 16, dst, 4);
		return ip + 20;
	}
	assert_int_equal(ip[0] >> 4, 6);
	assert_int_equal(get16(ip + 4), len);
	assert_int_equal(ip[6], IPPROTO_UDP);
	assert_int_equal(ip[7], 64);
	assert_memory_equal(ip + 8, src, 16);
	assert_memory_equal(ip + 24, dst, 16);
	return ip + 40;
}

/* The packet inside, as a frame; all before it is seen to. *ret_port: the UDP source port. */
static struct frame inside(const struct frame *f, const struct pair *pair, int variant,
			   uint16_t *ret_port)
{
	size_t outer = is_six(pair->backend) ? 40 : 20, len = f->len - ETH_BYTES - outer;
	const uint8_t *udp = outer_seen(f, pair, len), *at = udp + 8;
	struct frame in = {};

	*ret_port = get16(udp);
	assert_in_range(*ret_port, 0xc000, 0xffff);
	assert_int_equal(get16(udp + 2), 7777);
	assert_int_equal(get16(udp + 4), len);
	assert_int_equal(get16(udp + 6), 0);
	if (!variant) {
		const uint8_t gue[4] = { 0, is_six(pair->client) ? 41 : 4 };

		assert_memory_equal(at, gue, 4);
		at += 4;
	}
	in.len = ETH_BYTES + (f->bytes + f->len - at);
	memcpy(in.bytes, HOP_MAC OWN_MAC, 12);
	in.bytes[12] = is_six(pair->client) ? 0x86 : 0x08;
	in.bytes[13] = is_six(pair->client) ? 0xdd : 0x00;
	memcpy(in.bytes + ETH_BYTES, at, in.len - ETH_BYTES);
	return in;
}

/* Is it the packet that was sent, one hop on? Its checksums are right: frame_see() says so. */
static void is_one_hop_on(const struct frame *in, const struct frame *sent, bool six)
{
	struct frame copy = *sent;
	struct seen s;

	frame_see(in, &s);
	assert_int_equal(in->len, sent->len);
	memcpy(copy.bytes, in->bytes, ETH_BYTES);
	copy.bytes[ETH_BYTES + (six ? 7 : 8)]--;
	if (!six)
		memcpy(copy.bytes + ETH_BYTES + 10, in->bytes + ETH_BYTES + 10, 2);
	assert_memory_equal(in->bytes, copy.bytes, in->len);
}

static void gue_wraps_each_family_in_each(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		const struct pair *pair = &pairs[i / 2];
		struct world *w = world_of(pair, i % 2, "");

		for (int udp = 0; udp < 2; udp++) {
			struct frame f, in;
			struct outcome o;
			uint16_t port;

			frame_of(&f, ETH, IP(pair->client, pair->vip),
				 udp ? UDP(5555, 53) : TCP(5555, 80, SYN), DATA(99), END);
			o = world_run(w, &f);
			assert_int_equal(o.counter, XRING_CNT_TX);
			in = inside(&o.out, pair, i % 2, &port);
			is_one_hop_on(&in, &f, is_six(pair->client));
			assert_int_equal(o.out.len - f.len, (is_six(pair->backend) ? 48 : 28) +
					 (i % 2 ? 0 : 4));
		}
		world_free(w);
	}
}

/* So that fabric and NIC spread them; each flow keeps its port. */
static void the_source_port_varies_by_flow(void **state)
{
	(void)state;
	for (int p = 0; p < 4; p += 3) {
		struct world *w = world_of(&pairs[p], 1, "");
		static uint8_t seen[65536];
		unsigned ports = 0;

		memset(seen, 0, sizeof(seen));
		for (int i = 0; i < 400; i++) {
			uint16_t port, again;
			struct frame f;
			struct outcome o;

			frame_of(&f, ETH, IP(pairs[p].client, pairs[p].vip),
				 TCP(1000 + i, 80, i % 2 ? ACK : SYN), DATA(i % 7), END);
			o = world_run(w, &f);
			inside(&o.out, &pairs[p], 1, &port);
			frame_of(&f, ETH, IP(pairs[p].client, pairs[p].vip),
				 TCP(1000 + i, 80, ACK), DATA(100), END);
			o = world_run(w, &f);
			inside(&o.out, &pairs[p], 1, &again);
			assert_int_equal(port, again);
			ports += !seen[port]++;
		}
		assert_in_range(ports, 380, 400);
		world_free(w);
	}
}

/* field: of the fragment header, or of IPv4. */
static void fragment_of(struct frame *f, const struct pair *pair, uint16_t field, uint16_t sport,
			uint16_t dport)
{
	if (is_six(pair->client))
		frame_of(f, ETH, IP(pair->client, pair->vip),
			 (struct layer){ LAYER_EXT, .type = IPPROTO_FRAGMENT, .fragment = field },
			 UDP(sport, dport), DATA(24), END);
	else
		frame_of(f, ETH, IP(pair->client, pair->vip, .id = 7, .fragment = field),
			 UDP(sport, dport), DATA(24), END);
}

static void packets_that_are_not_common_go_by_gue_too(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		const struct pair *pair = &pairs[i / 2];
		bool six = is_six(pair->client);
		struct world *w = world_of(pair, i % 2, ", key: client");
		uint16_t port, first, later;
		struct outcome o;
		struct frame f, in;

		/* options */
		if (six)
			frame_of(&f, ETH, IP(pair->client, pair->vip), EXT(0), TCP(5555, 80, ACK),
				 DATA(9), END);
		else
			frame_of(&f, ETH, IP(pair->client, pair->vip, .options = 8),
				 TCP(5555, 80, ACK), DATA(9), END);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_TX);
		in = inside(&o.out, pair, i % 2, &port);
		is_one_hop_on(&in, &f, six);
		/* fragments of a datagram have one port */
		fragment_of(&f, pair, six ? 1 : IP_MF, 5555, 53);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_TX);
		in = inside(&o.out, pair, i % 2, &first);
		fragment_of(&f, pair, six ? 64 : 8, 1, 2);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_TX);
		in = inside(&o.out, pair, i % 2, &later);
		assert_int_equal(first, later);
		/* an error about the flow */
		frame_of(&f, ETH, IP(six ? "fd00:9::9" : "10.9.9.9", pair->vip), ICMP,
			 IP(pair->vip, pair->client), TCP(80, 5555, ACK), DATA(9), END);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_TX);
		in = inside(&o.out, pair, i % 2, &port);
		is_one_hop_on(&in, &f, six);
		world_free(w);
	}
}

/* HOP_MTU less all headers is what fits, and senders are told of it. */
static void what_does_not_fit_is_said_with_the_size_that_does(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		const struct pair *pair = &pairs[i / 2];
		unsigned more = (is_six(pair->backend) ? 48 : 28) + (i % 2 ? 0 : 4);
		unsigned head = (is_six(pair->client) ? 40 : 20) + 20;
		struct world *w = world_of(pair, i % 2, "");
		struct outcome o;
		struct frame f;
		struct seen s;

		frame_of(&f, ETH, IP(pair->client, pair->vip, .fragment = is_six(pair->client) ? 0 : IP_DF),
			 TCP(5555, 80, ACK), DATA(HOP_MTU - more - head), END);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_TX);
		assert_int_equal(o.out.len, ETH_BYTES + HOP_MTU);
		frame_of(&f, ETH, IP(pair->client, pair->vip, .fragment = is_six(pair->client) ? 0 : IP_DF),
			 TCP(5555, 80, ACK), DATA(HOP_MTU - more - head + 1), END);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_TX_TOO_BIG);
		frame_see(&o.out, &s);
		assert_int_equal(s.icmp_mtu, HOP_MTU - more);
		world_free(w);
	}
}

static void a_spent_ttl_is_said_and_the_dscp_goes_along(void **state)
{
	struct world *w = world_of(&pairs[0], 1, "");
	struct outcome o;
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP("10.1.0.2", "10.200.1.1", .ttl = 1), TCP(5555, 80, SYN), END);
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_TX_TTL);
	frame_of(&f, ETH, IP("10.1.0.2", "10.200.1.1", .tos = 0xbb), TCP(5555, 80, SYN), END);
	o = world_run(w, &f);
	assert_int_equal(o.out.bytes[ETH_BYTES + 1], 0xb8);
	world_free(w);
}

/* ---- the program of a backend ---- */

static int decap_fd(struct bpf_object **ret, uint16_t port)
{
	struct bpf_map *map;
	struct bpf_object *object;
	char path[256];

	snprintf(path, sizeof(path), "%s/decap.bpf.o", getenv("BUILD") ?: "build");
	object = bpf_object__open_file(path, NULL);
	assert_non_null(object);
	bpf_object__for_each_map(map, object) {
		if (strstr(bpf_map__name(map), ".rodata")) {
			size_t size;
			uint8_t *data = (void *)bpf_map__initial_value(map, &size);

			/* listed and gue_port, in whatever order: the port is the one of two bytes */
			for (size_t i = 0; i + 1 < size; i++)
				if (data[i] == (XRING_GUE_PORT & 0xff) &&
				    data[i + 1] == XRING_GUE_PORT >> 8)
					memcpy(data + i, &port, 2);
		}
	}
	assert_int_equal(bpf_object__load(object), 0);
	*ret = object;
	return bpf_program__fd(bpf_object__find_program_by_name(object, "decap"));
}

static struct frame decapped(int fd, const struct frame *f)
{
	struct frame out = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->bytes, .data_size_in = f->len,
		    .data_out = out.bytes, .data_size_out = sizeof(out.bytes), .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(fd, &opts), 0);
	assert_int_equal(opts.retval, XDP_PASS);
	out.len = opts.data_size_out;
	return out;
}

static void a_backend_unwraps_what_it_is_to_unwrap(void **state)
{
	struct bpf_object *object;
	int fd = decap_fd(&object, 7777);

	(void)state;
	for (int i = 0; i < 8; i++) {
		const struct pair *pair = &pairs[i / 2];
		struct world *w = world_of(pair, i % 2, "");
		struct frame f, in, out;
		struct outcome o;
		uint16_t port;
		uint8_t *udp;

		frame_of(&f, ETH, IP(pair->client, pair->vip), TCP(5555, 80, SYN), DATA(99), END);
		o = world_run(w, &f);
		in = inside(&o.out, pair, i % 2, &port);
		out = decapped(fd, &o.out);
		assert_int_equal(out.len, in.len);
		assert_memory_equal(out.bytes, in.bytes, in.len);
		/* a control message, a field more, an unknown variant, another port: all untouched */
		for (int k = 0; k < 4; k++) {
			struct frame odd = o.out;

			udp = odd.bytes + ETH_BYTES + (is_six(pair->backend) ? 40 : 20);
			if (k == 0)
				udp[8] = 0x20;
			else if (k == 1)
				udp[8] = i % 2 ? 0x70 : 0x01;
			else if (k == 2)
				udp[8] = 0x80;
			else
				udp[3]++;
			out = decapped(fd, &odd);
			assert_int_equal(out.len, odd.len);
			assert_memory_equal(out.bytes, odd.bytes, odd.len);
		}
		world_free(w);
	}
	bpf_object__close(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gue_wraps_each_family_in_each),
		cmocka_unit_test(the_source_port_varies_by_flow),
		cmocka_unit_test(packets_that_are_not_common_go_by_gue_too),
		cmocka_unit_test(what_does_not_fit_is_said_with_the_size_that_does),
		cmocka_unit_test(a_spent_ttl_is_said_and_the_dscp_goes_along),
		cmocka_unit_test(a_backend_unwraps_what_it_is_to_unwrap),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
