// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/util.h"
#include "core/model/text.h"
#include "core/value/number.h"

static void a_weight_is_thousandths(void **state)
{
	static const struct {
		const char *text;
		uint32_t weight;
	} good[] = {
		{ "0", 0 },	      { "0.0", 0 },	  { "1", 1000 },      { "1.0", 1000 },
		{ "1.000", 1000 },    { "2.5", 2500 },	  { "0.001", 1 },     { "0.01", 10 },
		{ "10.010", 10010 },  { "999.999", 999999 }, { "1000", 1000000 },
		{ "1000.000", 1000000 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint32_t weight = 7;

		assert_int_equal(weight_parse(good[i].text, &weight), 0);
		assert_int_equal(weight, good[i].weight);
	}
}

static void a_text_that_is_no_weight_is_refused_and_leaves_the_weight(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "-1", "+1", "1e3", ".5", "1.", "1.0005", "1.0000", "1000.001",
		"1001", "01", "1,5", "0x1", "inf", "nan", "4294967297", "99999999999999999999",
		"1.2.3", "1.-5",
	};
	uint32_t weight = 7;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(weight_parse(bad[i], &weight), -EINVAL);
	assert_int_equal(weight, 7);
}

static void every_weight_reads_back_as_it_is_printed(void **state)
{
	char text[WEIGHT_TEXT];
	(void)state;

	for (uint32_t weight = 0; weight <= WEIGHT_MAX; weight++) {
		uint32_t again = ~weight;

		if (weight_parse(weight_print(weight, text), &again) || again != weight)
			fail_msg("weight %u is printed as %s", weight, text);
	}
}

static void a_weight_is_printed_without_spare_zeros(void **state)
{
	char text[WEIGHT_TEXT];
	(void)state;

	assert_string_equal(weight_print(0, text), "0");
	assert_string_equal(weight_print(1, text), "0.001");
	assert_string_equal(weight_print(2500, text), "2.5");
	assert_string_equal(weight_print(10000, text), "10");
	assert_string_equal(weight_print(WEIGHT_MAX, text), "1000");
}

static void an_address_is_printed_in_its_canonical_form(void **state)
{
	static const struct {
		const char *text, *canonical;
		int family;
	} good[] = {
		{ "10.0.0.1", "10.0.0.1", AF_INET },
		{ "fc00:0:0::1", "fc00::1", AF_INET6 },
		{ "FC00::A", "fc00::a", AF_INET6 },
		{ "::", "::", AF_INET6 },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.1", AF_INET6 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AF_INET6 },
	};
	char text[ADDRESS_TEXT];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct address a;

		memset(&a, 0xff, sizeof(a));
		assert_int_equal(address_parse(good[i].text, &a), 0);
		assert_int_equal(a.family, good[i].family);
		assert_string_equal(address_print(&a, text), good[i].canonical);
	}
}

static void an_ipv4_address_leaves_the_rest_of_its_bytes_zero(void **state)
{
	static const uint8_t want[16] = { 10, 0, 0, 1 };
	struct address a;
	(void)state;

	memset(&a, 0xff, sizeof(a));
	assert_int_equal(address_parse("10.0.0.1", &a), 0);
	assert_memory_equal(a.bytes, want, sizeof(want));
}

static void no_address_is_printed_as_none(void **state)
{
	struct address a = { 0 };
	char text[ADDRESS_TEXT];
	(void)state;

	assert_string_equal(address_print(&a, text), "none");
}

static void a_text_that_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "10.0.0", "10.0.0.256", "10.0.0.1 ", " 10.0.0.1", "10.0.0.01", "10.0.0.1:80",
		"0x0a000001", "[fc00::1]", "fc00::1%eth0", "fc00:::1", "localhost", "::1/128",
	};
	struct address a = { .family = 7 };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(address_parse(bad[i], &a), -EINVAL);
	assert_int_equal(a.family, 7);
}

