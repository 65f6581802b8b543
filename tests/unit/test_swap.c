// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nat backends that change their service: the address and port from which one replies leads to one
 * VIP at a time, so that who comes waits until who leaves has no flows (daemon/live/ways_back.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "base/why.h"
#include "core/vip/slots.h"
#include "core/vip/vips.h"
#include "daemon/apply/apply.h"
#include "daemon/live/backends.h"
#include "daemon/live/cells.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/live/times.h"
#include "dp/write.h"
#include "life.h"
#include "map_answers.h"
#include "models.h"

static const struct dp_options sizes = { .cells = 1 << 15, .backends = 32, .lines = 256 };

/* The last number of the VIP that replies from 10.0.5.N:80 get; 0: they are no replies. */
static unsigned replies_get(const struct life *life, unsigned n)
{
	struct address from = { .family = AF_INET, .bytes = { 10, 0, 5, n } };
	struct vip vip = { .address.family = AF_INET, .port = 80, .protocol = IPPROTO_TCP };
	const struct xring_slot *found;
	struct xring_slot slots[PORT_BLOCKS_MAX];

	slots_reply(&vip, &from, 0, 0, slots);
	found = vips_find(dp_vips_live(life->dp), life->dp->config->vips, slots[0].addr,
			  slots[0].port);
	return found ? ((const uint8_t *)found->vip_addr)[3] : 0;
}

static bool waits(const struct life *life, const char *service, const char *name)
{
	const struct live_backend *backend = live_backend(live_service(life->live, service), name);

	assert_non_null(backend);
	assert_int_equal(!backend->waits, !!ring_points(live_service(life->live, service)->main,
							backend));
	return backend->waits;
}

/* Which VIPs get the replies of the three backends that change their service. */
static void assert_replies(const struct life *life, unsigned first, unsigned second, unsigned third)
{
	assert_int_equal(replies_get(life, 1), first);
	assert_int_equal(replies_get(life, 2), second);
	assert_int_equal(replies_get(life, 3), third);
}

static struct life *begun(struct memory *memory, const struct model *m)
{
	struct life *life = life_begin(memory, m);

	assert_int_equal(life_apply(life, m), 0);
	life_settle(life);
	assert_replies(life, 1, 2, 3);
	return life;
}

static struct life *next_life(struct life *life, const struct model *m)
{
	struct memory *memory = life->memory;

	life_end(life);
	life = life_begin(memory, m);
	assert_int_equal(life_apply(life, m), 0);
	return life;
}

static void who_comes_waits_until_who_leaves_has_no_flows(void **state)
{
	struct model before = model_of(MODEL_NAT), after = model_of(MODEL_NAT_TURNED);
	struct memory *memory = memory_new(&sizes);
	struct life *life = begun(memory, &before);

	(void)state;
	assert_int_equal(life_apply(life, &after), 0);
	for (int i = 0; i < 2; i++) {
		assert_replies(life, 1, 2, 3);
		assert_true(waits(life, "one", "b"));
		assert_true(waits(life, "two", "c"));
		assert_true(waits(life, "three", "a"));
		life = next_life(life, &after);
	}
	life_settle(life);
	assert_replies(life, 3, 1, 2);
	assert_false(waits(life, "one", "b"));
	assert_false(waits(life, "two", "c"));
	assert_false(waits(life, "three", "a"));
	life_end(life);
	memory_free(memory);
	model_clear(&before);
	model_clear(&after);
}

/* Who waited has no flows, and so nobody waits for it. */
static void what_is_undone_is_as_it_was_at_once(void **state)
{
	struct model before = model_of(MODEL_NAT), after = model_of(MODEL_NAT_TURNED);
	struct memory *memory = memory_new(&sizes);
	struct life *life = begun(memory, &before);

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(life_apply(life, &after), 0);
		if (i & 1)
			life = next_life(life, &after);
		assert_true(waits(life, "one", "b"));
		assert_int_equal(life_apply(life, &before), 0);
		if (i & 2)
			life = next_life(life, &before);
		assert_replies(life, 1, 2, 3);
		assert_false(waits(life, "one", "a"));
		assert_false(waits(life, "two", "b"));
		assert_false(waits(life, "three", "c"));
	}
	life_settle(life);
	assert_replies(life, 1, 2, 3);
	life_end(life);
	memory_free(memory);
	model_clear(&before);
	model_clear(&after);
}

