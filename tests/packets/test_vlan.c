// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VLAN tags. A frame with tags that are taken becomes what it would become without them, but for
 * tags: those of the way where it goes on, its own where it is left to the host or answered.
 */
#include "fixture.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <string.h>

#include "base/util.h"
#include "frame.h"

#define DOT1Q 0x81000000u
#define DOT1AD 0x88a80000u
#define PRIORITY 0xa000u

#define SERVICES(mode, backend, more)                                          \
	"  web:\n    vip: ['10.200.1.1:80/tcp', '10.200.1.1:53/udp', '[fc00::1]:80/tcp',"  \
	" '[fc00::1]:53/udp']\n    mode: " mode "\n    backends: {b1: '" backend "'}\n" more

static const char *const yamls[] = {
	SERVICES("ipip", "10.2.0.11", ""), SERVICES("ipip", "fd00:2::b", ""), SERVICES("l2", "10.2.0.11", ""),
	SERVICES("ipip", "10.2.0.11", "    tunnel_source: 10.255.0.0/20\n"),
	"  web: {vip: ['10.200.1.1:80/tcp', '10.200.1.1:53/udp'], mode: nat, backends: {b1: '10.2.0.11'}}\n",
	"  web: {vip: ['[fc00::1]:80/tcp', '[fc00::1]:53/udp'], mode: nat, backends: {b1: 'fd00:2::b'}}\n",
};

static const struct side {
	const char *client, *vip, *nobody, *backend;
	bool six;
} sides[] = {
	{ "10.1.0.2", "10.200.1.1", "10.200.1.77", "10.2.0.11", false },
	{ "fd00:1::2", "fc00::1", "fc00::77", "fd00:2::b", true },
};

/* Tags as they come in (type and VLAN each), and the word of them that is taken. */
static const struct tagging {
	uint32_t outer, inner, tags;
} taggings[] = {
	{ DOT1Q | 100, 0, XRING_TAG | 100 },
	{ DOT1Q | PRIORITY | 100, 0, XRING_TAG | 100 },
	{ DOT1AD | 7, 0, XRING_TAG | XRING_TAG_AD | 7 },
	{ DOT1AD | 200, DOT1Q | 5, XRING_TAGS(XRING_TAG | XRING_TAG_AD | 200, XRING_TAG | 5) },
	{ DOT1Q | 4094, DOT1Q | PRIORITY | 1, XRING_TAGS(XRING_TAG | 4094, XRING_TAG | 1) },
	{ DOT1Q | PRIORITY, 0, 0 },		/* a priority alone: it counts as none */
	{ DOT1Q, DOT1Q | 9, XRING_TAG | 9 },
	{ DOT1AD | 300, DOT1Q | PRIORITY, XRING_TAG | XRING_TAG_AD | 300 },
};

/* The same of frames that leave. */
static const struct tagging ways[] = {
	{ 0, 0, 0 },
	{ DOT1Q | 44, 0, XRING_TAG | 44 },
	{ DOT1AD | 45, DOT1Q | 46, XRING_TAGS(XRING_TAG | XRING_TAG_AD | 45, XRING_TAG | 46) },
};

#define SAMPLES 14

/* Every shape of packet that there is. */
static void sample(const struct side *side, int i, struct frame *f)
{
	uint16_t more = IP_MF, later = 8;

	if (side->six)
		more = 1, later = 64;
	switch (i) {
	case 0:
		return frame_of(f, ETH, IP(side->client, side->vip), TCP(5000, 80, SYN), END);
	case 1:
		return frame_of(f, ETH, IP(side->client, side->vip), UDP(5000, 53), DATA(333), END);
	case 2:
		return frame_of(f, ETH, IP(side->client, side->vip, .options = side->six ? 0 : 12),
				TCP(5000, 80, ACK), DATA(99), END);
	case 3:
		return frame_of(f, ETH, IP(side->client, side->vip, .id = 7, .fragment = more),
				UDP(5000, 53), DATA(64), END);
	case 4:
		frame_of(f, ETH, IP(side->client, side->vip, .id = 7, .fragment = later), DATA(64), END);
		f->bytes[14 + (side->six ? 40 : 9)] = IPPROTO_UDP;
		return;
	case 5:
		return frame_of(f, ETH, IP(side->nobody, side->vip), ICMP, IP(side->vip, side->client),
				TCP(80, 5000, ACK), END);
	case 6:
		return frame_of(f, ETH, IP(side->client, side->vip), PING(1, 2), DATA(56), END);
	case 7:
		return frame_of(f, ETH, IP(side->client, side->vip), TCP(5001, 80, ACK), DATA(1480), END);
	case 8:
		return frame_of(f, ETH, IP(side->client, side->vip, .ttl = 1), TCP(5001, 80, ACK), END);
	case 9:
		return frame_of(f, ETH, ARP, END);
	case 10:
		return frame_of(f, ETH, IP(side->client, side->nobody), TCP(5001, 80, ACK), END);
	case 11:
		return frame_of(f, ETH, IP(side->client, side->vip), TCP(5001, 81, ACK), DATA(5), END);
	case 12:
		frame_of(f, ETH, IP(side->client, side->vip), UDP(5000, 53), DATA(60), END);
		f->len -= 20;
		return;
	default:
		return frame_of(f, ETH, IP(side->backend, side->client), TCP(80, 5001, ACK), DATA(5), END);
	}
}

