// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of a flow that are not common ones: with options or extension headers, in fragments, and
 * ICMP errors about it. In each mode and family they go where the flow's other packets go.
 */
#include "fixture.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fragments.h"
#include "frame.h"

#define ETH_BYTES 14
#define PARTS 64

/* One way to reach backends, for one family of clients. */
static const struct way {
	const char *mode, *client, *vip, *backends, *outside;	/* outside: of neither */
	bool six, nat;
	size_t outer;			/* bytes of the header before the packet */
} ways[] = {
	{ "ipip", "10.1.0.2", "10.200.1.1", "b1: 10.2.0.11, b2: 10.2.0.12, b3: 10.2.0.13",
	  "10.9.9.9", .outer = 20 },
	{ "ipip", "fd00:1::2", "fc00::1", "b1: 'fd00:2::b', b2: 'fd00:2::c', b3: 'fd00:2::d'",
	  "fd00:9::9", true, .outer = 40 },
	{ "l2", "10.1.0.2", "10.200.1.1", "b1: 10.2.0.11, b2: 10.2.0.12, b3: 10.2.0.13",
	  "10.9.9.9" },
	{ "l2", "fd00:1::2", "fc00::1", "b1: 'fd00:2::b', b2: 'fd00:2::c', b3: 'fd00:2::d'",
	  "fd00:9::9", true },
	{ "nat", "10.1.0.2", "10.200.1.1",
	  "b1: '10.2.0.11:8080', b2: '10.2.0.12:8080', b3: '10.2.0.13:8080'", "10.9.9.9",
	  .nat = true },
	{ "nat", "fd00:1::2", "fc00::1",
	  "b1: '[fd00:2::b]:8080', b2: '[fd00:2::c]:8080', b3: '[fd00:2::d]:8080'", "fd00:9::9",
	  true, true },
};

/* With key `flow` one that all tests share: to load the program takes long on an emulated processor. */
static struct world *shared[sizeof(ways) / sizeof(*ways)];

static struct world *world_of(const struct way *way, const char *key)
{
	bool flow = !strcmp(key, "flow");
	struct world *w;
	char yaml[512];

	if (flow && shared[way - ways])
		return shared[way - ways];
	snprintf(yaml, sizeof(yaml),
		 "  web:\n    vip: ['%s%s%s:80/tcp', '%s%s%s:53/udp']\n    mode: %s\n    key: %s\n"
		 "    backends: {%s}\n",
		 way->six ? "[" : "", way->vip, way->six ? "]" : "", way->six ? "[" : "", way->vip,
		 way->six ? "]" : "", way->mode, key, way->backends);
	w = world_new(yaml);
	if (flow)
		shared[way - ways] = w;
	return w;
}

static void world_end(struct world *w)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (w == shared[i])
			return;
	world_free(w);
}

static int shared_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (shared[i])
			world_free(shared[i]);
	return 0;
}

/* Sends a frame to a backend; of which the counters tell, or NULL: it was not sent. */
static const char *backend_of(struct world *w, const struct frame *f, struct outcome *ret)
{
	static const char *const names[] = { "b1", "b2", "b3" };
	uint64_t before[3];

	for (int i = 0; i < 3; i++)
		before[i] = world_traffic(w, "web", names[i]).packets;
	*ret = world_run(w, f);
	for (int i = 0; i < 3; i++) {
		if (world_traffic(w, "web", names[i]).packets == before[i])
			continue;
		assert_int_equal(ret->counter, XRING_CNT_TX);
		assert_int_equal(ret->verdict, XDP_TX);
		return names[i];
	}
	assert_int_not_equal(ret->counter, XRING_CNT_TX);
	return NULL;
}

static void is_dropped(struct world *w, const struct frame *f, enum xring_counter why)
{
	struct outcome o;

	assert_null(backend_of(w, f, &o));
	assert_int_equal(o.counter, why);
	assert_int_equal(o.verdict, XDP_DROP);
}

static void passes_untouched(struct world *w, const struct frame *f, enum xring_counter why)
{
	struct outcome o;

	assert_null(backend_of(w, f, &o));
	assert_int_equal(o.counter, why);
	assert_int_equal(o.verdict, XDP_PASS);
	assert_int_equal(o.out.len, f->len);
	assert_memory_equal(o.out.bytes, f->bytes, f->len);
}

