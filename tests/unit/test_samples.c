// SPDX-License-Identifier: GPL-2.0-or-later
/* The flight recorder: the last samples of dropped packets, told some at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "host.h"

#define MODEL \
	"hash_key: 0123456789abcdef0123456789abcdee\n" \
	"services:\n" \
	"  web: {vip: '10.200.1.1:80/tcp', mode: l2, backends: {a: 10.0.0.1}}\n"

#define COUNT 1500u

static const uint8_t frame[] = "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0"
	"\x45\0\0\x28\0\0\0\0\x40\6\0\0\xcb\0\x71\x09\xc0\0\2\1" "\x9c\x40\0\x50\0\0\0\0";

static void stop(void *context)
{
	loop_stop(context);
}

/* The datapath gives so many with the daemon's next turn. */
static void samples_come(struct running *r, unsigned count, unsigned first)
{
	_free_ struct xring_sample *list = calloc(count, sizeof(*list));
	struct loop_timer timer;

	for (unsigned i = 0; i < count; i++) {
		list[i] = (struct xring_sample){ .whose = (first + i) % 2 ? 1 : XRING_DROPS_NOBODY,
						 .reason = XRING_CNT_DROP_MALFORMED,
						 .queue = first + i, .len = 1000,
						 .bytes_len = sizeof(frame) - 1 };
		memcpy(list[i].bytes, frame, sizeof(frame) - 1);
	}
	memory_samples = list;
	memory_sample_count = count;
	assert_int_equal(loop_timer_new(r->loop, &timer, stop, r->loop), 0);
	for (int tries = 0; tries < 200 && memory_sample_count; tries++) {
		loop_timer_set(&timer, 50);
		assert_int_equal(loop_run(r->loop), 0);
	}
	loop_timer_close(r->loop, &timer);
	assert_int_equal(memory_sample_count, 0);
}

/* Asks until all are told, from number `after` on; *ret_first: the queue of the first. How many there were. */
static unsigned told(struct running *r, const char *more, unsigned last, json_int_t after, json_int_t *ret_first)
{
	unsigned count = 0;
	bool goes_on = true;
	char request[128];

	while (goes_on) {
		snprintf(request, sizeof(request), "{\"do\":\"drops\",\"samples\":%u,\"after\":%lld%s}", last,
			 after, more);
		json_t *data = ask(r, request), *list = json_object_get(data, "samples"), *one;
		size_t i;

		assert_true(json_array_size(list) <= 100);
		json_array_foreach(list, i, one)
			if (!count++)
				*ret_first = json_integer_value(json_object_get(one, "queue"));
		after = json_integer_value(json_object_get(data, "after"));
		goes_on = json_is_true(json_object_get(data, "samples_more"));
		json_decref(data);
	}
	return count;
}

static void the_last_ones_are_told_some_at_a_time(void **state)
{
	json_int_t first = -1;
	struct running r;
	struct host h;

	(void)state;
	host_open(&h, MODEL);
	daemon_begin(&h, &r);
	assert_int_equal(told(&r, "", 1024, 0, &first), 0);
	samples_come(&r, 250, 0);
	assert_int_equal(told(&r, "", 1024, 0, &first), 250);
	assert_int_equal(first, 0);
	assert_int_equal(told(&r, "", 1024, 200, &first), 50);
	assert_int_equal(first, 200);
	samples_come(&r, COUNT - 250, 250);
	assert_int_equal(told(&r, "", 1024, 0, &first), SAMPLES_KEPT);
	assert_int_equal(first, COUNT - SAMPLES_KEPT);
	assert_int_equal(told(&r, "", 1024, COUNT, &first), 0);
	assert_int_equal(told(&r, ",\"service\":\"web\"", 1024, COUNT - 10, &first), 5);
	assert_int_equal(told(&r, ",\"reason\":\"drop_ttl\"", 1024, 0, &first), 0);
	daemon_end(&r);
	host_close(&h);
}

static void a_sample_says_what_it_is_of(void **state)
{
	struct running r;
	struct host h;
	json_t *data;
	const json_t *one;

	(void)state;
	host_open(&h, MODEL);
	daemon_begin(&h, &r);
	samples_come(&r, 2, 0);
	data = ask(&r, "{\"do\":\"drops\",\"samples\":1}");
	one = json_array_get(json_object_get(data, "samples"), 0);
	assert_int_equal(json_array_size(json_object_get(data, "samples")), 1);
	assert_string_equal(json_string_value(json_object_get(one, "from")), "203.0.113.9:40000");
	assert_string_equal(json_string_value(json_object_get(one, "to")), "192.0.2.1:80");
	assert_string_equal(json_string_value(json_object_get(one, "service")), "web");
	assert_string_equal(json_string_value(json_object_get(one, "reason")), "drop_malformed");
	assert_int_equal(json_integer_value(json_object_get(one, "bytes")), 1000);
	assert_int_equal(strlen(json_string_value(json_object_get(one, "frame"))), 2 * (sizeof(frame) - 1));
	assert_memory_equal(json_string_value(json_object_get(one, "frame")), "020000000001", 12);
	json_decref(data);
	daemon_end(&r);
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_ones_are_told_some_at_a_time),
		cmocka_unit_test(a_sample_says_what_it_is_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