static bool is_answered(enum xring_counter counter)
{
	return counter == XRING_CNT_TX_TOO_BIG || counter == XRING_CNT_TX_TTL ||
	       counter == XRING_CNT_TX_ECHO;
}

static void becomes_the_same(const struct outcome *want, const struct tagging *in,
			     const struct tagging *way, const struct outcome *got)
{
	struct frame out = want->out;

	assert_int_equal(got->counter, want->counter);
	assert_int_equal(got->verdict, want->verdict);
	if (want->verdict == XDP_DROP)
		return;
	if (want->counter == XRING_CNT_TX)
		frame_tag(&out, way->outer, way->inner);
	else if (want->verdict == XDP_PASS || is_answered(want->counter))
		frame_tag(&out, in->outer, in->inner);
	assert_int_equal(got->out.len, out.len);
	assert_memory_equal(got->out.bytes, out.bytes, out.len);
}

static void sample_in_both(struct world *plain, struct world *tagged, const struct side *side,
			   const struct tagging *way)
{
	for (size_t t = 0; t < ARRAY_SIZE(taggings); t++) {
		if (taggings[t].tags)
			world_vlan_add(tagged, taggings[t].tags, 1);
		for (int i = 0; i < SAMPLES; i++) {
			struct outcome want, got;
			struct frame f;

			sample(side, i, &f);
			want = world_run(plain, &f);
			frame_tag(&f, taggings[t].outer, taggings[t].inner);
			got = world_run(tagged, &f);
			becomes_the_same(&want, &taggings[t], way, &got);
		}
	}
}

static void counts_the_same(struct world *plain, struct world *tagged)
{
	struct xring_traffic want = world_traffic(plain, "web", "b1");
	struct xring_traffic got = world_traffic(tagged, "web", "b1");

	assert_memory_equal(&got, &want, sizeof(got));
}

static void tags_change_nothing_but_tags(void **state)
{
	(void)state;
	for (size_t y = 0; y < ARRAY_SIZE(yamls); y++) {
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
			struct world *plain = world_new(yamls[y]), *tagged = world_new(yamls[y]);

			world_way(plain, (struct world_way){ 1, HOP_MTU });
			world_way(tagged, (struct world_way){ 1, HOP_MTU, ways[i].tags });
			for (size_t s = 0; s < ARRAY_SIZE(sides); s++)
				sample_in_both(plain, tagged, &sides[s], &ways[i]);
			counts_the_same(plain, tagged);
			world_free(plain);
			world_free(tagged);
		}
	}
}

/* The common packet too, which came in without a tag. */
static void frames_leave_with_the_tags_of_their_way(void **state)
{
	(void)state;
	for (size_t y = 0; y < ARRAY_SIZE(yamls); y++) {
		struct world *plain = world_new(yamls[y]), *tagged = world_new(yamls[y]);

		for (int i = 0; i < SAMPLES * 2; i++) {
			const struct tagging *way = &ways[1 + i % 2], none = {};
			struct outcome want, got;
			struct frame f;

			world_way(tagged, (struct world_way){ 1, HOP_MTU, way->tags });
			sample(&sides[i / SAMPLES], i % SAMPLES, &f);
			want = world_run(plain, &f);
			got = world_run(tagged, &f);
			becomes_the_same(&want, &none, way, &got);
		}
		world_free(plain);
		world_free(tagged);
	}
}

