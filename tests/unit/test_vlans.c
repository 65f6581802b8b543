// SPDX-License-Identifier: GPL-2.0-or-later
/* Which VLANs are taken at which interface (daemon/engine/vlans.h), on devices of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xring/vlan.h>

#include "base/util.h"
#include "core/model/model.h"
#include "core/model/vlans.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/vlans.h"
#include "daemon/net/devices.h"
#include "daemon/net/stack_ask.h"
#include "dp/vlans.h"

#define AD XRING_TAG_AD
#define T(vid) (XRING_TAG | (vid))

static const struct device host[] = {
	{ 2, "eth0" }, { 3, "eth1" },
	{ 4, "eth0.100", .tag = T(100), .link = 2 },
	{ 5, "eth0.200", .tag = T(200) | AD, .link = 2 },
	{ 6, "qinq", .tag = T(5), .link = 5 },		/* 200 of 802.1ad, and 5 in it */
	{ 7, "three", .tag = T(9), .link = 6 },
	{ 8, "eth1.7", .tag = T(7), .link = 3 },
	{ 9, "foreign", .tag = T(8), .link = 0 },	/* the device below is elsewhere */
	{ 10, "port", .master = 11 },
	{ 11, "bridge", .stacked = true },
	{ 12, "bridge.4", .tag = T(4), .link = 11 },
};
#define ALWAYS 2			/* what is said of port and bridge, whatever the model is */

const struct device *devices_list(const struct devices *devices, size_t *ret_count)
{
	(void)devices;
	*ret_count = ARRAY_SIZE(host);
	return host;
}

const struct device *devices_named(const struct devices *devices, const char *name)
{
	(void)devices;
	for (size_t i = 0; i < ARRAY_SIZE(host); i++)
		if (!strcmp(host[i].name, name))
			return &host[i];
	return NULL;
}

const struct device *devices_at(const struct devices *devices, uint32_t ifindex)
{
	(void)devices;
	return ifindex >= 2 && ifindex < 2 + ARRAY_SIZE(host) ? &host[ifindex - 2] : NULL;
}

static struct dp_vlan taken[64];
static size_t taken_count;

void stack_bottoms(const uint32_t *devices, size_t count, struct stack_bottom *ret)
{
	(void)devices;
	memset(ret, 0, count * sizeof(*ret));
}

int dp_vlans_set(struct dp *dp, struct dp_vlan *list, size_t count)
{
	(void)dp;
	assert_in_range(count, 0, ARRAY_SIZE(taken));
	memcpy(taken, list, count * sizeof(*list));
	taken_count = count;
	return 0;
}

/* The ingress of frames with these tags at a device; 0: they are not taken. */
static uint32_t ingress(uint32_t ifindex, uint32_t tags)
{
	for (size_t i = 0; i < taken_count; i++)
		if (taken[i].key.ifindex == ifindex && taken[i].key.tags == tags)
			return taken[i].ingress;
	return 0;
}

static struct interface *add(struct engine *e, const char *name)
{
	assert_int_equal(model_interface_add(&e->model, name), 0);
	return &e->model.interfaces[e->model.interface_count - 1];
}

static void a_named_interface_takes_what_it_has_devices_for(void **state)
{
	struct engine e = {};

	(void)state;
	add(&e, "eth0");
	assert_int_equal(vlans_write(&e), 0);
	assert_int_equal(ingress(2, T(100)), 4);
	assert_int_equal(ingress(2, T(200) | AD), 5);
	assert_int_equal(ingress(2, XRING_TAGS(T(200) | AD, T(5))), 6);
	assert_int_equal(taken_count, ALWAYS + 3);
	assert_false(vlans_alone(&e, &e.model));
	model_clear(&e.model);
}

/* What comes in at a port has the tags of the VLAN devices on its bridge, and what is sent, too. */
static void a_port_takes_the_vlans_of_its_bridge(void **state)
{
	struct engine e = {};

	(void)state;
	add(&e, "port");
	assert_int_equal(vlans_write(&e), 0);
	assert_int_equal(ingress(10, T(4)), 12);
	assert_int_equal(ingress(10, XRING_VLAN_MASTER), 11);
	assert_int_equal(taken_count, ALWAYS + 1);
	model_clear(&e.model);
}

