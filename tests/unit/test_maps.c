// SPDX-License-Identifier: GPL-2.0-or-later
/* What is built for the maps beside the ring: the VIP table, extents, templates, key masks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "core/model/key_value.h"
#include "core/ring/arena.h"
#include "core/model/key.h"
#include "core/vip/template.h"
#include "core/model/text.h"
#include "core/vip/vips.h"

static struct address address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), 0);
	return a;
}

static struct xring_slot slot(const char *text, uint16_t port, uint8_t protocol)
{
	struct xring_slot s = {};
	struct address a = address(text);

	slot_address(&a, port, protocol, a.family == AF_INET ? XRING_SLOT_SERVICE4 :
		     XRING_SLOT_SERVICE6, &s);
	return s;
}

/* As many as may be, in the orders in which addresses are given out. */
static void vips_of_any_pattern_are_found(void **state)
{
	static const char *const formats[] = {
		"10.200.%u.%u", "%u.200.1.%u", "fc00::%x:%x", "fc00:%x:%x::1", "fc00::%x:%x:0:0",
		"%x::%x", "fc00:0:0:%x::%x", "fc00::%x:0:0:%x",
	};
	struct xring_slot *half = calloc(XRING_VIP_SLOTS, sizeof(*half));
	struct xring_slot *all = calloc(XRING_VIPS_MAX, sizeof(*all));
	uint32_t seed;

	(void)state;
	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
		for (unsigned i = 0; i < XRING_VIPS_MAX; i++) {
			char text[48];

			snprintf(text, sizeof(text), formats[f], 1 + i / 250, 1 + i % 250);
			all[i] = slot(text, 80, 6);
		}
		assert_int_equal(vips_build(half, all, XRING_VIPS_MAX, &seed), 0);
		for (unsigned i = 0; i < XRING_VIPS_MAX; i++)
			assert_non_null(vips_find(half, seed, all[i].addr, all[i].port));
		assert_null(vips_find(half, seed, all[7].addr, all[7].port + 1));
	}
	/* One address, every port. */
	for (unsigned i = 0; i < XRING_VIPS_MAX; i++)
		all[i] = slot("fc00::1", i, 6 + 11 * (i & 1));
	assert_int_equal(vips_build(half, all, XRING_VIPS_MAX, &seed), 0);
	for (unsigned i = 0; i < XRING_VIPS_MAX; i++)
		assert_non_null(vips_find(half, seed, all[i].addr, all[i].port));
	free(half);
	free(all);
}

static void more_vips_than_there_is_room_for_are_refused(void **state)
{
	struct xring_slot *half = calloc(XRING_VIP_SLOTS, sizeof(*half));
	struct xring_slot *all = calloc(XRING_VIP_SLOTS, sizeof(*all));
	uint32_t seed;

	(void)state;
	assert_int_equal(vips_build(half, all, XRING_VIP_SLOTS, &seed), -ENOSPC);
	free(half);
	free(all);
}

static void of_many_vips_that_are_one_the_first_counts(void **state)
{
	struct xring_slot *half = calloc(XRING_VIP_SLOTS, sizeof(*half));
	struct xring_slot all[100];
	const struct xring_slot *found;
	size_t filled = 0;
	uint32_t seed;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		all[i] = slot(i % 2 ? "10.0.0.1" : "10.0.0.2", 80, 6);
		all[i].ring_base = i;
	}
	assert_int_equal(vips_build(half, all, 100, &seed), 0);
	for (unsigned i = 0; i < 2; i++) {
		found = vips_find(half, seed, all[i].addr, all[i].port);
		assert_non_null(found);
		assert_int_equal(found->ring_base, i);
	}
	for (size_t i = 0; i < XRING_VIP_SLOTS; i++)
		filled += half[i].port != 0;
	assert_int_equal(filled, 2);
	free(half);
}

static void extents_fill_the_lowest_gap_and_never_overlap(void **state)
{
	struct arena a = { .size = 1024 };
	uint32_t base[20];

	(void)state;
	for (int i = 0; i < 16; i++) {
		assert_int_equal(arena_alloc(&a, 6, &base[i]), 0);
		assert_int_equal(base[i], 64 * i);
	}
	assert_int_equal(arena_used(&a), 1024);
	assert_int_equal(arena_alloc(&a, 6, &base[16]), -ENOSPC);
	arena_free(&a, base[3]);
	arena_free(&a, base[4]);
	arena_free(&a, base[5]);
	assert_int_equal(arena_alloc(&a, 7, &base[16]), 0);
	assert_int_equal(base[16], 256);	/* aligned: not at 192 */
	assert_int_equal(arena_claim(&a, 192, 7), -EEXIST);
	assert_int_equal(arena_claim(&a, 192, 6), 0);
	assert_int_equal(arena_claim(&a, 1024, 6), -EEXIST);
	arena_clear(&a);
}

static void an_unresolved_backend_has_no_headers(void **state)
{
	struct address to = address("10.0.0.1");
	struct next_hop hop = {};
	struct xring_template t;

	(void)state;
	template_fill(MODE_IPIP, &to, 0, &hop, &t);
	assert_int_equal(t.kind, XRING_UNRESOLVED);
	assert_int_equal(t.mtu, 0);	/* the datapath goes by that */
}

