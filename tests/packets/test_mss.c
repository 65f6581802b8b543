// SPDX-License-Identifier: GPL-2.0-or-later
/* `mss` of a nat service: what a SYN and a SYN+ACK say of their segments is made smaller, and nothing else. */
#include "fixture.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"

#define ETH_BYTES 14
#define MSS 1400

static const char services[] =
	"  four: {vip: '10.200.1.1:80/tcp', mode: nat, mss: 1400, backends: {b: '10.2.0.1:8080'}}\n"
	"  six: {vip: '[fd00:9::1]:80/tcp', mode: nat, mss: 1400, backends: {b: '[fd00:2::1]:8080'}}\n"
	"  any: {vip: '10.200.1.2:80/tcp', mode: nat, backends: {b: '10.2.0.2:8080'}}\n";

/* The offset of the TCP header in a frame. */
static size_t tcp_at(const struct frame *f)
{
	return ETH_BYTES + (f->bytes[12] == 0x08 ? (f->bytes[14] & 15) * 4 : 40);
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static uint32_t add(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? at[i] : at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* What the TCP checksum is over; 0xffff: it is right. */
static uint32_t tcp_sum(const struct frame *f)
{
	size_t at = tcp_at(f), len;
	bool six = f->bytes[12] == 0x86;
	const uint8_t *ip = f->bytes + ETH_BYTES;

	len = six ? get16(ip + 4) : get16(ip + 2) - (at - ETH_BYTES);
	return add(f->bytes + at, len, add(six ? ip + 8 : ip + 12, six ? 32 : 8, len + IPPROTO_TCP));
}

/* A TCP packet with those options, which are a multiple of 4 bytes. */
static void with_options(struct frame *f, const char *from, const char *to, int sport, int dport,
			 uint8_t flags, const uint8_t *options, size_t len)
{
	size_t at;

	frame_of(f, ETH, IP(from, to), TCP(sport, dport, flags), DATA(44), END);
	at = tcp_at(f);
	memcpy(f->bytes + at + 20, options, len);
	f->bytes[at + 12] = (5 + len / 4) << 4;
	put16(f->bytes + at + 16, 0);
	put16(f->bytes + at + 16, ~tcp_sum(f));
	assert_int_equal(tcp_sum(f), 0xffff);
}

/* One packet each way; the options that come out are those, and the checksum is right. */
static void becomes(struct world *w, bool six, bool reply, const uint8_t *options, size_t len,
		    const uint8_t *wanted)
{
	struct frame f;
	struct outcome o;
	size_t at;

	if (reply)
		with_options(&f, six ? "fd00:2::1" : "10.2.0.1", six ? "fd00:1::2" : "10.1.0.2", 8080,
			     5555, SYN | ACK, options, len);
	else
		with_options(&f, six ? "fd00:1::2" : "10.1.0.2", six ? "fd00:9::1" : "10.200.1.1",
			     5555, 80, SYN, options, len);
	o = world_run(w, &f);
	assert_int_equal(o.counter, reply ? XRING_CNT_TX_REPLY : XRING_CNT_TX);
	at = tcp_at(&o.out);
	assert_memory_equal(o.out.bytes + at + 20, wanted, len);
	assert_int_equal(get16(o.out.bytes + at), reply ? 80 : 5555);
	assert_int_equal(tcp_sum(&o.out), 0xffff);
}

static void a_greater_mss_is_made_smaller_on_both_ways(void **state)
{
	/* as most hosts send it; at an odd offset; after an option that is not known; the last one */
	static const struct { uint8_t len, options[40], wanted[40]; } cases[] = {
		{ 4, { 2, 4, 0x05, 0xb4 }, { 2, 4, 0x05, 0x78 } },
		{ 4, { 2, 4, 0xff, 0xff }, { 2, 4, 0x05, 0x78 } },
		{ 4, { 2, 4, 0x05, 0x79 }, { 2, 4, 0x05, 0x78 } },
		{ 4, { 2, 4, 0x05, 0x78 }, { 2, 4, 0x05, 0x78 } },	/* never greater */
		{ 4, { 2, 4, 0x02, 0x18 }, { 2, 4, 0x02, 0x18 } },
		{ 8, { 1, 2, 4, 0x05, 0xb4, 1, 1, 0 }, { 1, 2, 4, 0x05, 0x78, 1, 1, 0 } },
		{ 12, { 77, 5, 1, 2, 3, 2, 4, 0x23, 0x00, 0, 0, 0 },
		  { 77, 5, 1, 2, 3, 2, 4, 0x05, 0x78, 0, 0, 0 } },
		{ 40, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 0x05, 0xb4 },
		  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 0x05, 0x78 } },
		/* none, or none that is whole: nothing is put in, and nothing is read outside */
		{ 0, {}, {} },
		{ 4, { 1, 1, 1, 1 }, { 1, 1, 1, 1 } },
		{ 4, { 0, 2, 4, 0xff }, { 0, 2, 4, 0xff } },
		{ 4, { 2, 3, 0xff, 0xff }, { 2, 3, 0xff, 0xff } },
		{ 4, { 1, 2, 4, 0xff }, { 1, 2, 4, 0xff } },
		{ 4, { 9, 0, 2, 4 }, { 9, 0, 2, 4 } },
		{ 4, { 9, 1, 2, 4 }, { 9, 1, 2, 4 } },
		{ 8, { 9, 200, 2, 4, 0xff, 0xff, 1, 1 }, { 9, 200, 2, 4, 0xff, 0xff, 1, 1 } },
	};
	struct world *w = world_new(services);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (int way = 0; way < 4; way++)
			becomes(w, way & 1, way & 2, cases[i].options, cases[i].len, cases[i].wanted);
	world_free(w);
}