/* The packet inside, as a frame; frame_see() has seen to the outer header. */
static struct frame inner_of(const struct way *way, const struct frame *f)
{
	struct frame in = { .len = f->len - way->outer };

	memcpy(in.bytes, f->bytes, ETH_BYTES);
	memcpy(in.bytes + ETH_BYTES, f->bytes + ETH_BYTES + way->outer, in.len - ETH_BYTES);
	return in;
}

/* What leaves is the packet with one hop less; in mode nat, with its checksums right. */
static void is_the_packet(const struct way *way, const struct frame *in, const struct frame *out)
{
	struct frame inner = inner_of(way, out);
	struct seen s;

	frame_see(out, &s);
	assert_int_equal(s.ttl, strcmp(way->mode, "l2") ? 63 : 64);
	assert_string_equal(s.src, way->client);
	assert_int_equal(inner.len, in->len);
	if (way->nat)
		return;
	inner.bytes[ETH_BYTES + (way->six ? 7 : 8)] = 64;
	if (!way->six)
		memcpy(inner.bytes + ETH_BYTES + 10, in->bytes + ETH_BYTES + 10, 2);
	assert_memory_equal(inner.bytes + ETH_BYTES, in->bytes + ETH_BYTES, in->len - ETH_BYTES);
}

/* ---- options and extension headers ---- */

static void with_options(const struct way *way, int i, struct frame *ret)
{
	static const uint8_t types[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING,
					 IPPROTO_AH, 135, IPPROTO_FRAGMENT };
	struct layer layers[16] = { ETH, IP(way->client, way->vip) };
	int n = 2;

	if (!way->six)
		layers[1].options = 4 + i % 10 * 4;
	for (int k = 0; way->six && k <= i % 8; k++)
		layers[n++] = EXT(types[(i + k) % 6]);
	layers[n++] = TCP(2000 + i, 80, ACK);
	layers[n++] = DATA(i);
	layers[n] = END;
	frame_build(ret, layers);
}

static void options_go_with_their_flow(void **state)
{
	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");

		for (int i = 0; i < 40; i++) {
			struct frame plain, options;
			struct outcome o, other;
			const char *backend;

			frame_of(&plain, ETH, IP(way->client, way->vip), TCP(2000 + i, 80, ACK), DATA(i),
				 END);
			with_options(way, i, &options);
			backend = backend_of(w, &plain, &o);
			assert_ptr_equal(backend_of(w, &options, &other), backend);
			is_the_packet(way, &options, &other.out);
			/* One flow has one outer header, but for its length: here is the flow label. */
			if (way->outer == 40)
				assert_memory_equal(o.out.bytes + ETH_BYTES, other.out.bytes + ETH_BYTES, 4);
		}
		world_end(w);
	}
}

static void more_than_eight_extension_headers_are_too_many(void **state)
{
	struct world *w = world_of(&ways[1], "flow");
	struct layer layers[16] = { ETH, IP(ways[1].client, ways[1].vip) };
	struct frame f;

	(void)state;
	for (int i = 0; i < 9; i++)
		layers[2 + i] = EXT(IPPROTO_DSTOPTS);
	layers[11] = TCP(2000, 80, ACK);
	layers[12] = END;
	frame_build(&f, layers);
	is_dropped(w, &f, XRING_CNT_DROP_OPTIONS);
	layers[1].dst = ways[1].outside;
	frame_build(&f, layers);
	passes_untouched(w, &f, XRING_CNT_PASS_NO_SERVICE);
	world_end(w);
}

/* ---- fragments ---- */

/* id: of a test's own datagrams. */
static size_t datagram_cut(const struct way *way, const char *src, uint16_t sport, size_t bytes,
			   uint32_t id, struct frame *whole, struct frame parts[PARTS])
{
	frame_of(whole, ETH, IP(src, way->vip, .id = id + 1), UDP(sport, 53),
		 DATA(bytes), END);
	return fragments_cut(whole, 576, id, parts, PARTS);
}

