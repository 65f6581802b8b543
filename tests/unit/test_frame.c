// SPDX-License-Identifier: GPL-2.0-or-later
/* From whom a sampled frame is, and to whom: of frames of every shape, cut anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "daemon/view/frame.h"

#define MACS "\2\0\0\0\0\1\2\0\0\0\0\2"
#define IP4(vihl, fragment, protocol) "\x08\0" vihl "\0\0\x30\0\0" fragment "\x40" protocol "\0\0" \
	"\xcb\0\x71\x09" "\xc0\0\2\1"
#define IP6(next) "\x86\xdd" "\x60\0\0\0\0\x20" next "\x40" \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7" "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define PORTS "\x9c\x40\0\x50" "\0\0\0\0"
#define FRAME(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	const char *from, *to, *protocol;
} frames[] = {
	{ FRAME(MACS IP4("\x45", "\0\0", "\6") PORTS), "203.0.113.9:40000", "192.0.2.1:80", "tcp" },
	{ FRAME(MACS IP4("\x45", "\0\0", "\x11") PORTS), "203.0.113.9:40000", "192.0.2.1:80", "udp" },
	{ FRAME(MACS IP4("\x45", "\0\0", "\1") PORTS), "203.0.113.9", "192.0.2.1", "icmp" },
	{ FRAME(MACS IP4("\x45", "\0\0", "\x2f") PORTS), "203.0.113.9", "192.0.2.1", "47" },
	{ FRAME(MACS IP4("\x45", "\x20\0", "\x11") PORTS), "203.0.113.9:40000", "192.0.2.1:80", "udp" },
	{ FRAME(MACS IP4("\x45", "\0\x10", "\x11") PORTS), "203.0.113.9", "192.0.2.1", "udp" },
	{ FRAME(MACS IP4("\x46", "\0\0", "\6") "\1\1\1\1" PORTS), "203.0.113.9:40000", "192.0.2.1:80", "tcp" },
	{ FRAME(MACS IP4("\x44", "\0\0", "\6") PORTS), "", "", "" },
	{ FRAME(MACS "\x81\0\0\x64" IP4("\x45", "\0\0", "\6") PORTS), "203.0.113.9:40000", "192.0.2.1:80", "tcp" },
	{ FRAME(MACS "\x88\xa8\0\x09" "\x81\0\0\7" IP4("\x45", "\0\0", "\6") PORTS), "203.0.113.9:40000",
	  "192.0.2.1:80", "tcp" },
	{ FRAME(MACS "\x81\0\0\1" "\x81\0\0\2" "\x81\0\0\3" IP4("\x45", "\0\0", "\6") PORTS), "", "", "" },
	{ FRAME(MACS IP6("\6") PORTS), "[2001:db8::7]:40000", "[2001:db8::1]:80", "tcp" },
	{ FRAME(MACS IP6("\0") "\x2b\0\0\0\0\0\0\0" "\x11\0\0\0\0\0\0\0" PORTS), "[2001:db8::7]:40000",
	  "[2001:db8::1]:80", "udp" },
	{ FRAME(MACS IP6("\x2c") "\x11\0\0\1\0\0\0\7" PORTS), "[2001:db8::7]:40000", "[2001:db8::1]:80", "udp" },
	{ FRAME(MACS IP6("\x2c") "\x11\0\1\0\0\0\0\7" PORTS), "2001:db8::7", "2001:db8::1", "udp" },
	{ FRAME(MACS IP6("\x3a") PORTS), "2001:db8::7", "2001:db8::1", "icmpv6" },
	{ FRAME(MACS "\x08\6" "\0\1\x08\0\6\4\0\1\2\0\0\0\0\1"), "", "", "" },
	{ FRAME(MACS "\x08\0" "\x60\0\0\0\0\x20\6\x40\0\0\0\0\0\0\0\0\0\0\0\0"), "", "", "" },
};

static void ends_are_those_of_the_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		struct frame_words words;

		frame_print((const uint8_t *)frames[i].bytes, frames[i].len, &words);
		assert_string_equal(words.from, frames[i].from);
		assert_string_equal(words.to, frames[i].to);
		assert_string_equal(words.protocol, frames[i].protocol);
	}
}

/* In memory that ends with it: what reads on is seen by a sanitizer. Ports are all there or are not said. */
static void a_frame_may_end_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		for (size_t len = 0; len < frames[i].len; len++) {
			uint8_t *cut = malloc(len ?: 1);
			struct frame_words words;

			memcpy(cut, frames[i].bytes, len);
			frame_print(cut, len, &words);
			assert_true(!*words.from == !*words.to && !*words.from == !*words.protocol);
			assert_int_equal(strncmp(words.from, frames[i].from, strlen(words.from)) &&
					 strncmp(words.from, frames[i].from + 1, strlen(words.from)), 0);
			free(cut);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_those_of_the_frame),
		cmocka_unit_test(a_frame_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
