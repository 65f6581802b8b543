// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The devices by which packets leave, with drivers that no test machine has: which of them get a
 * program that passes everything, and what is said of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "host.h"

#define YAML(interfaces)                                                       \
	"hash_key: 000102030405060708090a0b0c0d0e0f\n"                         \
	"interfaces: " interfaces "\n"                                         \
	"services:\n"                                                          \
	"  web: {vip: 10.0.0.1:80/tcp, mode: l2, backends: {b1: 10.2.0.1}}\n"

#define GENERIC "`xring detach in0` and `xring attach in0 --mode generic`"

struct lab {
	struct host host;
	struct running running;
	struct memory_device devices[2];
};

static struct memory_device *out(struct lab *lab)
{
	return &lab->devices[1];
}

/* Packets come in at in0, which redirects, and leave by out0. */
static void begin(struct lab *lab, const char *yaml, struct memory_device out0)
{
	*lab = (struct lab){ .devices = {
		{ .is = { 1, "in0" }, .can = { .native = true, .sends = ABILITY_SENDS } },
		out0,
	} };
	lab->devices[1].is = (struct device){ 2, "out0" };
	memory_devices = lab->devices;
	memory_device_count = 2;
	memory_lost = (struct dp_lost){};
	host_open(&lab->host, yaml);
	daemon_begin(&lab->host, &lab->running);
}

static void end(struct lab *lab)
{
	daemon_end(&lab->running);
	host_close(&lab->host);
	memory_device_count = 0;
}

static struct egress_watch *watch(struct lab *lab)
{
	return &lab->running.start.daemon.egress;
}

static void looks(struct lab *lab, int times)
{
	for (int i = 0; i < times; i++)
		egress_look(watch(lab));
}

static void lose(struct lab *lab, uint32_t reason)
{
	memory_lost = (struct dp_lost){ 2, reason, memory_lost.packets + 100 };
	egress_look(watch(lab));
}

/* The one sentence of `status`; NULL: nothing is wrong. */
static void says(struct lab *lab, const char *sentence)
{
	json_t *status = ask(&lab->running, "{\"do\":\"status\"}");
	const json_t *wrong = json_object_get(status, "wrong");

	assert_int_equal(json_array_size(wrong), sentence ? 1 : 0);
	if (sentence)
		assert_string_equal(json_string_value(json_array_get(wrong, 0)), sentence);
	json_decref(status);
}

#define NEEDS { .wants_program = true }

static void a_driver_that_needs_a_program_gets_one(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, YAML("[in0]"), (struct memory_device)NEEDS);
	assert_true(out(&lab)->passes);
	says(&lab, NULL);
	looks(&lab, 100);
	assert_true(out(&lab)->passes);
	assert_int_equal(out(&lab)->passed, 1);
	/* the next daemon finds it there */
	daemon_end(&lab.running);
	daemon_begin(&lab.host, &lab.running);
	assert_true(out(&lab)->passes);
	assert_int_equal(out(&lab)->passed, 1);
	says(&lab, NULL);
	end(&lab);
}

static void it_goes_with_the_balancers_program(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, YAML("[in0]"), (struct memory_device)NEEDS);
	lab.devices[0].can.native = false;	/* detached */
	engine_of(&lab.running)->wishes.list[0].ifindex = 0;
	looks(&lab, 1);
	assert_false(out(&lab)->passes);
	says(&lab, NULL);
	end(&lab);
}

static void a_driver_that_has_no_use_for_it_loses_it(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, YAML("[in0]"), (struct memory_device){ .can.sends = ABILITY_SENDS_NOT });
	looks(&lab, 100);
	assert_false(out(&lab)->passes);
	assert_int_equal(out(&lab)->passed, 1);
	says(&lab, "out0: cannot send redirected packets: its driver does not: want another device to "
		   "the backends, or " GENERIC);
	end(&lab);
}

static void the_configuration_forbids_it(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, YAML("[in0, {name: out0, attach: false}]"), (struct memory_device)NEEDS);
	assert_int_equal(out(&lab)->passed, 0);
	says(&lab, "out0: cannot send redirected packets: its driver may want an XDP program at it, "
		   "which `attach: false` forbids");
	end(&lab);
}

static void what_cannot_be_attached_is_said(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, YAML("[in0]"), (struct memory_device){ .wants_program = true, .fails = true });
	says(&lab, "out0: cannot send redirected packets: its driver may want an XDP program at it, "
		   "which cannot be attached: out0: busy");
	end(&lab);
}

static void devices_over_others_are_named(void **state)
{
	static const struct {
		const char *kind, *name;
	} kinds[] = {
		{ "bridge", "a bridge" },
		{ "vlan", "a VLAN device" },
		{ "macvlan", "a macvlan device" },
	};
	struct lab lab;
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		for (int known = 0; known < 2; known++) {
			struct memory_device device = { .wants_program = known };

			strcpy(device.can.kind, kinds[i].kind);
			begin(&lab, YAML("[in0]"), device);
			snprintf(text, sizeof(text), "out0: cannot send redirected packets: it is %s: "
				 "want another device to the backends, or " GENERIC, kinds[i].name);
			says(&lab, text);
			assert_int_equal(out(&lab)->passed, 0);
			end(&lab);
		}
}

static void nothing_is_wrong_where_nothing_is_redirected(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, YAML("[in0]"), (struct memory_device){ .can = { .kind = "bridge" } });
	lab.devices[0].can.native = false;	/* generic */
	looks(&lab, 1);
	says(&lab, NULL);
	end(&lab);
}

/* An older kernel does not say what a driver can: what it loses does. */
static void an_older_kernel_is_judged_by_what_is_lost(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, YAML("[in0]"), (struct memory_device){});
	says(&lab, NULL);
	assert_int_equal(out(&lab)->passed, 0);
	lose(&lab, ENXIO);
	assert_true(out(&lab)->passes);
	lose(&lab, ENXIO);			/* from before */
	looks(&lab, 100);
	assert_true(out(&lab)->passes);
	says(&lab, NULL);
	end(&lab);

	begin(&lab, YAML("[in0]"), (struct memory_device){});
	for (int i = 0; i < 10; i++)
		lose(&lab, ENXIO);
	assert_false(out(&lab)->passes);
	assert_int_equal(out(&lab)->passed, 1);
	says(&lab, "out0: cannot send redirected packets: its driver does not: want another device to "
		   "the backends, or " GENERIC);
	end(&lab);
}

static void a_loss_is_told_of_and_then_over(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, YAML("[in0]"), (struct memory_device){ .can.sends = ABILITY_SENDS });
	lose(&lab, ENETDOWN);
	says(&lab, "out0: packets are lost after they were sent: a reason (WORD)");
	looks(&lab, 5);
	says(&lab, "out0: packets are lost after they were sent: a reason (WORD)");
	looks(&lab, 10);
	says(&lab, NULL);
	end(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_that_needs_a_program_gets_one),
		cmocka_unit_test(it_goes_with_the_balancers_program),
		cmocka_unit_test(a_driver_that_has_no_use_for_it_loses_it),
		cmocka_unit_test(the_configuration_forbids_it),
		cmocka_unit_test(what_cannot_be_attached_is_said),
		cmocka_unit_test(devices_over_others_are_named),
		cmocka_unit_test(nothing_is_wrong_where_nothing_is_redirected),
		cmocka_unit_test(an_older_kernel_is_judged_by_what_is_lost),
		cmocka_unit_test(a_loss_is_told_of_and_then_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