/* Sends the fragments in an order; the backend that gets all of them, which make the datagram. */
static const char *goes_whole(struct world *w, const struct way *way, const struct frame *whole,
			      const struct frame *parts, const size_t *order, size_t count)
{
	static struct frame out[PARTS], joined;
	const char *backend = NULL;
	struct outcome o;
	struct way inside;

	for (size_t i = 0; i < count; i++) {
		const char *to = backend_of(w, &parts[order[i]], &o);

		assert_non_null(to);
		assert_true(!i || to == backend);
		backend = to;
		out[i] = inner_of(way, &o.out);
	}
	fragments_join(out, count, &joined);
	inside = *way;
	inside.outer = 0;		/* it is off */
	is_the_packet(&inside, whole, &joined);
	return backend;
}

static void fragments_go_with_their_flow(void **state)
{
	static struct frame whole, parts[PARTS];
	size_t order[PARTS];

	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");

		for (int i = 0; i < 60; i++) {
			size_t count = datagram_cut(way, way->client, 3000 + i, 900 + 100 * i, 1000 + i, &whole,
						    parts);
			struct frame plain;
			struct outcome o;

			/* As they were sent, and turned round behind the first. */
			for (size_t k = 0; k < count; k++)
				order[k] = !k || i % 2 ? k : count - k;
			frame_of(&plain, ETH, IP(way->client, way->vip), UDP(3000 + i, 53), DATA(8), END);
			assert_ptr_equal(goes_whole(w, way, &whole, parts, order, count),
					 backend_of(w, &plain, &o));
		}
		world_end(w);
	}
}

static void no_fragment_goes_before_the_first(void **state)
{
	static struct frame whole, parts[PARTS];
	struct outcome o;

	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");

		datagram_cut(way, way->client, 3000, 1500, 2007, &whole, parts);
		is_dropped(w, &parts[1], XRING_CNT_DROP_FRAGMENT);
		assert_non_null(backend_of(w, &parts[0], &o));
		assert_non_null(backend_of(w, &parts[1], &o));
		/* Another datagram's first fragment says nothing of it. */
		datagram_cut(way, way->client, 3000, 1500, 2008, &whole, parts);
		is_dropped(w, &parts[2], XRING_CNT_DROP_FRAGMENT);
		datagram_cut(way, way->outside, 3000, 1500, 2007, &whole, parts);
		is_dropped(w, &parts[2], XRING_CNT_DROP_FRAGMENT);
		world_end(w);
	}
}

static void a_fragment_that_overlaps_diverts_nothing(void **state)
{
	static struct frame whole, other, parts[PARTS], others[PARTS];
	struct outcome o;

	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");

		for (int i = 0; i < 20; i++) {
			size_t count = datagram_cut(way, way->client, 3000 + i, 1500, 3000 + i, &whole, parts);
			const char *backend = backend_of(w, &parts[0], &o);

			datagram_cut(way, way->client, 4000 + i, 1500, 3000 + i, &other, others);
			is_dropped(w, &others[0], XRING_CNT_DROP_FRAGMENT);
			for (size_t k = 1; k < count; k++)
				assert_ptr_equal(backend_of(w, &parts[k], &o), backend);
			/* The same first fragment again is none that says otherwise. */
			assert_ptr_equal(backend_of(w, &parts[0], &o), backend);
		}
		world_end(w);
	}
}

static void what_a_first_fragment_said_is_forgotten(void **state)
{
	static struct frame whole, parts[PARTS];
	struct world *w = world_of(&ways[0], "flow");
	struct outcome o;

	(void)state;
	datagram_cut(&ways[0], ways[0].client, 3000, 1500, 4007, &whole, parts);
	assert_non_null(backend_of(w, &parts[0], &o));
	assert_non_null(backend_of(w, &parts[1], &o));
	world_config(w)->clock += 3 * UINT64_C(1000000000);
	is_dropped(w, &parts[1], XRING_CNT_DROP_FRAGMENT);
	datagram_cut(&ways[0], ways[0].client, 4000, 1500, 4007, &whole, parts);
	assert_non_null(backend_of(w, &parts[0], &o));
	world_end(w);
}