static void one_target_is_known_whatever_the_next_hop(void **state)
{
	struct address to = address("10.0.0.1"), other = address("10.0.0.2");
	struct next_hop a = { .ifindex = 1, .mac = "abcde", .source = address("10.0.0.9") };
	struct next_hop b = { .ifindex = 2, .mac = "vwxyz", .source = address("10.0.0.8") };
	static const enum mode modes[] = { MODE_IPIP, MODE_NAT };
	struct xring_template x, y;

	(void)state;
	for (int i = 0; i < 2; i++) {
		template_fill(modes[i], &to, 0, &a, &x);
		template_fill(modes[i], &to, 0, &b, &y);
		assert_true(template_same_target(&x, &y));
		b.tunnel_source = 0x0aff0800;
		template_fill(modes[i], &to, 0, &b, &y);
		assert_true(template_same_target(&x, &y));
		template_fill(modes[i], &other, 0, &b, &y);
		assert_false(template_same_target(&x, &y));
	}
}

static void hash_key_expands_to_what_it_always_did(void **state)
{
	uint8_t key[HASH_KEY_BYTES];
	uint64_t expanded[XRING_HASH_KEYS];
	struct service s = { .key = { KEY_CLIENT, 0, 0 } };
	struct why why = {};
	uint32_t hash;

	(void)state;
	/* A restart and a second balancer must hash alike: these never change. */
	assert_int_equal(hash_key_parse("00112233445566778899aabbccddeeff", key), 0);
	hash_expand(key, expanded);
	assert_int_equal(key_hash_text("192.0.2.7", &s, expanded, &hash, &why), 0);
	assert_int_equal(hash, 3132464065u);
	assert_int_equal(key_hash_text("2001:db8::7", &s, expanded, &hash, &why), 0);
	assert_int_equal(hash, 926483926u);
}

static void keys_of_another_form_are_refused(void **state)
{
	static const struct { enum key_kind kind; const char *text; } wrong[] = {
		{ KEY_CLIENT, "192.0.2.7:80" }, { KEY_CLIENT, "" },
		{ KEY_CLIENT_PREFIX, "192.0.2.0/23" }, { KEY_CLIENT_PREFIX, "192.0.2.0/" },
		{ KEY_CLIENT_PORT, "192.0.2.7" }, { KEY_CLIENT_PORT, "192.0.2.7:65536" },
		{ KEY_FLOW, "192.0.2.7:5555" }, { KEY_FLOW, "192.0.2.7:5555,10.9.9.9:80" },
		{ KEY_FLOW, "192.0.2.7:5555,10.200.1.1:80/sctp" },
		{ KEY_FLOW, "192.0.2.7:5555,10.200.1.1:80/udp" },
		{ KEY_FLOW, "[::1]:5555,10.200.1.1:80" }, { KEY_FLOW, "/tcp,10.200.1.1:80" },
	};
	struct vip vip;
	struct service s = { .vips = &vip, .vip_count = 1 };
	uint64_t expanded[XRING_HASH_KEYS] = {};
	uint32_t hash = 7;
	struct why why = {};

	(void)state;
	assert_int_equal(vip_parse("10.200.1.1:80/tcp", &vip), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		s.key = (struct key){ wrong[i].kind, 24, 56 };
		assert_int_equal(key_hash_text(wrong[i].text, &s, expanded, &hash, &why), -EINVAL);
		assert_non_null(strstr(why.text, ": want "));
		assert_int_equal(hash, 7);
	}
	s.key.kind = KEY_FLOW;
	assert_int_equal(key_hash_text("192.0.2.7:5555,10.200.1.1:80/tcp", &s, expanded, &hash,
				       &why), 0);
	/* Packets may come from port 0, and go there where the VIP has any port. */
	assert_int_equal(key_hash_text("192.0.2.7:0,10.200.1.1:80", &s, expanded, &hash, &why), 0);
	assert_int_equal(key_hash_text("192.0.2.7:5,10.200.1.1:0", &s, expanded, &hash, &why), -EINVAL);
	assert_int_equal(vip_parse("10.200.1.1:0/tcp", &vip), 0);
	assert_int_equal(key_hash_text("192.0.2.7:5,10.200.1.1:0", &s, expanded, &hash, &why), 0);
	s.key.kind = KEY_CLIENT_PORT;
	assert_int_equal(key_hash_text("192.0.2.7:0", &s, expanded, &hash, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vips_of_any_pattern_are_found),
		cmocka_unit_test(more_vips_than_there_is_room_for_are_refused),
		cmocka_unit_test(of_many_vips_that_are_one_the_first_counts),
		cmocka_unit_test(extents_fill_the_lowest_gap_and_never_overlap),
		cmocka_unit_test(an_unresolved_backend_has_no_headers),
		cmocka_unit_test(one_target_is_known_whatever_the_next_hop),
		cmocka_unit_test(hash_key_expands_to_what_it_always_did),
		cmocka_unit_test(keys_of_another_form_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
