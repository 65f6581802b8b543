// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames made of words have the lengths and checksums that their headers claim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "base/why.h"
#include "cli/why/packet.h"

#define TCP4 .protocol = "tcp", .from = "203.0.113.9:40000", .to = "192.0.2.1:80"
#define UDP6 .protocol = "udp", .from = "[2001:db8::9]:40000", .to = "[2001:db8::1]:53"

static size_t made(const struct packet_words *words, uint8_t frame[PACKET_MOST])
{
	struct why why;
	size_t len;

	if (packet_make(words, frame, &len, &why))
		fail_msg("%s", why.text);
	return len;
}

static unsigned word(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* What is right sums up to all ones (RFC 1071). */
static unsigned folded(const uint8_t *bytes, size_t len, unsigned long sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += word(bytes + i);
	if (len % 2)
		sum += bytes[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The checksum of TCP, UDP or ICMPv6 behind an IP header of that length. */
static unsigned l4_folded(const uint8_t *ip, size_t header, size_t len, uint8_t protocol)
{
	bool four = ip[0] >> 4 == 4;
	unsigned long pseudo = protocol + len - header;
	const uint8_t *addresses = ip + (four ? 12 : 8);

	for (size_t i = 0; i < (four ? 8u : 32u); i += 2)
		pseudo += word(addresses + i);
	return folded(ip + header, len - header, pseudo);
}

static void checksums_are_right(void **state)
{
	static const struct packet_words cases[] = {
		{ TCP4 }, { TCP4, .syn = true, .len = "1500" }, { TCP4, .len = "41" },
		{ .protocol = "udp", .from = "10.0.0.1:1", .to = "10.0.0.2:2", .len = "99" },
	};
	uint8_t frame[PACKET_MOST];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = made(&cases[i], frame) - 14;
		const uint8_t *ip = frame + 14;

		assert_int_equal(word(frame + 12), 0x0800);
		assert_int_equal(word(ip + 2), len);
		assert_int_equal(folded(ip, 20, 0), 0xffff);
		assert_int_equal(l4_folded(ip, 20, len, ip[9]), 0xffff);
	}
	for (size_t i = 0; i < 2; i++) {
		const struct packet_words words = { UDP6, .len = i ? "1280" : NULL };
		size_t len = made(&words, frame) - 14;

		assert_int_equal(word(frame + 12), 0x86dd);
		assert_int_equal(word(frame + 14 + 4), len - 40);
		assert_int_equal(l4_folded(frame + 14, 40, len, 17), 0xffff);
	}
}

static void flags_and_ttl_are_as_said(void **state)
{
	uint8_t frame[PACKET_MOST];

	(void)state;
	made(&(struct packet_words){ TCP4, .syn = true, .ttl = "3" }, frame);
	assert_int_equal(frame[14 + 8], 3);
	assert_int_equal(frame[14 + 20 + 13], 0x02);
	made(&(struct packet_words){ TCP4 }, frame);
	assert_int_equal(frame[14 + 20 + 13], 0x10);
	made(&(struct packet_words){ TCP4, .fin = true, .ack = true }, frame);
	assert_int_equal(frame[14 + 20 + 13], 0x11);
	made(&(struct packet_words){ TCP4, .rst = true }, frame);
	assert_int_equal(frame[14 + 20 + 13], 0x04);
	assert_int_equal(word(frame + 14 + 20), 40000);
	assert_int_equal(word(frame + 14 + 22), 80);
}

static void tags_options_and_fragments_are_where_they_belong(void **state)
{
	uint8_t frame[PACKET_MOST];
	size_t len;

	(void)state;
	made(&(struct packet_words){ TCP4, .vlan = "100" }, frame);
	assert_int_equal(word(frame + 12), 0x8100);
	assert_int_equal(word(frame + 14), 100);
	assert_int_equal(word(frame + 16), 0x0800);
	made(&(struct packet_words){ TCP4, .vlan = "7,100" }, frame);
	assert_int_equal(word(frame + 12), 0x88a8);
	assert_int_equal(word(frame + 14), 7);
	assert_int_equal(word(frame + 16), 0x8100);
	len = made(&(struct packet_words){ TCP4, .options = true }, frame) - 14;
	assert_int_equal(frame[14], 0x46);
	assert_int_equal(folded(frame + 14, 24, 0), 0xffff);
	assert_int_equal(l4_folded(frame + 14, 24, len, 6), 0xffff);
	made(&(struct packet_words){ TCP4, .fragment = "0,more" }, frame);
	assert_int_equal(word(frame + 14 + 6), 0x2000);
	made(&(struct packet_words){ TCP4, .fragment = "1480", .len = "28" }, frame);
	assert_int_equal(word(frame + 14 + 6), 1480 / 8);
	made(&(struct packet_words){ UDP6, .options = true, .fragment = "1448,more" }, frame);
	assert_int_equal(frame[14 + 6], 60);			/* destination options */
	assert_int_equal(frame[14 + 40], 44);			/* fragment header */
	assert_int_equal(frame[14 + 48], 17);
	assert_int_equal(word(frame + 14 + 50), 1448 | 1);
}

/* The error goes to the VIP, and quotes what went from there to the client. */
static void errors_quote_the_other_way(void **state)
{
	uint8_t frame[PACKET_MOST];
	size_t len;

	(void)state;
	made(&(struct packet_words){ TCP4, .icmp_error = "too-big" }, frame);
	assert_int_equal(frame[14 + 9], 1);
	assert_int_equal(frame[14 + 20], 3);
	assert_int_equal(frame[14 + 21], 4);
	assert_int_equal(folded(frame + 14 + 20, 8 + 40, 0), 0xffff);
	assert_memory_equal(frame + 14 + 16, frame + 14 + 28 + 12, 4);	/* the VIP */
	assert_memory_equal(frame + 14 + 12, frame + 14 + 28 + 16, 4);
	assert_int_equal(word(frame + 14 + 28 + 20), 80);
	len = made(&(struct packet_words){ UDP6, .icmp_error = "ttl" }, frame) - 14;
	assert_int_equal(frame[14 + 6], 58);
	assert_int_equal(frame[14 + 40], 3);
	assert_int_equal(l4_folded(frame + 14, 40, len, 58), 0xffff);
}

static void wrong_words_are_refused(void **state)
{
	static const struct {
		struct packet_words words;
		const char *why;
	} wrong[] = {
		{ { .protocol = "icmp", .from = "10.0.0.1:1", .to = "10.0.0.2:2" }, "icmp: want tcp or udp" },
		{ { .protocol = "tcp", .from = "10.0.0.1", .to = "10.0.0.2:2" },
		  "10.0.0.1: want ADDRESS:PORT of the client" },
		{ { .protocol = "tcp", .from = "10.0.0.1:1", .to = "x" }, "x: want ADDRESS:PORT of the VIP" },
		{ { .protocol = "tcp", .from = "10.0.0.1:1", .to = "[::1]:2" },
		  "10.0.0.1:1 and [::1]:2: want addresses of one family" },
		{ { TCP4, .len = "39" }, "len 39: want 40 at least" },
		{ { TCP4, .len = "x" }, "len x: want 1 to 8968" },
		{ { TCP4, .ttl = "256" }, "ttl 256: want 0 to 255" },
		{ { TCP4, .vlan = "4095" }, "vlan 4095: want one or two of 1 to 4094" },
		{ { TCP4, .vlan = "1,2,3" }, "vlan 1,2,3: want one or two of 1 to 4094" },
		{ { TCP4, .fragment = "7" },
		  "fragment 7: want OFFSET or OFFSET,more, in bytes, a multiple of 8" },
		{ { TCP4, .icmp_error = "echo" }, "icmp-error echo: want unreachable, too-big or ttl" },
	};
	uint8_t frame[PACKET_MOST];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct why why = {};
		size_t len;

		assert_int_equal(packet_make(&wrong[i].words, frame, &len, &why), -22);
		assert_string_equal(why.text, wrong[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_right),
		cmocka_unit_test(flags_and_ttl_are_as_said),
		cmocka_unit_test(tags_options_and_fragments_are_where_they_belong),
		cmocka_unit_test(errors_quote_the_other_way),
		cmocka_unit_test(wrong_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