/* Where the key has no ports, any order will do, and nothing is remembered. */
static void keys_without_ports_need_no_first_fragment(void **state)
{
	static const char *const keys[] = { "client", "client-prefix" };
	static struct frame whole, parts[PARTS];
	size_t order[PARTS];

	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		for (int k = 0; k < 2; k++) {
			struct world *w = world_of(way, keys[k]);
			size_t count = datagram_cut(way, way->client, 3000, 3000, 7, &whole, parts);

			for (size_t i = 0; i < count; i++)
				order[i] = count - 1 - i;
			goes_whole(w, way, &whole, parts, order, count);
			assert_int_equal(world_fragments(w), 0);
			world_end(w);
		}
	}
}

/*
 * Where another service is at the address, only the ports of the first fragment say whose the others
 * are, whatever the keys are, and also where the other service takes any port.
 */
static void fragments_find_their_service_by_their_first(void **state)
{
	static const char *const others[] = { "54/udp", "80/tcp", "0/udp" };
	static struct frame whole, parts[PARTS];
	size_t order[PARTS];

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		char yaml[512];
		struct world *w;
		size_t count;

		snprintf(yaml, sizeof(yaml),
			 "  web: {vip: 10.200.1.1:53/udp, mode: ipip, key: client, "
			 "backends: {b1: 10.2.0.11, b2: 10.2.0.12, b3: 10.2.0.13}}\n"
			 "  other: {vip: 10.200.1.1:%s, mode: ipip, key: client, "
			 "backends: {c1: 10.2.0.21}}\n", others[k]);
		w = world_new(yaml);
		count = datagram_cut(&ways[0], ways[0].client, 3000, 3000, 7, &whole, parts);
		is_dropped(w, &parts[1], XRING_CNT_DROP_FRAGMENT);
		for (size_t i = 0; i < count; i++)
			order[i] = i;
		goes_whole(w, &ways[0], &whole, parts, order, count);
		assert_int_equal(world_traffic(w, "other", "c1").packets, 0);
		world_free(w);
	}
}

/* Each datagram goes by itself, and its fragments with it. */
static void fragments_of_one_datagram_stay_together(void **state)
{
	static struct frame whole, parts[PARTS];
	struct world *w = world_new("  web:\n    vip: 10.200.1.1:53/udp\n    mode: ipip\n"
				    "    key: packet\n    backends: {b1: 10.2.0.11, b2: 10.2.0.12, b3: 10.2.0.13}\n");
	size_t order[PARTS], elsewhere = 0;
	const char *last = NULL;

	(void)state;
	for (int i = 0; i < 60; i++) {
		size_t count = datagram_cut(&ways[0], ways[0].client, 3000, 2000, i, &whole, parts);
		const char *to;

		for (size_t k = 0; k < count; k++)
			order[k] = k;
		to = goes_whole(w, &ways[0], &whole, parts, order, count);
		elsewhere += last && to != last;
		last = to;
	}
	assert_in_range(elsewhere, 20, 59);	/* 39 are to be expected */
	world_end(w);
}

/* RFC 1858: what is too short for its TCP header is no first fragment. */
static void tiny_fragments_are_malformed(void **state)
{
	static struct frame whole, parts[PARTS];

	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");

		frame_of(&whole, ETH, IP(way->client, way->vip, .id = 5007), TCP(3000, 80, SYN),
			 DATA(100), END);
		fragments_cut(&whole, (way->six ? 48 : 20) + 16, 5007, parts, PARTS);
		is_dropped(w, &parts[0], XRING_CNT_DROP_MALFORMED);
		is_dropped(w, &parts[1], XRING_CNT_DROP_FRAGMENT);
		world_end(w);
	}
}

/* ---- ICMP errors ---- */

/* An error about what the service has sent to a client, as a router sends it. */
static void error_about(const struct way *way, const char *from, const char *to, int sport,
			size_t bytes, struct frame *ret)
{
	frame_of(ret, ETH, IP(from, to), ICMP, IP(way->vip, way->client), TCP(80, sport, ACK),
		 DATA(bytes), END);
}