/* Nobody's flows end at once because somebody waits: the drain time does that, or nothing. */
static void who_is_dead_or_cut_keeps_nobody_waiting(void **state)
{
	struct model before = model_of(MODEL_NAT), after = model_of(MODEL_NAT_TURNED);
	struct memory *memory = memory_new(&sizes);
	struct life *life = begun(memory, &before);
	struct live_times times = { .cut = true };
	struct live_report report;

	(void)state;
	assert_int_equal(life_apply(life, &after), 0);
	*memory->now += after.services[0].drain_ms * NS_PER_MS / 2;
	assert_int_equal(life_apply(life, &after), 0);
	assert_replies(life, 1, 2, 3);
	assert_int_equal(live_replies_cut(life->live, &after, "one", *memory->now), 0);
	assert_int_equal(life_apply(life, &after), 0);
	assert_replies(life, 1, 1, 3);
	assert_false(waits(life, "one", "b"));
	assert_true(waits(life, "two", "c"));
	*memory->now += after.services[0].drain_ms * NS_PER_MS / 2;
	assert_int_equal(life_apply(life, &after), 0);
	assert_replies(life, 3, 1, 2);
	assert_false(waits(life, "two", "c"));
	assert_false(waits(life, "three", "a"));
	/* And with --cut they do not wait at all. */
	life_settle(life);
	times.now = *memory->now;
	live_models_set(life->live, &before);
	assert_int_equal(live_replies_cut(life->live, &before, NULL, times.now), 0);
	assert_int_equal(live_apply(life->live, &before, &times, &report), 0);
	assert_replies(life, 1, 2, 3);
	assert_false(waits(life, "one", "a"));
	life->model = &before;
	life_settle(life);
	life_end(life);
	memory_free(memory);
	model_clear(&before);
	model_clear(&after);
}

/* A service that goes as a whole has no flows any more; a new one may come where another was. */
static void a_service_that_goes_keeps_nobody_waiting(void **state)
{
	struct model before = model_of(MODEL_NAT);
	struct model after = model_of(MODEL_HASH_KEY
		"services:\n"
		"  four:\n"
		"    vip: 10.200.2.4:80/tcp\n"
		"    mode: nat\n"
		"    vnodes: 10\n"
		"    backends: {a: 10.0.5.1, b: 10.0.5.2}\n"
		"  three:\n"
		"    vip: 10.200.2.3:80/tcp\n"
		"    mode: nat\n"
		"    vnodes: 10\n"
		"    backends: {c: 10.0.5.3}\n"
		"  two:\n"
		"    vip: 10.200.2.2:80/tcp\n"
		"    mode: nat\n"
		"    vnodes: 10\n"
		"    backends: {stays: 10.0.5.12}\n");
	struct memory *memory = memory_new(&sizes);
	struct life *life = begun(memory, &before);

	(void)state;
	assert_int_equal(life_apply(life, &after), 0);
	assert_replies(life, 4, 2, 3);
	assert_false(waits(life, "four", "a"));
	assert_true(waits(life, "four", "b"));
	life_settle(life);
	assert_replies(life, 4, 4, 3);
	life_end(life);
	memory_free(memory);
	model_clear(&before);
	model_clear(&after);
}

static void a_backend_that_waits_may_go_on_to_a_third_service(void **state)
{
	struct model first = model_of(MODEL_NAT);
	struct model second = model_of(MODEL_NAT_OF("x: 10.0.5.4", "a: 10.0.5.1", "c: 10.0.5.3"));
	struct model third = model_of(MODEL_NAT_OF("x: 10.0.5.4", "b: 10.0.5.2", "a: 10.0.5.1"));
	struct memory *memory = memory_new(&sizes);
	struct life *life = begun(memory, &first);

	(void)state;
	assert_int_equal(life_apply(life, &second), 0);
	assert_true(waits(life, "two", "a"));
	assert_int_equal(life_apply(life, &third), 0);
	assert_replies(life, 1, 2, 3);
	assert_true(waits(life, "three", "a"));
	assert_false(waits(life, "two", "b"));
	life_settle(life);
	assert_replies(life, 3, 2, 0);
	assert_false(waits(life, "three", "a"));
	life_end(life);
	memory_free(memory);
	model_clear(&first);
	model_clear(&second);
	model_clear(&third);
}

