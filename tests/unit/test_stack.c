// SPDX-License-Identifier: GPL-2.0-or-later
/* From the device of a route to the device that sends, through devices over others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <xring/vlan.h>

#include "daemon/net/stack.h"

#define MOST 12
#define TAG(vid) (XRING_TAG | (vid))

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

/* A host, by index of its devices; and where its bridges have the address. */
struct host {
	struct stack_link link[MOST];
	uint32_t port;
	int err;			/* of any question */
};

static int ask_link(void *context, uint32_t ifindex, struct stack_link *ret)
{
	const struct host *host = context;

	if (host->err)
		return host->err;
	if (ifindex >= MOST || !host->link[ifindex].mtu)
		return -ENODEV;
	*ret = host->link[ifindex];
	return 0;
}

static int ask_port(void *context, uint32_t bridge, const uint8_t of[6], uint32_t *ret)
{
	const struct host *host = context;

	(void)bridge;
	*ret = memcmp(of, mac, sizeof(mac)) ? 0 : host->port;
	return 0;
}

#define LINK(...) { .mtu = 1500, .up = true, __VA_ARGS__ }

static void leads(const struct host *host, uint32_t ifindex, uint32_t tags, uint32_t mtu)
{
	const struct stack_questions q = { (void *)host, ask_link, ask_port };
	struct stack_bottom bottom;
	const char *why;

	assert_int_equal(stack_walk(&q, 1, mac, &bottom, &why), 0);
	assert_null(why);
	assert_int_equal(bottom.ifindex, ifindex);
	assert_int_equal(bottom.tags, tags);
	assert_int_equal(bottom.mtu, mtu);
	assert_int_equal(bottom.stacked, ifindex != 1);
}

static void does_not(const struct host *host, const char *reason)
{
	const struct stack_questions q = { (void *)host, ask_link, ask_port };
	struct stack_bottom bottom;
	const char *why;

	assert_int_equal(stack_walk(&q, 1, mac, &bottom, &why), 0);
	assert_string_equal(why, reason);
}

static void a_device_over_nothing_sends_itself(void **state)
{
	const struct host host = { { [1] = { .up = true, .mtu = 9000 } } };

	(void)state;
	leads(&host, 1, 0, 9000);
}

static void a_vlan_device_gives_its_tag(void **state)
{
	const struct host one = { { [1] = LINK(.kind = STACK_VLAN, .tag = TAG(7), .below = 2),
				    [2] = LINK() } };
	const struct host two = { { [1] = LINK(.kind = STACK_VLAN, .tag = TAG(7), .below = 2),
				    [2] = LINK(.kind = STACK_VLAN, .tag = TAG(9) | XRING_TAG_AD, .below = 3),
				    [3] = LINK() } };
	struct host three = two;

	(void)state;
	leads(&one, 2, XRING_TAGS(TAG(7), 0), 1500);
	leads(&two, 3, XRING_TAGS(TAG(9) | XRING_TAG_AD, TAG(7)), 1500);
	three.link[3] = (struct stack_link)LINK(.kind = STACK_VLAN, .tag = TAG(11), .below = 4);
	does_not(&three, "its interface has more than two VLAN tags");
}

static void the_least_mtu_on_the_way_counts(void **state)
{
	struct host host = { { [1] = LINK(.kind = STACK_VLAN, .tag = TAG(7), .below = 2),
			       [2] = LINK(.kind = STACK_BOND, .below = 3), [3] = { .up = true, .mtu = 1400 } } };

	(void)state;
	leads(&host, 3, XRING_TAGS(TAG(7), 0), 1400);
	host.link[2].mtu = 1300;
	leads(&host, 3, XRING_TAGS(TAG(7), 0), 1300);
}

static void a_bond_sends_itself_or_by_its_active_device(void **state)
{
	struct host host = { { [1] = LINK(.kind = STACK_BOND, .below = 2), [2] = LINK(), [3] = LINK() } };

	(void)state;
	leads(&host, 2, 0, 1500);
	host.link[1].below = 3;
	leads(&host, 3, 0, 1500);
	host.link[1].sends = true;
	leads(&host, 1, 0, 1500);
	host.link[1] = (struct stack_link)LINK(.kind = STACK_BOND);
	does_not(&host, "its bond has no active device");
	host.link[1].below = 3;
	host.link[3].up = false;
	does_not(&host, "a device below its interface is down");
}

static void a_bridge_sends_by_the_port_that_has_the_address(void **state)
{
	struct host host = { .link = { [1] = LINK(.kind = STACK_BRIDGE),
				       [2] = LINK(.kind = STACK_VLAN, .tag = TAG(5), .below = 3),
				       [3] = LINK(), [4] = LINK() }, .port = 4 };

	(void)state;
	leads(&host, 4, 0, 1500);
	host.port = 2;
	leads(&host, 3, XRING_TAGS(TAG(5), 0), 1500);
	host.port = 0;
	does_not(&host, "its MAC address is at no port of the bridge yet");
	host.port = 1;
	does_not(&host, "its MAC address is at no port of the bridge yet");
	host.link[1].filters = true;
	does_not(&host, "its interface is a bridge that filters VLANs, which is not resolved: want another "
			"device to it");
}

static void below_a_bridge_it_is_open_until_the_neighbour_answers(void **state)
{
	struct host host = { .link = { [1] = LINK(.kind = STACK_BRIDGE), [2] = LINK() }, .port = 2 };
	const struct stack_questions q = { &host, ask_link, ask_port };
	struct stack_bottom bottom;
	const char *why;

	(void)state;
	assert_int_equal(stack_walk(&q, 1, NULL, &bottom, &why), 0);
	assert_null(why);
	assert_int_equal(bottom.ifindex, 0);
	assert_true(bottom.stacked);
}

static void what_is_not_resolved_says_so(void **state)
{
	struct host team = { { [1] = LINK(.kind = STACK_UNKNOWN) } };
	struct host away = { { [1] = LINK(.kind = STACK_VLAN, .tag = TAG(7)) } };
	struct host macvlan = { { [1] = LINK(.kind = STACK_MACVLAN) } };
	struct host round = { { [1] = LINK(.kind = STACK_MACVLAN, .below = 1) } };

	(void)state;
	does_not(&team, "its interface is over others in a way that is not resolved: want another device to it");
	does_not(&away, "the device below its VLAN is in another namespace");
	does_not(&macvlan, "the device below its macvlan device is in another namespace");
	does_not(&round, "its interface is over too many others");
	round.link[1].below = 2;
	round.link[2] = (struct stack_link)LINK();
	leads(&round, 2, 0, 1500);
}

static void an_error_of_a_question_is_no_answer(void **state)
{
	struct host host = { { [1] = LINK() }, .err = -ENOBUFS };
	const struct stack_questions q = { &host, ask_link, ask_port };
	struct stack_bottom bottom;
	const char *why;

	(void)state;
	assert_int_equal(stack_walk(&q, 1, mac, &bottom, &why), -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_over_nothing_sends_itself),
		cmocka_unit_test(a_vlan_device_gives_its_tag),
		cmocka_unit_test(the_least_mtu_on_the_way_counts),
		cmocka_unit_test(a_bond_sends_itself_or_by_its_active_device),
		cmocka_unit_test(a_bridge_sends_by_the_port_that_has_the_address),
		cmocka_unit_test(below_a_bridge_it_is_open_until_the_neighbour_answers),
		cmocka_unit_test(what_is_not_resolved_says_so),
		cmocka_unit_test(an_error_of_a_question_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
