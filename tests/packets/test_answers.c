// SPDX-License-Identifier: GPL-2.0-or-later
/* What the datapath says to senders itself: too big, time exceeded, echo; and DSCP on the way. */
#include "fixture.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "frame.h"

#define ETH_BYTES 14

static const struct side {
	const char *client, *vip, *other;
	bool six;
	size_t head, quote;		/* bytes of an IP header, of the longest quotation */
} sides[] = {
	{ "10.1.0.2", "10.200.1.1", "10.200.1.9", false, 20, 548 },
	{ "fd00:1::2", "fc00::1", "fc00::9", true, 40, 1232 },
};

#define SERVICE(mode, backend, more)                                           \
	"  web:\n    vip: ['10.200.1.1:80/tcp', '10.200.1.1:53/udp', '[fc00::1]:80/tcp',"  \
	" '[fc00::1]:53/udp']\n    mode: " mode "\n    backends: {b1: '" backend "'}\n" more

static struct outcome answered(struct world *w, const struct frame *f, enum xring_counter counter)
{
	struct outcome o = world_run(w, f);

	assert_int_equal(o.counter, counter);
	assert_int_equal(o.verdict, XDP_TX);
	/* Back to where it came from. */
	assert_memory_equal(o.out.bytes, f->bytes + 6, 6);
	assert_memory_equal(o.out.bytes + 6, f->bytes, 6);
	return o;
}

/* The message is from the VIP to the client and quotes the head of what was sent, untouched. */
static void is_about(const struct side *side, const struct frame *in, const struct frame *out,
		     struct seen *s)
{
	size_t quote = in->len - ETH_BYTES;

	quote = (quote < side->quote ? quote : side->quote) & ~3u;
	frame_see(out, s);
	assert_string_equal(s->src, side->vip);
	assert_string_equal(s->dst, side->client);
	assert_int_equal(s->ttl, 64);
	assert_int_equal(out->len, ETH_BYTES + side->head + 8 + quote);
	assert_memory_equal(out->bytes + ETH_BYTES + side->head + 8, in->bytes + ETH_BYTES, quote);
}

static void whoever_sends_what_is_too_big_is_told_how_big_it_may_be(void **state)
{
	static const struct { const char *yaml; int outer; } modes[] = {
		{ SERVICE("ipip", "10.2.0.11", ""), 20 }, { SERVICE("ipip", "fd00:2::b", ""), 40 },
		{ SERVICE("ipip", "10.2.0.11", "    tunnel_source: 10.255.0.0/20\n"), 20 },
		{ SERVICE("l2", "10.2.0.11", ""), 0 },
	};
	struct frame f;
	struct seen s;

	(void)state;
	for (size_t m = 0; m < 4; m++) {
		for (const struct side *side = sides; side < sides + 2; side++) {
			struct world *w = world_new(modes[m].yaml);

			for (int i = 0; i < 40; i++) {
				uint16_t mtu = 600 + 13 * i;
				struct outcome o;

				world_way(w, (struct world_way){ 1, mtu });
				frame_of(&f, ETH, IP(side->client, side->vip, .fragment = side->six || i % 2 ? 0 : IP_DF),
					 i % 3 ? TCP(2000 + i, 80, ACK) : UDP(2000 + i, 53), DATA(mtu + i), END);
				o = answered(w, &f, XRING_CNT_TX_TOO_BIG);
				is_about(side, &f, &o.out, &s);
				assert_int_equal(s.icmp_type, side->six ? 2 : 3);
				assert_int_equal(s.icmp_code, side->six ? 0 : 4);
				assert_int_equal(s.icmp_mtu, mtu - modes[m].outer);
			}
			world_free(w);
		}
	}
}

