// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "core/value/prefix.h"
#include "core/model/text.h"

static void networks_are_read_and_printed(void **state)
{
	static const char *const same[] = {
		"192.0.2.0/24", "0.0.0.0/0", "255.255.255.255/32", "10.0.0.0/8", "128.0.0.0/1",
		"2001:db8::/32", "::/0", "2001:db8::1/128", "2001:db8:0:8000::/49", "8000::/1",
	};
	char text[PREFIX_TEXT];
	struct prefix p;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		assert_int_equal(prefix_parse(same[i], &p, NULL), 0);
		assert_string_equal(prefix_print(&p, text), same[i]);
	}
}

static void an_address_alone_is_a_network_of_one(void **state)
{
	char text[PREFIX_TEXT];
	struct prefix p;
	(void)state;

	assert_int_equal(prefix_parse("192.0.2.1", &p, NULL), 0);
	assert_string_equal(prefix_print(&p, text), "192.0.2.1/32");
	assert_int_equal(prefix_parse("2001:db8::1", &p, NULL), 0);
	assert_string_equal(prefix_print(&p, text), "2001:db8::1/128");
}

static void what_is_no_network_is_refused_with_what_was_meant(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} wrong[] = {
		{ "192.0.2.1/24", "192.0.2.0/24, the network that it is in" },
		{ "192.0.2.1/0", "0.0.0.0/0, the network that it is in" },
		{ "192.0.3.0/23", "192.0.2.0/23, the network that it is in" },
		{ "2001:db8::1/127", "2001:db8::/127, the network that it is in" },
		{ "2001:db8:8000::/32", "2001:db8::/32, the network that it is in" },
		{ "", WANT_PREFIX }, { "/24", WANT_PREFIX }, { "192.0.2.0/", WANT_PREFIX },
		{ "192.0.2.0/33", WANT_PREFIX }, { "2001:db8::/129", WANT_PREFIX },
		{ "192.0.2.0/-1", WANT_PREFIX }, { "192.0.2.0/024", WANT_PREFIX },
		{ "192.0.2/24", WANT_PREFIX }, { "192.0.2.0.0/24", WANT_PREFIX },
		{ "192.0.2.256/32", WANT_PREFIX }, { "192.0.02.0/24", WANT_PREFIX },
		{ "0192.0.2.0/24", WANT_PREFIX }, { "192.0.2.0/24x", WANT_PREFIX },
		{ "192.0.2.0/24/8", WANT_PREFIX }, { " 192.0.2.0/24", WANT_PREFIX },
		{ "192.0.2.0 /24", WANT_PREFIX }, { "192.0.2.0x", WANT_PREFIX },
		{ "any", WANT_PREFIX }, { "4294967296.0.0.0/8", WANT_PREFIX },
		{ "192.0.2.0/4294967320", WANT_PREFIX }, { "1.2.3.0004", WANT_PREFIX },
		{ "1.2.3.", WANT_PREFIX }, { "2001:db8::%eth0/64", WANT_PREFIX },
	};
	char want[WANT_PREFIX_TEXT];
	struct prefix p = { .bits = 77 };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(prefix_parse(wrong[i].text, &p, want), -EINVAL);
		assert_string_equal(want, wrong[i].want);
		assert_int_equal(p.bits, 77);
	}
}

/* All that has up to four numbers and dots: the fast way reads what the slow one does. */
static void dotted_quads_are_those_of_the_library(void **state)
{
	static const char *const parts[] = { "0", "7", "00", "01", "10", "099", "255", "256", "1000",
					     "", "-1", " 1" };
	enum { PARTS = ARRAY_SIZE(parts) };
	(void)state;

	for (int i = 0; i < PARTS * PARTS * PARTS * PARTS; i++) {
		struct address a;
		struct prefix p;
		char text[32];
		int failed;

		snprintf(text, sizeof(text), "%s.%s.%s.%s", parts[i % PARTS],
			 parts[i / PARTS % PARTS], parts[i / PARTS / PARTS % PARTS],
			 parts[i / PARTS / PARTS / PARTS]);
		failed = address_parse(text, &a);
		assert_int_equal(prefix_parse(text, &p, NULL), failed);
		if (!failed)
			assert_true(address_equal(&p.address, &a) && p.bits == 32);
	}
}

static void a_network_covers_its_addresses(void **state)
{
	struct prefix p = {};
	struct address a, b;
	(void)state;

	prefix_parse("192.0.2.128/25", &p, NULL);
	address_parse("192.0.2.128", &a);
	address_parse("192.0.2.127", &b);
	assert_true(prefix_covers(&p, &a));
	assert_false(prefix_covers(&p, &b));
	prefix_parse("::/0", &p, NULL);
	assert_false(prefix_covers(&p, &a));
	address_parse("ffff::", &a);
	assert_true(prefix_covers(&p, &a));
}

/* ---- lists ---- */

static int list_parse(const char *text, size_t len, struct prefix_list *ret,
		      struct prefix_error *err)
{
	/* Of just that size, for who watches what is read. */
	_free_ char *copy = malloc(len ?: 1);

	memcpy(copy, text, len);
	return prefix_list_parse(copy, len, ret, err);
}