/* Such a service would answer nobody meanwhile. */
static void no_service_may_be_left_with_backends_that_wait(void **state)
{
	struct model before = model_of(MODEL_NAT), after = model_of(MODEL_NAT_TURNED);
	struct memory *memory = memory_new(&sizes);
	struct life *life = begun(memory, &before);
	struct service *one = &after.services[0];
	struct why why;

	(void)state;
	assert_int_equal(live_replies_check(life->live, &after, *memory->now, &why), 0);
	assert_string_equal(one->backends[1].name, "stays");
	one->backends[1].state = BACKEND_DRAINING;
	assert_int_equal(live_replies_check(life->live, &after, *memory->now, &why), -EINVAL);
	assert_non_null(strstr(why.text, "service one: backend b at 10.0.5.2: want another backend "
			       "beside it, backend b of service two leaves that address"));
	one->backends[1].state = BACKEND_ACTIVE;
	/* Not what is so already: a service that is new, and waits, takes other changes. */
	one->backends[1].weight = 0;
	assert_int_equal(life_apply(life, &after), 0);
	assert_int_equal(live_replies_check(life->live, &after, *memory->now, &why), 0);
	life_settle(life);
	life_end(life);
	memory_free(memory);
	model_clear(&before);
	model_clear(&after);
}

#define TWO_RANGES(one, two)                                                   \
	MODEL_HASH_KEY "services:\n"                                           \
	"  one: {vip: '10.200.1.1:8000-8099/tcp', mode: nat, vnodes: 10, backends: {" one "}}\n" \
	"  two: {vip: '10.200.1.2:" two "}}\n"

/* Ranges that share ports share them whatever the blocks are that they consist of. */
static void who_comes_to_another_range_waits_too(void **state)
{
	static const char *const twos[] = {
		"8050-8149/tcp', mode: nat, vnodes: 10, backends: {b: 10.0.5.2, a: 10.0.5.1",
		"8060/tcp', mode: nat, vnodes: 10, backends: {b: 10.0.5.2, a: 10.0.5.1",
		"80/tcp', mode: nat, vnodes: 10, backends: {b: 10.0.5.2, a: '10.0.5.1:8099'",
		"8100-8199/tcp', mode: nat, vnodes: 10, backends: {b: 10.0.5.2, a: 10.0.5.1",	/* no port */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(twos); i++) {
		char text[1024];
		struct model before = model_of(TWO_RANGES("a: 10.0.5.1, c: 10.0.5.3",
							  "9000/tcp', mode: nat, vnodes: 10, backends: {b: 10.0.5.2"));
		struct model after;
		struct memory *memory = memory_new(&sizes);
		struct life *life = life_begin(memory, &before);

		snprintf(text, sizeof(text), TWO_RANGES("c: 10.0.5.3", "%s"), twos[i]);
		after = model_of(text);
		assert_int_equal(life_apply(life, &before), 0);
		life_settle(life);
		assert_int_equal(life_apply(life, &after), 0);
		assert_int_equal(waits(life, "two", "a"), i < 3);
		life_settle(life);
		assert_false(waits(life, "two", "a"));
		life_end(life);
		memory_free(memory);
		model_clear(&before);
		model_clear(&after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_waits_until_who_leaves_has_no_flows),
		cmocka_unit_test(what_is_undone_is_as_it_was_at_once),
		cmocka_unit_test(who_is_dead_or_cut_keeps_nobody_waiting),
		cmocka_unit_test(a_service_that_goes_keeps_nobody_waiting),
		cmocka_unit_test(a_backend_that_waits_may_go_on_to_a_third_service),
		cmocka_unit_test(who_comes_to_another_range_waits_too),
		cmocka_unit_test(no_service_may_be_left_with_backends_that_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