static void errors_go_with_the_flow_they_are_about(void **state)
{
	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");

		for (int i = 0; i < 40; i++) {
			struct frame plain, error, inner;
			struct outcome o;
			const char *backend;
			struct seen s;

			frame_of(&plain, ETH, IP(way->client, way->vip), TCP(2000 + i, 80, ACK), END);
			backend = backend_of(w, &plain, &o);
			error_about(way, i % 2 ? way->outside : way->client, way->vip, 2000 + i, i % 3 * 50,
				    &error);
			assert_ptr_equal(backend_of(w, &error, &o), backend);
			frame_see(&o.out, &s);
			assert_string_equal(s.src, i % 2 ? way->outside : way->client);
			assert_string_equal(s.quoted_src, s.dst);
			assert_string_equal(s.quoted_dst, way->client);
			assert_int_equal(s.quoted_sport, way->nat ? 8080 : 80);
			assert_int_equal(s.quoted_dport, 2000 + i);
			inner = inner_of(way, &o.out);
			assert_int_equal(inner.len, error.len);
			if (!way->nat)
				assert_string_equal(s.dst, way->vip);
		}
		world_end(w);
	}
}

/* Eight bytes of what followed the quoted header are enough (RFC 792). */
static void a_short_quotation_is_enough(void **state)
{
	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");

		for (int udp = 0; udp < 2; udp++) {
			struct frame plain, error;
			struct outcome o;
			const char *backend;
			struct seen s;

			frame_of(&plain, ETH, IP(way->client, way->vip),
				 udp ? UDP(2000, 53) : TCP(2000, 80, ACK), END);
			backend = backend_of(w, &plain, &o);
			frame_of(&error, ETH, IP(way->outside, way->vip), ICMP, IP(way->vip, way->client),
				 udp ? UDP(53, 2000) : TCP(80, 2000, ACK), DATA(300), END);
			frame_shorten(&error, ETH_BYTES + (way->six ? 40 + 8 + 40 : 20 + 8 + 20) + 8);
			assert_ptr_equal(backend_of(w, &error, &o), backend);
			frame_see(&o.out, &s);		/* sees to the checksum of ICMP */
			assert_int_equal(s.quoted_dport, 2000);
			frame_shorten(&error, error.len - 1);
			passes_untouched(w, &error, XRING_CNT_PASS_OTHER);
		}
		world_end(w);
	}
}

/* What comes after the packet in its frame is none of the quotation. */
static void what_follows_a_packet_is_not_quoted(void **state)
{
	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");
		struct frame error;
		struct outcome o;
		struct seen s;

		error_about(way, way->outside, way->vip, 2000, 300, &error);
		frame_shorten(&error, ETH_BYTES + (way->six ? 40 + 8 + 40 : 20 + 8 + 20) + 8);
		error.len += 20;
		assert_non_null(backend_of(w, &error, &o));
		o.out.len -= 20;
		frame_see(&o.out, &s);			/* sees to the checksum of ICMP */
		assert_int_equal(s.quoted_dport, 2000);
		frame_shorten(&error, ETH_BYTES + (way->six ? 40 + 8 + 40 : 20 + 8 + 20) + 7);
		error.len += 20;
		passes_untouched(w, &error, XRING_CNT_PASS_OTHER);
		world_end(w);
	}
}

static void errors_that_are_none_of_ours_pass(void **state)
{
	(void)state;
	for (const struct way *way = ways; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");
		struct frame f;

		/* To somebody else, who quotes a VIP. */
		error_about(way, way->client, way->outside, 2000, 50, &f);
		passes_untouched(w, &f, XRING_CNT_PASS_OTHER);
		/* About an error. */
		frame_of(&f, ETH, IP(way->client, way->vip), ICMP, IP(way->vip, way->client), ICMP,
			 DATA(50), END);
		passes_untouched(w, &f, XRING_CNT_PASS_OTHER);
		/* About a flow of the host's own. */
		frame_of(&f, ETH, IP(way->client, way->vip), ICMP, IP(way->vip, way->client),
			 TCP(22, 2000, ACK), END);
		passes_untouched(w, &f, XRING_CNT_PASS_NO_SERVICE);
		world_end(w);
	}
}

/* ---- replies, in mode nat ---- */

static const char *backend_address(const struct way *way)
{
	return way->six ? "fd00:2::b" : "10.2.0.11";
}

/* Sends what a backend has sent; what comes to the client. */
static struct frame replied(struct world *w, const struct frame *f, struct seen *ret)
{
	struct outcome o = world_run(w, f);