static void an_endpoint_is_an_address_with_or_without_a_port(void **state)
{
	static const struct {
		const char *text, *canonical;
		uint16_t port;
	} good[] = {
		{ "10.0.0.1", "10.0.0.1", 0 },
		{ "10.0.0.1:80", "10.0.0.1:80", 80 },
		{ "10.0.0.1:65535", "10.0.0.1:65535", 65535 },
		{ "fc00::1", "fc00::1", 0 },
		{ "fc00::1:80", "fc00::1:80", 0 },
		{ "[fc00::1]:80", "[fc00::1]:80", 80 },
		{ "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535",
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 65535 },
	};
	char text[ENDPOINT_TEXT];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct address a;
		uint16_t port = 7;

		assert_int_equal(endpoint_parse(good[i].text, &a, &port), 0);
		assert_int_equal(port, good[i].port);
		assert_string_equal(endpoint_print(&a, port, text), good[i].canonical);
	}
}

static void a_text_that_is_no_endpoint_is_refused_and_leaves_both_parts(void **state)
{
	static const char *const bad[] = {
		"", ":80", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:080",
		"10.0.0.1:http", "[10.0.0.1]:80", "[fc00::1]", "[fc00::1]80", "[fc00::1:80",
		"fc00::1]:80", "[]:80", "[:80", "]:80", "[fc00::1]:80:81", "[fc00::1]:0",
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80",
	};
	struct address a = { .family = 7 };
	uint16_t port = 7;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(endpoint_parse(bad[i], &a, &port), -EINVAL);
	assert_int_equal(a.family, 7);
	assert_int_equal(port, 7);
}

static void a_vip_reads_back_as_it_is_printed(void **state)
{
	static const char *const good[] = {
		"10.200.1.1:80/tcp", "10.200.1.1:0/udp", "[fc00::1]:443/tcp",
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535/udp",
		"192.0.2.0/28:80/tcp", "192.0.2.1:8000-8099/tcp", "[2001:db8::/64]:443/udp",
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127]:65534-65535/udp", "128.0.0.0/1:0/udp",
	};
	char text[VIP_TEXT];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct vip vip;

		assert_int_equal(vip_parse(good[i], &vip), 0);
		assert_string_equal(vip_print(&vip, text), good[i]);
	}
}

static void a_text_that_is_no_vip_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "/", "/tcp", "10.200.1.1", "10.200.1.1:80", "10.200.1.1/tcp",
		"10.200.1.1:80/", "10.200.1.1:80/TCP", "10.200.1.1:80/sctp",
		"10.200.1.1:80/tcp/", "10.200.1.1:80/tcp ", "10.200.1.1:65536/tcp",
		"10.200.1.1:-1/tcp", "fc00::1:80/tcp", "[fc00::1]/tcp", "[10.200.1.1]:80/tcp",
		"192.0.2.1/28:80/tcp", "192.0.2.0/33:80/tcp", "0.0.0.0/0:80/tcp", "[::/0]:80/tcp",
		"192.0.2.0/:80/tcp", "[fc00::]/64:80/tcp", "fc00::/64:80/tcp", "[]:80/tcp", "[:80/tcp",
		"10.200.1.1:0-80/tcp", "10.200.1.1:81-80/tcp", "10.200.1.1:80-/tcp",
		"10.200.1.1:-80/tcp", "10.200.1.1:80-65536/tcp", "10.200.1.1:1-2-3/tcp",
	};
	struct vip vip = { .port = 7 };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(vip_parse(bad[i], &vip), -EINVAL);
	assert_int_equal(vip.port, 7);
}

/* So that two texts of one VIP are equal. */
static void a_network_of_one_address_is_the_address_and_a_range_of_one_port_the_port(void **state)
{
	struct vip vip, plain;
	(void)state;

	assert_int_equal(vip_parse("192.0.2.1/32:80-80/tcp", &vip), 0);
	assert_int_equal(vip_parse("192.0.2.1:80/tcp", &plain), 0);
	assert_true(vip_equal(&vip, &plain));
	assert_int_equal(vip_parse("[fc00::1/128]:80/tcp", &vip), 0);
	assert_int_equal(vip_parse("[fc00::1]:80/tcp", &plain), 0);
	assert_true(vip_equal(&vip, &plain));
}