/* Of several buffers, of which the first has what is quoted. */
static void whoever_sends_a_jumbo_frame_is_told(void **state)
{
	(void)state;
	for (const struct side *side = sides; side < sides + 2; side++) {
		struct world *w = world_new(SERVICE("ipip", "10.2.0.11", ""));

		for (int i = 0; i < 9; i++) {
			bool ttl = i % 3 == 1;
			struct outcome o;
			struct frame f;
			struct seen s;

			world_way(w, (struct world_way){ 1, ttl ? 9000 : 1500 });
			frame_of(&f, ETH, IP(side->client, side->vip, .ttl = ttl ? 1 : 64,
					     .options = i % 2 && !side->six ? 40 : 0),
				 TCP(2000, 80, ACK), DATA(8900 - i * 500), END);
			o = answered(w, &f, ttl ? XRING_CNT_TX_TTL : XRING_CNT_TX_TOO_BIG);
			is_about(side, &f, &o.out, &s);
		}
		world_free(w);
	}
}

static void a_service_may_drop_it_silently(void **state)
{
	struct world *w = world_new(SERVICE("ipip", "10.2.0.11", "    too_big: drop\n"));
	struct outcome o;
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(sides[0].client, sides[0].vip), TCP(2000, 80, ACK), DATA(1450), END);
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_DROP_TOO_BIG);
	frame_of(&f, ETH, IP(sides[0].client, sides[0].vip, .options = 8), TCP(2000, 80, ACK),
		 DATA(1450), END);
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_DROP_TOO_BIG);
	assert_int_equal(o.verdict, XDP_DROP);
	world_free(w);
}

static void whoever_sends_what_has_no_time_left_is_told(void **state)
{
	struct frame f;
	struct seen s;

	(void)state;
	for (const struct side *side = sides; side < sides + 2; side++) {
		struct world *w = world_new(side->six ?
			"  web:\n    vip: ['[fc00::1]:80/tcp', '[fc00::1]:53/udp']\n    mode: nat\n"
			"    backends: {b1: '[fd00:2::b]:8080'}\n" :
			"  web:\n    vip: [10.200.1.1:80/tcp, 10.200.1.1:53/udp]\n    mode: nat\n"
			"    backends: {b1: 10.2.0.11:8080}\n");

		for (int i = 0; i < 30; i++) {
			struct outcome o;

			frame_of(&f, ETH, IP(side->client, side->vip, .ttl = 1),
				 i % 3 ? TCP(2000 + i, 80, SYN) : UDP(2000 + i, 53), DATA(i * 7), END);
			o = answered(w, &f, XRING_CNT_TX_TTL);
			is_about(side, &f, &o.out, &s);
			assert_int_equal(s.icmp_type, side->six ? 3 : 11);
			assert_int_equal(s.icmp_code, 0);
		}
		world_free(w);
	}
}

/* No message is about a message, nor about a fragment that is not the first. */
static void nobody_is_told_about_messages_and_later_fragments(void **state)
{
	(void)state;
	for (const struct side *side = sides; side < sides + 2; side++) {
		struct world *w = world_new(SERVICE("ipip", "10.2.0.11", "    key: client\n"));
		struct outcome o;
		struct frame f;

		frame_of(&f, ETH, IP(side->client, side->vip, .ttl = 1), ICMP, IP(side->vip, side->client),
			 TCP(80, 2000, ACK), DATA(9), END);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_DROP_TTL);
		if (side->six)
			frame_of(&f, ETH, IP(side->client, side->vip, .ttl = 1),
				 (struct layer){ LAYER_EXT, .type = IPPROTO_FRAGMENT, .fragment = 800 },
				 UDP(2000, 53), DATA(64), END);
		else
			frame_of(&f, ETH, IP(side->client, side->vip, .ttl = 1, .fragment = 100),
				 UDP(2000, 53), DATA(64), END);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_DROP_TTL);
		assert_int_equal(o.verdict, XDP_DROP);
		world_free(w);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Each CPU has a budget of its own. */