static void numbers_are_taken_with_either_kind_of_outer_tag(void **state)
{
	struct engine e = {};
	struct interface *interface;

	(void)state;
	interface = add(&e, "eth1");
	interface->vlans[interface->vlan_count++] = 7;
	interface->vlans[interface->vlan_count++] = 300 | 9 << 16;
	add(&e, "eth0")->all_vlans = true;
	assert_int_equal(vlans_write(&e), 0);
	assert_int_equal(ingress(3, T(7)), 8);		/* by its device, which there is */
	assert_int_equal(ingress(3, T(7) | AD), 3);
	assert_int_equal(ingress(3, XRING_TAGS(T(300), T(9))), 3);
	assert_int_equal(ingress(3, XRING_TAGS(T(300) | AD, T(9))), 3);
	assert_int_equal(ingress(2, XRING_VLAN_ANY), 2);
	assert_int_equal(ingress(3, XRING_VLAN_ANY), 0);
	model_clear(&e.model);
}

static void a_vlan_alone_is_all_that_is_taken_of_its_carrier(void **state)
{
	struct engine e = {};

	(void)state;
	add(&e, "qinq");
	assert_int_equal(vlans_write(&e), 0);
	assert_int_equal(ingress(2, XRING_TAGS(T(200) | AD, T(5))), 6);
	assert_int_equal(ingress(2, XRING_VLAN_ONLY), 2);
	assert_int_equal(taken_count, ALWAYS + 2);
	assert_true(vlans_alone(&e, &e.model));
	assert_string_equal(vlans_carrier_name(&e, "qinq"), "eth0");
	assert_true(vlans_is_carrier(&e, &e.model, 2, NULL));
	assert_false(vlans_is_carrier(&e, &e.model, 2, "qinq"));
	/* With the carrier named, too, it takes all. */
	add(&e, "eth0");
	assert_int_equal(vlans_write(&e), 0);
	assert_int_equal(ingress(2, XRING_VLAN_ONLY), 0);
	assert_int_equal(ingress(2, T(100)), 4);
	assert_false(vlans_alone(&e, &e.model));
	model_clear(&e.model);
}

static void what_cannot_be_told_has_no_carrier(void **state)
{
	struct engine e = {};

	(void)state;
	assert_null(vlans_carrier(&e, "three"));
	assert_null(vlans_carrier(&e, "foreign"));
	assert_null(vlans_carrier(&e, "eth9"));
	add(&e, "three");
	add(&e, "foreign");
	assert_int_equal(vlans_write(&e), 0);
	assert_int_equal(taken_count, ALWAYS);
	model_clear(&e.model);
}

static void numbers_are_read_and_printed(void **state)
{
	static const char *const wrong[] = { "", "0", "4095", "1/", "1/0", "/1", "1/2/3", "x", "-1",
					     "1 ", "99999999999", "1/4095" };
	struct interface interface = {};
	char text[VLANS_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint32_t vlan;

		assert_int_not_equal(vlan_parse(wrong[i], &vlan), 0);
	}
	assert_string_equal(vlans_print(&interface, text), "");
	for (size_t i = 0; i < INTERFACE_VLANS; i++)
		assert_int_equal(vlan_parse(i ? "4094/4093" : "1",
					    &interface.vlans[interface.vlan_count++]), 0);
	vlans_print(&interface, text);
	assert_memory_equal(text, "[1, 4094/4093, ", 15);
	assert_int_equal(text[strlen(text) - 1], ']');
	interface.all_vlans = true;
	assert_string_equal(vlans_print(&interface, text), "all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_named_interface_takes_what_it_has_devices_for),
		cmocka_unit_test(a_port_takes_the_vlans_of_its_bridge),
		cmocka_unit_test(numbers_are_taken_with_either_kind_of_outer_tag),
		cmocka_unit_test(a_vlan_alone_is_all_that_is_taken_of_its_carrier),
		cmocka_unit_test(what_cannot_be_told_has_no_carrier),
		cmocka_unit_test(numbers_are_read_and_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