	assert_int_equal(o.counter, XRING_CNT_TX_REPLY);
	assert_int_equal(o.verdict, XDP_REDIRECT);
	assert_int_equal(o.out.len, f->len);
	frame_see(&o.out, ret);
	assert_memory_equal(ret->eth, CLIENT_MAC OUT_MAC, 12);
	assert_int_equal(ret->ttl, 63);
	return o.out;
}

static void replies_with_options_come_from_the_vip(void **state)
{
	(void)state;
	for (const struct way *way = ways + 4; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");
		struct frame f;
		struct seen s;

		if (way->six)
			frame_of(&f, ETH, IP(backend_address(way), way->client), EXT(IPPROTO_DSTOPTS),
				 TCP(8080, 5555, ACK), DATA(9), END);
		else
			frame_of(&f, ETH, IP(backend_address(way), way->client, .options = 12),
				 TCP(8080, 5555, ACK), DATA(9), END);
		replied(w, &f, &s);
		assert_string_equal(s.src, way->vip);
		assert_int_equal(s.sport, 80);
		world_end(w);
	}
}

static void fragments_of_replies_come_from_the_vip(void **state)
{
	static struct frame whole, joined, parts[PARTS], out[PARTS];
	struct seen s;

	(void)state;
	for (const struct way *way = ways + 4; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");
		size_t count;

		frame_of(&whole, ETH, IP(backend_address(way), way->client, .id = 77), UDP(8080, 5555),
			 DATA(4000), END);
		count = fragments_cut(&whole, 1280, 77, parts, PARTS);
		for (size_t i = 0; i < count; i++)
			out[i] = replied(w, &parts[i], &s);
		fragments_join(out, count, &joined);
		frame_see(&joined, &s);
		assert_string_equal(s.src, way->vip);
		assert_int_equal(s.sport, 53);
		assert_int_equal(joined.len, whole.len);
		world_end(w);
	}
}

/* By the backend, whose name is not for the client; and by a router before it. */
static void errors_about_the_clients_packets_are_about_the_vip(void **state)
{
	(void)state;
	for (const struct way *way = ways + 4; way < ways + 6; way++) {
		struct world *w = world_of(way, "flow");

		for (int i = 0; i < 4; i++) {
			const char *from = i & 1 ? way->outside : backend_address(way);
			struct frame f;
			struct seen s;

			frame_of(&f, ETH, IP(from, way->client), ICMP, IP(way->client, backend_address(way)),
				 i & 2 ? UDP(5555, 8080) : TCP(5555, 8080, ACK), DATA(64), END);
			replied(w, &f, &s);
			assert_string_equal(s.src, i & 1 ? way->outside : way->vip);
			assert_string_equal(s.dst, way->client);
			assert_string_equal(s.quoted_src, way->client);
			assert_string_equal(s.quoted_dst, way->vip);
			assert_int_equal(s.quoted_sport, 5555);
			assert_int_equal(s.quoted_dport, i & 2 ? 53 : 80);
		}
		world_end(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_go_with_their_flow),
		cmocka_unit_test(more_than_eight_extension_headers_are_too_many),
		cmocka_unit_test(fragments_go_with_their_flow),
		cmocka_unit_test(no_fragment_goes_before_the_first),
		cmocka_unit_test(a_fragment_that_overlaps_diverts_nothing),
		cmocka_unit_test(what_a_first_fragment_said_is_forgotten),
		cmocka_unit_test(keys_without_ports_need_no_first_fragment),
		cmocka_unit_test(fragments_find_their_service_by_their_first),
		cmocka_unit_test(fragments_of_one_datagram_stay_together),
		cmocka_unit_test(tiny_fragments_are_malformed),
		cmocka_unit_test(errors_go_with_the_flow_they_are_about),
		cmocka_unit_test(a_short_quotation_is_enough),
		cmocka_unit_test(what_follows_a_packet_is_not_quoted),
		cmocka_unit_test(errors_that_are_none_of_ours_pass),
		cmocka_unit_test(replies_with_options_come_from_the_vip),
		cmocka_unit_test(fragments_of_replies_come_from_the_vip),
		cmocka_unit_test(errors_about_the_clients_packets_are_about_the_vip),
	};

	return cmocka_run_group_tests(tests, namespace_enter, shared_end);
}