/* Each port of the range, no other, and few blocks. */
static void a_range_of_ports_is_a_list_of_aligned_blocks(void **state)
{
	static const uint16_t ranges[][3] = { { 8000, 8099, 3 }, { 1, 65535, 16 }, { 1, 65534, 30 },
					      { 1024, 65535, 6 }, { 5, 6, 2 }, { 65534, 65535, 1 } };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct vip vip = { .port = ranges[i][0], .port_last = ranges[i][1] };
		struct port_block blocks[PORT_BLOCKS_MAX];
		uint32_t at = ranges[i][0];

		assert_int_equal(vip_blocks(&vip, blocks), ranges[i][2]);
		for (unsigned b = 0; b < ranges[i][2]; b++) {
			assert_int_equal(blocks[b].first, at);
			assert_int_equal(at & ((1u << blocks[b].bits) - 1), 0);
			at += 1u << blocks[b].bits;
		}
		assert_int_equal(at, ranges[i][1] + 1u);
	}
}

static void a_check_of_a_network_goes_to_an_address_that_a_host_may_have(void **state)
{
	static const char *const hosts[][2] = {
		{ "192.0.2.16/28:80/tcp", "192.0.2.17" }, { "192.0.2.2/31:80/tcp", "192.0.2.2" },
		{ "192.0.2.2:80/tcp", "192.0.2.2" }, { "[fc00::/64]:80/tcp", "fc00::1" },
	};
	char text[ADDRESS_TEXT];
	struct vip vip;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct address host;

		assert_int_equal(vip_parse(hosts[i][0], &vip), 0);
		host = vip_host(&vip);
		assert_string_equal(address_print(&host, text), hosts[i][1]);
	}
}

static void a_mode_reads_back_as_it_is_printed(void **state)
{
	enum mode mode;
	(void)state;

	assert_int_equal(mode_parse("nat", &mode), 0);
	assert_int_equal(mode, MODE_NAT);
	assert_int_equal(mode_parse("l2", &mode), 0);
	assert_int_equal(mode, MODE_L2);
	assert_int_equal(mode_parse("ipip", &mode), 0);
	assert_string_equal(mode_print(mode), "ipip");
	assert_int_equal(mode_parse("IPIP", &mode), -EINVAL);
	assert_int_equal(mode_parse("", &mode), -EINVAL);
	assert_int_equal(mode, MODE_IPIP);
}

static void a_state_reads_back_as_it_is_printed(void **state)
{
	enum backend_state parsed = BACKEND_ACTIVE;
	(void)state;

	assert_int_equal(state_parse("draining", &parsed), 0);
	assert_int_equal(parsed, BACKEND_DRAINING);
	assert_int_equal(state_parse("active", &parsed), 0);
	assert_int_equal(parsed, BACKEND_ACTIVE);
	assert_int_equal(state_parse("maintenance", &parsed), 0);
	assert_string_equal(state_print(parsed), "maintenance");
	assert_int_equal(state_parse("drain", &parsed), -EINVAL);
	assert_int_equal(state_parse("", &parsed), -EINVAL);
	assert_int_equal(parsed, BACKEND_MAINTENANCE);
}

static void what_is_done_when_all_are_down_reads_back_as_it_is_printed(void **state)
{
	enum all_down parsed = ALL_DOWN_DROP;
	(void)state;

	assert_int_equal(all_down_parse("pass", &parsed), 0);
	assert_int_equal(parsed, ALL_DOWN_PASS);
	assert_int_equal(all_down_parse("drop", &parsed), 0);
	assert_int_equal(parsed, ALL_DOWN_DROP);
	assert_int_equal(all_down_parse("keep", &parsed), 0);
	assert_string_equal(all_down_print(parsed), "keep");
	assert_int_equal(all_down_parse("Keep", &parsed), -EINVAL);
	assert_int_equal(parsed, ALL_DOWN_KEEP);
}

static void a_share_is_thousandths_up_to_1(void **state)
{
	char text[WEIGHT_TEXT];
	uint32_t share = 7;
	(void)state;

	assert_int_equal(share_parse("1.001", &share), -EINVAL);
	assert_int_equal(share_parse("2", &share), -EINVAL);
	assert_int_equal(share_parse("30%", &share), -EINVAL);
	assert_int_equal(share, 7);
	assert_int_equal(share_parse("1", &share), 0);
	assert_int_equal(share, 1000);
	assert_int_equal(share_parse("0.3", &share), 0);
	assert_string_equal(share_print(share, text), "0.3");
}

