// SPDX-License-Identifier: GPL-2.0-or-later
/* How the maps become what a model says: what is there already is not written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/util.h"
#include "daemon/apply/apply.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "life.h"
#include "map_answers.h"
#include "models.h"

static const struct dp_options sizes = { .cells = 1 << 16, .backends = 64, .lines = 512 };

static void assert_same(const struct memory *m, const void *copy, bool vips)
{
	const char *differs = memory_difference(m, copy, vips);

	if (differs)
		fail_msg("written: %s", differs);
}

/* The next life cannot know the VIP table's entries: it makes them once more. */
static struct life *next_life(struct life *life)
{
	struct memory *memory = life->memory;
	void *copy = memory_copy(memory, NULL);
	const struct model *m = life->model;

	life_end(life);
	*memory->now -= NS_PER_S;	/* the clock is no map */
	life = life_begin(memory, m);
	assert_same(memory, copy, true);
	assert_int_equal(life_apply(life, m), 0);
	assert_int_equal(life->cells, 0);
	assert_same(memory, copy, false);
	munmap(copy, memory->size);
	return life;
}

/* Applied again: at once, by the next life, and when all has settled. */
static void twice(const struct model *m, void (*between)(struct life *life))
{
	struct memory *memory = memory_new(&sizes);
	struct life *life = life_begin(memory, m);

	assert_int_equal(life_apply(life, m), 0);
	assert_true(life->cells > 0);
	if (between)
		between(life);
	for (int i = 0; i < 4; i++) {
		void *copy = memory_copy(memory, NULL);

		assert_int_equal(life_apply(life, m), 0);
		assert_int_equal(life->cells, 0);
		assert_same(memory, copy, true);
		munmap(copy, memory->size);
		assert_true(rings_asked(life) > 0);
		if (i % 2) {
			life_settle(life);
			*memory->now += 3600 * NS_PER_S;
		} else {
			life = next_life(life);
		}
	}
	life_end(life);
	memory_free(memory);
}

static void twice_yaml(const char *yaml, void (*between)(struct life *life))
{
	struct model m = model_of(yaml);

	twice(&m, between);
	model_clear(&m);
}

static void a_plain_model_applied_twice_writes_nothing(void **state)
{
	(void)state;
	twice_yaml(MODEL_PLAIN, NULL);
}

static void weights_and_drained_backends_applied_twice_write_nothing(void **state)
{
	(void)state;
	twice_yaml(MODEL_WEIGHTS, NULL);
}

static void rules_applied_twice_write_nothing(void **state)
{
	(void)state;
	twice_yaml(MODEL_RULES, NULL);
}

static void keys_set(struct life *life)
{
	for (unsigned i = 0; i < 5; i++) {
		struct live_service *s = live_service(life->live, i % 2 ? "web" : "users");
		const struct service *model = model_service(life->model, s->name);
		struct address client = { .family = AF_INET, .bytes = { 192, 0, 2, i } };
		struct xring_flow flow = map_flow(&client, 1000, &model->vips[0]);

		assert_int_equal(live_key_set(life->live, s, &flow,
					      i < 3 ? XRING_HOT_SIDE(100, 0) : XRING_HOT_SIDE(0, 2),
					      *life->memory->now), 0);
	}
	life_vips(life);
}

static void hot_keys_are_no_reason_to_write_again(void **state)
{
	(void)state;
	twice_yaml(MODEL_PLAIN, keys_set);
	twice_yaml(MODEL_RULES, keys_set);
}

/* Of some ports of a client: letters of the backends of `users` that answer, "-" for nobody. */
static void answered_by(const struct life *life, const char *client, char ret[8])
{
	const struct vip *vips = model_service(life->model, "users")->vips;
	bool by[128] = {};
	struct address from;
	size_t count = 0;

	assert_int_equal(address_parse(client, &from), 0);
	for (unsigned i = 0; i < 64; i++) {
		const struct vip *vip = &vips[from.family == vips[0].address.family ? 0 : 1];
		struct xring_flow flow;
		uint32_t id;

		from.bytes[from.family == AF_INET ? 3 : 15] = 129 + i;	/* the key is the client */
		flow = map_flow(&from, 1000, vip);
		id = map_answer(life->dp, map_slot(life->dp, vip), &flow, 0).newest;
		by[id ? life->dp->owners[id].backend[0] & 127 : '-'] = true;
	}
	for (int i = 0; i < 128; i++)
		if (by[i])
			ret[count++] = i;
	ret[count] = 0;
}