static void stay_on_this_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* How many of these are told; no more than 100 at once and 233 a second, however slow the machine. */
static unsigned told(struct world *w, const struct frame *f, unsigned count)
{
	double begin = seconds();
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		struct outcome o = world_run(w, f);

		assert_true(o.counter == XRING_CNT_TX_TTL || o.counter == XRING_CNT_DROP_TTL);
		n += o.counter == XRING_CNT_TX_TTL;
	}
	assert_in_range(n, 1, 110 + 233 * (seconds() - begin));
	return n;
}

static void so_many_are_told_and_no_more(void **state)
{
	struct world *w = world_new(SERVICE("ipip", "10.2.0.11", ""));
	struct frame f;

	(void)state;
	stay_on_this_cpu();
	frame_of(&f, ETH, IP(sides[0].client, sides[0].vip, .ttl = 1), TCP(2000, 80, SYN), END);
	print_message("told %u of 3,000\n", told(w, &f, 3000));
	world_config(w)->clock += UINT64_C(60000000000);	/* what is saved up has a bound */
	assert_in_range(told(w, &f, 300), 100, 300);
	world_free(w);
}

static unsigned pings_answered(struct world *w, unsigned count)
{
	unsigned answered = 0;
	struct frame f;

	frame_of(&f, ETH, IP(sides[0].client, sides[0].vip), PING(1, 1), DATA(56), END);
	while (count--)
		answered += world_run(w, &f).counter == XRING_CNT_TX_ECHO;
	return answered;
}

/* Nor do those whose packets expire here keep others from hearing what is too big. */
static void a_flood_of_pings_silences_nothing_else(void **state)
{
	struct world *w = world_new(SERVICE("ipip", "10.2.0.11", ""));
	struct frame f;

	(void)state;
	pings_answered(w, 3000);
	for (int i = 0; i < 100; i++) {
		frame_of(&f, ETH, IP(sides[0].client, sides[0].vip, .ttl = 1), TCP(2000, 80, SYN), END);
		answered(w, &f, XRING_CNT_TX_TTL);
	}
	for (int i = 0; i < 100; i++) {
		frame_of(&f, ETH, IP(sides[0].client, sides[0].vip), TCP(2000, 80, ACK), DATA(1450), END);
		answered(w, &f, XRING_CNT_TX_TOO_BIG);
	}
	world_free(w);
}

static void echo_requests_for_a_vip_are_answered(void **state)
{
	(void)state;
	for (const struct side *side = sides; side < sides + 2; side++) {
		struct world *w = world_new(SERVICE("ipip", "10.2.0.11", ""));
		struct outcome o;
		struct frame f;
		struct seen s;

		/* Numbers at which the checksum carries, among others. */
		for (int i = 0; i < 40; i++) {
			frame_of(&f, ETH, IP(side->client, side->vip, .ttl = 1 + i * 6),
				 PING(0xfff0 + i, 0xf7e0 + i * 41), DATA(i % 5 * 300), END);
			o = answered(w, &f, XRING_CNT_TX_ECHO);
			frame_see(&o.out, &s);
			assert_string_equal(s.src, side->vip);
			assert_string_equal(s.dst, side->client);
			assert_int_equal(s.ttl, 64);
			assert_int_equal(s.icmp_type, side->six ? 129 : 0);
			assert_int_equal(o.out.len, f.len);
			assert_memory_equal(o.out.bytes + ETH_BYTES + side->head + 4,
					    f.bytes + ETH_BYTES + side->head + 4,
					    f.len - ETH_BYTES - side->head - 4);
		}
		frame_of(&f, ETH, IP(side->client, side->other), PING(1, 1), DATA(56), END);
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_PASS_OTHER);
		world_free(w);
	}
}

static void a_cut_echo_request_is_not_answered(void **state)
{
	(void)state;
	for (const struct side *side = sides; side < sides + 2; side++) {
		struct world *w = world_new(SERVICE("ipip", "10.2.0.11", ""));
		struct outcome o;
		struct frame f;

		frame_of(&f, ETH, IP(side->client, side->vip), PING(1, 1), DATA(56), END);
		f.len--;
		o = world_run(w, &f);
		assert_int_equal(o.counter, XRING_CNT_PASS_OTHER);
		world_free(w);
	}
}