static void a_number_of_thousandths_keeps_its_bounds(void **state)
{
	char text[WEIGHT_TEXT];
	uint32_t value = 7;
	(void)state;

	assert_int_equal(thousandths_parse("0.999", 1000, 2500, &value), -EINVAL);
	assert_int_equal(thousandths_parse("2.501", 1000, 2500, &value), -EINVAL);
	assert_int_equal(thousandths_parse("3", 1000, 2500, &value), -EINVAL);
	assert_int_equal(thousandths_parse("1.0001", 1000, 2500, &value), -EINVAL);
	assert_int_equal(thousandths_parse("4294967.296", 0, UINT32_MAX, &value), -EINVAL);
	assert_int_equal(value, 7);
	assert_int_equal(thousandths_parse("1", 1000, 2500, &value), 0);
	assert_int_equal(value, 1000);
	assert_int_equal(thousandths_parse("2.5", 1000, 2500, &value), 0);
	assert_int_equal(value, 2500);
	assert_int_equal(thousandths_parse("4294967.295", 0, UINT32_MAX, &value), 0);
	assert_string_equal(thousandths_print(value, text), "4294967.295");
}

static void a_duration_is_a_number_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} good[] = {
		{ "0", 0 },		{ "0s", 0 },		{ "0.0d", 0 },
		{ "1ms", 1 },		{ "500ms", 500 },	{ "2.0ms", 2 },
		{ "0.001s", 1 },	{ "30s", 30000 },	{ "1.5m", 90000 },
		{ "15m", 900000 },	{ "0.001m", 60 },	{ "2h", 7200000 },
		{ "1d", 86400000 },	{ "0.001d", 86400 },	{ "49.71d", 4294944000 },
		{ "4294967295ms", UINT32_MAX },
		{ "4294967.295s", UINT32_MAX },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint32_t ms = 7;

		assert_int_equal(duration_parse(good[i].text, 0, UINT32_MAX, &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
}

static void a_text_that_is_no_duration_is_refused_and_leaves_the_duration(void **state)
{
	static const char *const bad[] = {
		"", "s", "900", "1", "0.5", "15min", "15M", "15 m", " 15m", "15m ", "-1s", "+1s",
		"1.s", ".5s", "1.0000s", "1e3s", "01s", "1h30m", "1,5s", "0.5ms", "1.001ms",
		"4294967296ms", "4294967.296s", "49.711d", "4294967295d", "4294967295.999d",
		"213503982334.601d", "99999999999999999999s",
	};
	uint32_t ms = 7;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (duration_parse(bad[i], 0, UINT32_MAX, &ms) != -EINVAL)
			fail_msg("%s is taken", bad[i]);
	assert_int_equal(ms, 7);
}

static void a_duration_keeps_its_bounds(void **state)
{
	const uint32_t week = 7 * 86400000;
	uint32_t ms = 7;
	(void)state;

	assert_int_equal(duration_parse("999ms", 1000, week, &ms), -EINVAL);
	assert_int_equal(duration_parse("0", 1000, week, &ms), -EINVAL);
	assert_int_equal(duration_parse("604800001ms", 1000, week, &ms), -EINVAL);
	assert_int_equal(duration_parse("7.001d", 1000, week, &ms), -EINVAL);
	assert_int_equal(duration_parse("8d", 1000, week, &ms), -EINVAL);
	assert_int_equal(ms, 7);
	assert_int_equal(duration_parse("1s", 1000, week, &ms), 0);
	assert_int_equal(ms, 1000);
	assert_int_equal(duration_parse("7d", 1000, week, &ms), 0);
	assert_int_equal(ms, week);
}

static void a_duration_is_printed_in_its_shortest_exact_form(void **state)
{
	static const struct {
		uint32_t ms;
		const char *text;
	} good[] = {
		{ 0, "0s" },		{ 1, "1ms" },		{ 10, "10ms" },
		{ 100, "0.1s" },	{ 1500, "1.5s" },	{ 1234, "1234ms" },
		{ 12345, "12345ms" },	{ 30000, "30s" },	{ 60000, "1m" },
		{ 90000, "90s" },	{ 900000, "15m" },	{ 9000000, "150m" },
		{ 86400000, "1d" },	{ 129600000, "36h" },	{ 604800000, "7d" },
		{ 86401000, "86401s" },	{ UINT32_MAX, "4294967295ms" },
	};
	char text[DURATION_TEXT];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_string_equal(duration_print(good[i].ms, text), good[i].text);
}

/* All up to 100 s, and some of the longer ones. */
static void every_duration_reads_back_as_it_is_printed(void **state)
{
	char text[DURATION_TEXT];
	(void)state;

	for (uint64_t ms = 0; ms <= UINT32_MAX; ms += ms < 100000 ? 1 : 1000 + ms % 7919) {
		uint32_t again = ~(uint32_t)ms;

		duration_print((uint32_t)ms, text);
		if (duration_parse(text, 0, UINT32_MAX, &again) || again != ms)
			fail_msg("%llu is printed as %s, read as %u", (unsigned long long)ms, text,
				 again);
	}
}

static void a_key_reads_back_as_it_is_printed(void **state)
{
	static const struct {
		const char *text, *canonical;
	} good[] = {
		{ "flow", "flow" },
		{ "client", "client" },
		{ "client-port", "client-port" },
		{ "client-prefix", "client-prefix/24,56" },
		{ "client-prefix/16", "client-prefix/16,56" },
		{ "client-prefix/0,0", "client-prefix/0,0" },
		{ "client-prefix/32,128", "client-prefix/32,128" },
	};
	char text[KEY_TEXT];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct key key, again;

		assert_int_equal(key_parse(good[i].text, &key), 0);
		assert_string_equal(key_print(&key, text), good[i].canonical);
		assert_int_equal(key_parse(text, &again), 0);
		assert_true(key_equal(&key, &again));
	}
}

static void a_text_that_is_no_key_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "flows", "client ", "client-prefix/", "client-prefix/33", "client-prefix/24,",
		"client-prefix/24,129", "client-prefix/,56", "client-prefix/24,56,1",
		"client-prefix/-1", "client-prefix/024", "client-prefixes", "Client",
	};
	struct key key = { .kind = KEY_CLIENT_PORT };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(key_parse(bad[i], &key), -EINVAL);
	assert_int_equal(key.kind, KEY_CLIENT_PORT);
}