static void assert_list(const char *text, const char *const *want, size_t count)
{
	struct prefix_list list;
	struct prefix_error err;

	assert_int_equal(list_parse(text, strlen(text), &list, &err), 0);
	assert_int_equal(list.count, count);
	for (size_t i = 0; i < count; i++) {
		char printed[PREFIX_TEXT];

		assert_string_equal(prefix_print(&list.prefixes[i], printed), want[i]);
	}
	prefix_list_clear(&list);
}

static void a_list_is_sorted_whatever_stands_around_its_networks(void **state)
{
	static const char *const want[] = { "10.0.0.0/8", "10.0.0.0/9", "192.0.2.1/32",
					    "2001:db8::/32" };
	(void)state;

	assert_list("10.0.0.0/8\n10.0.0.0/9\n192.0.2.1\n2001:db8::/32\n", want, 4);
	assert_list("2001:db8::/32\n192.0.2.1/32\n10.0.0.0/9\n10.0.0.0/8", want, 4);
	assert_list("# of Europe\r\n\r\n  10.0.0.0/9 # half\r\n\t192.0.2.1\t\n\n#\n"
		    "2001:db8::/32#x\n10.0.0.0/8 \r\n", want, 4);
	assert_list("", NULL, 0);
	assert_list("\n \n# nothing", NULL, 0);
}

static void assert_refused(const char *text, size_t len, size_t line, size_t column,
			   const char *message)
{
	struct prefix_list list = { .count = 77 };
	struct prefix_error err;

	assert_int_equal(list_parse(text, len, &list, &err), -EINVAL);
	assert_int_equal(list.count, 77);
	assert_int_equal(err.line, line);
	assert_int_equal(err.column, column);
	assert_string_equal(err.why.text, message);
}

#define refused(text, ...) assert_refused(text, sizeof(text) - 1, __VA_ARGS__)

static void a_line_that_is_wrong_is_named(void **state)
{
	(void)state;

	refused("10.0.0.0/8\n\n  10.1.2.3/8 # x\n", 3, 3,
		"10.1.2.3/8: want 10.0.0.0/8, the network that it is in");
	refused("10.0.0.0/8 10.0.0.0/9\n", 1, 1, "10.0.0.0/8?10.0.0.0/9: want " WANT_PREFIX);
	refused("10.0.0.0/8\n\x1b[31m\xff\x7f\n", 2, 1, "?[31m??: want " WANT_PREFIX);
	refused("10.0.0.0/8\0\n", 1, 1, "10.0.0.0/8?: want " WANT_PREFIX);
	refused("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 1, 1,
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...: want "
		WANT_PREFIX);
}

static void a_network_that_stands_twice_is_refused_with_both_lines(void **state)
{
	(void)state;

	refused("10.0.0.0/8\n192.0.2.1\n# x\n 192.0.2.1/32\n", 4, 2,
		"192.0.2.1/32: want each network once, line 2 has it too");
	/* The first of several, and the lines next to one another. */
	refused("::/0\n10.0.0.0/8\n::/0\n10.0.0.0/8\n::/0\n", 3, 1,
		"::/0: want each network once, line 1 has it too");
	/* In no order, and many, so that none is before another by chance. */
	refused("::/0\n10.0.0.0/8\n10.0.0.0/8\n10.0.0.0/8\n9.0.0.0/8\n10.0.0.0/8\n", 3, 1,
		"10.0.0.0/8: want each network once, line 2 has it too");
	refused("10.0.0.0/8\n10.0.0.0/8", 2, 1,
		"10.0.0.0/8: want each network once, line 1 has it too");
}

#define MANY 1000000

static void a_million_lines_are_read_in_no_time(void **state)
{
	_free_ char *text = malloc(MANY * 20);
	struct prefix_list list;
	struct prefix_error err;
	clock_t start;
	size_t len = 0;
	(void)state;

	/* In an order that is none: an odd factor goes through all of 2^24. */
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t at = i * 0x9e3779b1u & 0xffffff;

		len += (size_t)sprintf(text + len, "%u.%u.%u.0/24\n", at >> 16, at >> 8 & 255,
				       at & 255);
	}
	start = clock();
	assert_int_equal(prefix_list_parse(text, len, &list, &err), 0);
	/* A third of a second; ten are for slow machines and for builds that watch themselves. */
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
	assert_int_equal(list.count, MANY);
	for (size_t i = 1; i < list.count; i++)
		assert_true(prefix_compare(&list.prefixes[i - 1], &list.prefixes[i]) < 0);
	prefix_list_clear(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_are_read_and_printed),
		cmocka_unit_test(an_address_alone_is_a_network_of_one),
		cmocka_unit_test(what_is_no_network_is_refused_with_what_was_meant),
		cmocka_unit_test(dotted_quads_are_those_of_the_library),
		cmocka_unit_test(a_network_covers_its_addresses),
		cmocka_unit_test(a_list_is_sorted_whatever_stands_around_its_networks),
		cmocka_unit_test(a_line_that_is_wrong_is_named),
		cmocka_unit_test(a_network_that_stands_twice_is_refused_with_both_lines),
		cmocka_unit_test(a_million_lines_are_read_in_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