/* 2001:db8:: has the bytes of 32.1.13.184. */
static void addresses_of_both_families_with_the_same_bytes_are_two(void **state)
{
	static const struct { const char *client, *vip; } of[] = {
		{ "10.1.0.2", "32.1.13.184" }, { "fd00:1::2", "2001:db8::" } };
	struct world *w = world_new("  a: {vip: 32.1.13.184:80/tcp, mode: ipip, backends: {b1: 10.2.0.11}}\n"
				    "  b: {vip: '[2001:db8::]:80/tcp', mode: ipip, backends: {b1: 10.2.0.11}}\n");
	struct frame f;

	(void)state;
	for (int i = 0; i < 2; i++) {
		frame_of(&f, ETH, IP(of[i].client, of[i].vip), PING(1, 1), DATA(56), END);
		answered(w, &f, XRING_CNT_TX_ECHO);
	}
	world_free(w);
}

/* A ping says the truth: nobody would answer a connection either. */
static void no_echo_is_answered_where_no_backend_lives(void **state)
{
	struct world *w = world_new("  web: {vip: 10.200.1.1:80/tcp, mode: ipip, backends: {}}\n");
	struct outcome o;
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(sides[0].client, sides[0].vip), PING(1, 1), DATA(56), END);
	o = world_run(w, &f);
	assert_int_equal(o.counter, XRING_CNT_PASS_OTHER);
	assert_int_equal(o.verdict, XDP_PASS);
	world_free(w);
}

static void the_outer_header_has_the_dscp_of_the_packet(void **state)
{
	static const char *const backends[] = { SERVICE("ipip", "10.2.0.11", ""),
						SERVICE("ipip", "fd00:2::b", ""),
						SERVICE("ipip", "10.2.0.11", "    dscp: zero\n"),
						SERVICE("ipip", "fd00:2::b", "    dscp: zero\n"),
						SERVICE("ipip", "10.2.0.11",
							"    tunnel_source: 10.255.0.0/20\n") };

	(void)state;
	for (int b = 0; b < 5; b++) {
		struct world *w = world_new(backends[b]);

		for (const struct side *side = sides; side < sides + 2; side++) {
			for (int tos = 0; tos < 256; tos++) {
				bool zero = b == 2 || b == 3;
				struct outcome o;
				struct frame f;
				struct seen s;

				frame_of(&f, ETH, IP(side->client, side->vip, .tos = tos),
					 TCP(2000 + tos, 80, ACK), DATA(tos * 3), END);
				o = world_run(w, &f);
				assert_int_equal(o.counter, XRING_CNT_TX);
				frame_see(&o.out, &s);		/* sees to the checksum */
				assert_int_equal(s.outer_tos, zero ? 0 : tos & 0xfc);
				assert_int_equal(s.tos, tos);
			}
		}
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_sends_what_is_too_big_is_told_how_big_it_may_be),
		cmocka_unit_test(whoever_sends_a_jumbo_frame_is_told),
		cmocka_unit_test(a_service_may_drop_it_silently),
		cmocka_unit_test(whoever_sends_what_has_no_time_left_is_told),
		cmocka_unit_test(nobody_is_told_about_messages_and_later_fragments),
		cmocka_unit_test(so_many_are_told_and_no_more),
		cmocka_unit_test(a_flood_of_pings_silences_nothing_else),
		cmocka_unit_test(echo_requests_for_a_vip_are_answered),
		cmocka_unit_test(a_cut_echo_request_is_not_answered),
		cmocka_unit_test(addresses_of_both_families_with_the_same_bytes_are_two),
		cmocka_unit_test(no_echo_is_answered_where_no_backend_lives),
		cmocka_unit_test(the_outer_header_has_the_dscp_of_the_packet),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