static void a_count_of_virtual_nodes_is_1_to_10000(void **state)
{
	uint32_t vnodes = 7;
	(void)state;

	assert_int_equal(vnodes_parse("0", &vnodes), -EINVAL);
	assert_int_equal(vnodes_parse("10001", &vnodes), -EINVAL);
	assert_int_equal(vnodes_parse("1.5", &vnodes), -EINVAL);
	assert_int_equal(vnodes, 7);
	assert_int_equal(vnodes_parse("1", &vnodes), 0);
	assert_int_equal(vnodes, 1);
	assert_int_equal(vnodes_parse("10000", &vnodes), 0);
	assert_int_equal(vnodes, 10000);
}

static void a_number_keeps_its_bounds(void **state)
{
	uint32_t value = 7;
	(void)state;

	assert_int_equal(unsigned_parse("4294967295", 0, UINT32_MAX, &value), 0);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(unsigned_parse("4294967296", 0, UINT32_MAX, &value), -EINVAL);
	assert_int_equal(unsigned_parse("18446744073709551617", 0, UINT32_MAX, &value), -EINVAL);
	assert_int_equal(unsigned_parse("4", 5, 6, &value), -EINVAL);
	assert_int_equal(unsigned_parse("00", 0, 6, &value), -EINVAL);
	assert_int_equal(unsigned_parse("0", 0, 6, &value), 0);
	assert_int_equal(value, 0);
}

