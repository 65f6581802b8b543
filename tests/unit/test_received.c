// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices have received by their own counters, of which a daemon learns by looking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "host.h"

#define YAML                                                                   \
	"hash_key: 000102030405060708090a0b0c0d0e0f\n"                         \
	"interfaces: [in0]\n"                                                  \
	"services:\n"                                                          \
	"  web: {vip: 10.0.0.1:80/tcp, mode: l2, backends: {b1: 10.2.0.1}}\n"
#define PROGRAM 7

struct lab {
	struct host host;
	struct running running;
	struct memory_device devices[2];
};

static struct received *in0(struct lab *lab)
{
	return &lab->devices[0].received;
}

static void run(struct lab *lab)
{
	daemon_begin(&lab->host, &lab->running);
	engine_of(&lab->running)->dp->prog_id = PROGRAM;
}

/* in0 has received 100 packets before the program is attached, out0 nothing. */
static void begin(struct lab *lab)
{
	*lab = (struct lab){ .devices = {
		{ .is = { 1, "in0" }, .can.native = true, .received = { 1, .packets = 100 } },
		{ .is = { 2, "out0" }, .received = { 2 } },
	} };
	memory_devices = lab->devices;
	memory_device_count = 2;
	host_open(&lab->host, YAML);
	run(lab);
	in0(lab)->programs[0] = PROGRAM;
}

static void end(struct lab *lab)
{
	daemon_end(&lab->running);
	host_close(&lab->host);
	memory_device_count = 0;
}

/* rx, and the devices of which it is the sum. */
static void says(struct lab *lab, json_int_t rx, const char *devices)
{
	json_t *stats = ask(&lab->running, "{\"do\":\"stats\"}"), *device;
	const json_t *packets = json_object_get(stats, "packets");
	char text[200] = "";
	size_t i;

	json_array_foreach(json_object_get(packets, "devices"), i, device)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %lld ",
			 json_string_value(json_object_get(device, "device")),
			 json_integer_value(json_object_get(device, "packets")));
	assert_string_equal(text, devices);
	assert_int_equal(json_integer_value(json_object_get(packets, "rx")), rx);
	json_decref(stats);
}

static void what_came_before_the_program_does_not_count(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab);
	says(&lab, 0, "in0 0 ");
	in0(&lab)->packets = 150;
	says(&lab, 50, "in0 50 ");
	lab.devices[1].received.packets = 1000;		/* it has no program */
	says(&lab, 50, "in0 50 ");
	end(&lab);
}

static void the_next_daemon_goes_on(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab);
	in0(&lab)->packets = 150;
	says(&lab, 50, "in0 50 ");
	daemon_end(&lab.running);
	in0(&lab)->packets = 180;
	run(&lab);
	says(&lab, 80, "in0 80 ");
	end(&lab);
}

static void a_counter_that_begins_anew_loses_nothing(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab);
	in0(&lab)->packets = 150;
	says(&lab, 50, "in0 50 ");
	in0(&lab)->packets = 3;
	says(&lab, 53, "in0 53 ");
	in0(&lab)->packets = 10;
	says(&lab, 60, "in0 60 ");
	end(&lab);
}

static void a_device_that_is_gone_keeps_its_count(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab);
	in0(&lab)->packets = 150;
	says(&lab, 50, "in0 50 ");
	*in0(&lab) = (struct received){ 3, { PROGRAM }, 20 };	/* made again, with another index */
	lab.devices[0].is.ifindex = 3;
	says(&lab, 70, "others 50 in0 20 ");
	end(&lab);
}

static void what_another_hand_keeps_off_goes_on_counting(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab);
	in0(&lab)->packets = 150;
	says(&lab, 50, "in0 50 ");
	in0(&lab)->programs[0] = 0;
	in0(&lab)->packets = 160;
	says(&lab, 60, "in0 60 ");
	engine_of(&lab.running)->wishes.list[0].ifindex = 0;	/* detached as it should be */
	in0(&lab)->packets = 165;
	says(&lab, 65, "others 65 ");
	in0(&lab)->packets = 1000;
	says(&lab, 65, "others 65 ");
	end(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_before_the_program_does_not_count),
		cmocka_unit_test(the_next_daemon_goes_on),
		cmocka_unit_test(a_counter_that_begins_anew_loses_nothing),
		cmocka_unit_test(a_device_that_is_gone_keeps_its_count),
		cmocka_unit_test(what_another_hand_keeps_off_goes_on_counting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