static void other_packets_and_services_keep_theirs(void **state)
{
	static const uint8_t options[4] = { 2, 4, 0x05, 0xb4 };
	struct world *w = world_new(services);
	struct outcome o;
	struct frame f;

	(void)state;
	with_options(&f, "10.1.0.2", "10.200.1.1", 5555, 80, ACK, options, 4);
	o = world_run(w, &f);
	assert_memory_equal(o.out.bytes + tcp_at(&o.out) + 20, options, 4);
	assert_int_equal(tcp_sum(&o.out), 0xffff);
	with_options(&f, "10.1.0.2", "10.200.1.2", 5555, 80, SYN, options, 4);
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_TX);
	assert_memory_equal(o.out.bytes + tcp_at(&o.out) + 20, options, 4);
	with_options(&f, "10.2.0.2", "10.1.0.2", 8080, 5555, SYN | ACK, options, 4);
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_TX_REPLY);
	assert_memory_equal(o.out.bytes + tcp_at(&o.out) + 20, options, 4);
	world_free(w);
}

/* With IP options, and out of another interface than it came in by. */
static void a_syn_that_is_no_common_packet_is_no_exception(void **state)
{
	static const uint8_t options[4] = { 2, 4, 0x05, 0xb4 }, wanted[4] = { 2, 4, 0x05, 0x78 };
	struct world *w = world_new(services);
	struct outcome o;
	struct frame f;
	size_t at;

	(void)state;
	frame_of(&f, ETH, IP("10.1.0.2", "10.200.1.1", .options = 8), TCP(5555, 80, SYN), DATA(4), END);
	at = tcp_at(&f);
	memcpy(f.bytes + at + 20, options, 4);
	f.bytes[at + 12] = 6 << 4;
	put16(f.bytes + at + 16, 0);
	put16(f.bytes + at + 16, ~tcp_sum(&f));
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_TX);
	assert_memory_equal(o.out.bytes + tcp_at(&o.out) + 20, wanted, 4);
	assert_int_equal(tcp_sum(&o.out), 0xffff);
	world_way(w, (struct world_way){ out_ifindex(), HOP_MTU });
	with_options(&f, "10.1.0.2", "10.200.1.1", 5555, 80, SYN, options, 4);
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_TX_REDIRECT);
	assert_memory_equal(o.out.bytes + tcp_at(&o.out) + 20, wanted, 4);
	assert_int_equal(tcp_sum(&o.out), 0xffff);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_greater_mss_is_made_smaller_on_both_ways),
		cmocka_unit_test(other_packets_and_services_keep_theirs),
		cmocka_unit_test(a_syn_that_is_no_common_packet_is_no_exception),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