static void a_hash_key_is_32_hexadecimal_digits(void **state)
{
	static const uint8_t want[HASH_KEY_BYTES] = { 0x00, 0x11, 0xaa, 0xAF };
	static const char *const bad[] = {
		"", "0011aaaf00000000000000000000000", "0011aaaf0000000000000000000000000",
		"0011aaaf0000000000000000000000000x", "0011aaag000000000000000000000000",
		"0x11aaaf000000000000000000000000", " 011aaaf000000000000000000000000",
	};
	uint8_t key[HASH_KEY_BYTES];
	(void)state;

	assert_int_equal(hash_key_parse("0011aAaF000000000000000000000000", key), 0);
	assert_memory_equal(key, want, sizeof(want));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(hash_key_parse(bad[i], key), -EINVAL);
	assert_memory_equal(key, want, sizeof(want));
}

static void a_name_starts_with_a_letter_or_digit_and_has_at_most_63(void **state)
{
	char name[NAME_BYTES + 1];
	(void)state;

	memset(name, 'a', sizeof(name));
	name[NAME_BYTES] = '\0';
	assert_false(name_valid(name));
	name[NAME_BYTES - 1] = '\0';
	assert_true(name_valid(name));
	assert_true(name_valid("b1"));
	assert_true(name_valid("1"));
	assert_true(name_valid("a._:-Z9"));
	assert_false(name_valid(""));
	assert_false(name_valid("-a"));
	assert_false(name_valid(".a"));
	assert_false(name_valid("a/b"));
	assert_false(name_valid("a b"));
	assert_false(name_valid("a\xc3\xa9"));
	assert_false(name_valid("\xc3\xa9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_weight_is_thousandths),
		cmocka_unit_test(a_text_that_is_no_weight_is_refused_and_leaves_the_weight),
		cmocka_unit_test(every_weight_reads_back_as_it_is_printed),
		cmocka_unit_test(a_weight_is_printed_without_spare_zeros),
		cmocka_unit_test(an_address_is_printed_in_its_canonical_form),
		cmocka_unit_test(an_ipv4_address_leaves_the_rest_of_its_bytes_zero),
		cmocka_unit_test(no_address_is_printed_as_none),
		cmocka_unit_test(a_text_that_is_no_address_is_refused),
		cmocka_unit_test(an_endpoint_is_an_address_with_or_without_a_port),
		cmocka_unit_test(a_text_that_is_no_endpoint_is_refused_and_leaves_both_parts),
		cmocka_unit_test(a_vip_reads_back_as_it_is_printed),
		cmocka_unit_test(a_text_that_is_no_vip_is_refused),
		cmocka_unit_test(a_network_of_one_address_is_the_address_and_a_range_of_one_port_the_port),
		cmocka_unit_test(a_range_of_ports_is_a_list_of_aligned_blocks),
		cmocka_unit_test(a_check_of_a_network_goes_to_an_address_that_a_host_may_have),
		cmocka_unit_test(a_mode_reads_back_as_it_is_printed),
		cmocka_unit_test(a_state_reads_back_as_it_is_printed),
		cmocka_unit_test(what_is_done_when_all_are_down_reads_back_as_it_is_printed),
		cmocka_unit_test(a_share_is_thousandths_up_to_1),
		cmocka_unit_test(a_number_of_thousandths_keeps_its_bounds),
		cmocka_unit_test(a_duration_is_a_number_and_a_unit),
		cmocka_unit_test(a_text_that_is_no_duration_is_refused_and_leaves_the_duration),
		cmocka_unit_test(a_duration_keeps_its_bounds),
		cmocka_unit_test(a_duration_is_printed_in_its_shortest_exact_form),
		cmocka_unit_test(every_duration_reads_back_as_it_is_printed),
		cmocka_unit_test(a_key_reads_back_as_it_is_printed),
		cmocka_unit_test(a_text_that_is_no_key_is_refused),
		cmocka_unit_test(a_count_of_virtual_nodes_is_1_to_10000),
		cmocka_unit_test(a_number_keeps_its_bounds),
		cmocka_unit_test(a_hash_key_is_32_hexadecimal_digits),
		cmocka_unit_test(a_name_starts_with_a_letter_or_digit_and_has_at_most_63),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