static void clients_are_answered_as_their_rules_say(void **state)
{
	static const struct {
		const char *client, *by;
	} wanted[] = {
		{ "192.0.2.0", "ab" },			/* east, and no other */
		{ "2001:db8:5::", "ab" },
		{ "198.51.100.0", "c" },		/* west first, and it has room */
		{ "203.0.113.0", "c" },
		{ "100.64.0.0", "abc" },		/* of no rule */
		{ "fd00::", "abc" },
	};
	struct model m = model_of(MODEL_RULES);
	struct memory *memory = memory_new(&sizes);
	struct life *life = life_begin(memory, &m);

	(void)state;
	assert_int_equal(life_apply(life, &m), 0);
	for (int i = 0; i < 2; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(wanted); k++) {
			char by[8];

			answered_by(life, wanted[k].client, by);
			assert_string_equal(by, wanted[k].by);
		}
		life_settle(life);
	}
	life_end(life);
	memory_free(memory);
	model_clear(&m);
}

#define PLACED(placement) MODEL_HASH_KEY \
	"regions: {east: {prefixes: [192.0.2.0/24]}, west: {prefixes: [198.51.100.0/24]}}\n" \
	"services:\n" \
	"  users:\n" \
	"    vip: 10.200.1.1:80/tcp\n" \
	"    mode: ipip\n" \
	"    key: client\n" \
	"    vnodes: 12\n" placement \
	"    backends: {a: {address: 10.0.0.1, region: east}, b: {address: 10.0.0.2, region: west}}\n"

/* No route is that of its first ring then, which stays for them until they are over. */
static void the_flows_of_a_service_that_gets_rules_for_all_stay(void **state)
{
	struct model plain = model_of(PLACED(""));
	struct model rules = model_of(PLACED("    placement:\n"
		"      - {clients: region=east, preferences: [east]}\n"
		"      - {preferences: [east, west], spillover: spray}\n"));
	const struct model *models[] = { &plain };
	struct memory *memory = memory_new(&sizes);
	struct life *life = life_begin(memory, &plain);
	_free_ char *before = NULL, *after = NULL;
	uint32_t base;

	(void)state;
	assert_int_equal(life_apply(life, &plain), 0);
	life_settle(life);
	before = answers_text(life->dp, models, 1, false);
	base = live_service(life->live, "users")->main->base;
	assert_int_equal(life_apply(life, &rules), 0);
	assert_non_null(ring_of_base(live_service(life->live, "users"), base));
	after = answers_text(life->dp, models, 1, true);
	assert_string_equal(after, before);
	life_settle(life);
	assert_null(ring_of_base(live_service(life->live, "users"), base));
	life_end(life);
	memory_free(memory);
	model_clear(&plain);
	model_clear(&rules);
}

/* Some of those whom no prefix named are now named by one, and are right where they are. */
static void clients_that_stay_are_told_from_the_others_that_move(void **state)
{
	struct model before = model_of(PLACED("    placement:\n"
		"      - {clients: [203.0.113.0/24], constraints: [+region=west]}\n"
		"      - {constraints: [+region=east]}\n"));
	struct model after = model_of(PLACED("    placement:\n"
		"      - {clients: [203.0.113.0/24], constraints: [+region=west]}\n"
		"      - {clients: [100.64.0.0/24], constraints: [+region=east]}\n"
		"      - {preferences: [west]}\n"));
	struct memory *memory = memory_new(&sizes);
	struct life *life = life_begin(memory, &before);
	char by[8];

	(void)state;
	assert_int_equal(life_apply(life, &before), 0);
	life_settle(life);
	assert_int_equal(life_apply(life, &after), 0);
	for (int i = 0; i < 2; i++) {
		answered_by(life, "100.64.0.0", by);
		assert_string_equal(by, "a");
		answered_by(life, "100.64.1.0", by);
		assert_string_equal(by, "b");
		life_settle(life);
	}
	life_end(life);
	memory_free(memory);
	model_clear(&before);
	model_clear(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_model_applied_twice_writes_nothing),
		cmocka_unit_test(weights_and_drained_backends_applied_twice_write_nothing),
		cmocka_unit_test(rules_applied_twice_write_nothing),
		cmocka_unit_test(hot_keys_are_no_reason_to_write_again),
		cmocka_unit_test(clients_are_answered_as_their_rules_say),
		cmocka_unit_test(the_flows_of_a_service_that_gets_rules_for_all_stay),
		cmocka_unit_test(clients_that_stay_are_told_from_the_others_that_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