/* Whatever a service has beside its ring says where a tagged packet goes, too. */
static void packets_of_no_flow_go_to_each_backend(void **state)
{
	struct world *w = world_new("  dns: {vip: '10.200.1.1:53/udp', mode: ipip, key: packet,"
				    " backends: {b1: '10.2.0.11', b2: '10.2.0.12'}}\n");
	struct frame f;

	(void)state;
	world_vlan_add(w, XRING_VLAN_ANY, 1);
	frame_of(&f, ETH, IP(sides[0].client, sides[0].vip), UDP(5000, 53), DATA(20), END);
	frame_tag(&f, DOT1Q | 100, 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(world_run(w, &f).counter, XRING_CNT_TX);
	assert_in_range(world_traffic(w, "dns", "b1").packets, 50, 150);
	world_free(w);
}

static void passes_untouched(struct world *w, const struct frame *f, enum xring_counter counter)
{
	struct outcome o = world_run(w, f);

	assert_int_equal(o.counter, counter);
	assert_int_equal(o.verdict, XDP_PASS);
	assert_int_equal(o.out.len, f->len);
	assert_memory_equal(o.out.bytes, f->bytes, f->len);
}

static void other_tags_pass(void **state)
{
	static const uint32_t others[][2] = {
		{ DOT1Q | 101 }, { DOT1AD | 100 }, { DOT1Q | 200, DOT1Q | 5 }, { DOT1AD | 200, DOT1Q | 6 },
		{ DOT1Q | 100, DOT1Q | 5 }, { DOT1Q | 5 }, { DOT1AD | 200 },
	};
	struct world *w = world_new(yamls[0]);
	struct frame f;

	(void)state;
	world_vlan_add(w, taggings[0].tags, 1);
	world_vlan_add(w, taggings[3].tags, 1);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		for (int s = 0; s < SAMPLES; s++) {
			sample(&sides[i % 2], s, &f);
			frame_tag(&f, others[i][0], others[i][1]);
			passes_untouched(w, &f, XRING_CNT_PASS_VLAN);
		}
	}
	/* A third tag; a tag and then a length; a tag at the end of the frame. */
	sample(&sides[0], 0, &f);
	frame_tag(&f, DOT1Q | 5, DOT1Q | 6);
	frame_tag(&f, DOT1AD | 200, 0);
	passes_untouched(w, &f, XRING_CNT_PASS_OTHER);
	sample(&sides[0], 0, &f);
	frame_tag(&f, DOT1Q | 100, 0);
	memcpy(f.bytes + 16, "\0\x2e", 2);
	passes_untouched(w, &f, XRING_CNT_PASS_OTHER);
	memcpy(f.bytes + 16, "\x81", 2);
	f.len = 34;
	memset(f.bytes + 18, 0x81, 16);
	passes_untouched(w, &f, XRING_CNT_PASS_VLAN);
	world_free(w);
}

static void any_tags_are_taken_where_all_are(void **state)
{
	struct world *w = world_new(yamls[0]);
	struct frame f;

	(void)state;
	world_vlan_add(w, XRING_VLAN_ANY, 1);
	for (size_t t = 0; t < ARRAY_SIZE(taggings); t++) {
		sample(&sides[0], 0, &f);
		frame_tag(&f, taggings[t].outer, taggings[t].inner);
		assert_int_equal(world_run(w, &f).counter, XRING_CNT_TX);
	}
	world_free(w);
}

/* Of an interface that was named for one VLAN, the other frames are none of ours. */
static void frames_without_a_tag_pass_where_only_tagged_ones_are_taken(void **state)
{
	struct world *w = world_new(yamls[0]);
	struct frame f;

	(void)state;
	world_vlan_add(w, taggings[0].tags, 5);
	world_vlan_add(w, XRING_VLAN_ONLY, 1);
	memcpy(world_config(w)->macs, (uint64_t[2]){ XRING_MAC_NONE, XRING_MAC_NONE }, 16);
	world_mac_add(w, &(struct xring_mac){ .mac = XRING_MAC_WORD(*(uint64_t *)(FRAME_MAC "\0")) });
	for (int s = 0; s < SAMPLES; s++) {
		sample(&sides[0], s, &f);
		passes_untouched(w, &f, XRING_CNT_PASS_VLAN);
	}
	sample(&sides[0], 0, &f);
	frame_tag(&f, DOT1Q | PRIORITY, 0);
	passes_untouched(w, &f, XRING_CNT_PASS_VLAN);
	sample(&sides[0], 0, &f);
	frame_tag(&f, DOT1Q | 100, 0);
	assert_int_equal(world_run(w, &f).counter, XRING_CNT_TX);
	f.bytes[5]++;
	passes_untouched(w, &f, XRING_CNT_PASS_OTHER_MAC);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_change_nothing_but_tags),
		cmocka_unit_test(frames_leave_with_the_tags_of_their_way),
		cmocka_unit_test(packets_of_no_flow_go_to_each_backend),
		cmocka_unit_test(other_tags_pass),
		cmocka_unit_test(any_tags_are_taken_where_all_are),
		cmocka_unit_test(frames_without_a_tag_pass_where_only_tagged_ones_are_taken),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
