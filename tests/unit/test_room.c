// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What engine_check() accepts, live_apply() does: random models one after the other on maps so
 * small that many do not fit. Each model is refused with a sentence, or the flush that follows
 * brings the maps to it, whatever goes and comes in the same step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "base/why.h"
#include "conf/conf.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "life.h"

#define HASH_KEY "00112233445566778899aabbccddeeff"

/* ---- chance ---- */

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % limit;
}

static bool one_in(uint32_t n)
{
	return !random_below(n);
}

/* ---- random models ---- */

/* How much of what a model has. */
struct kind {
	const char *name;
	struct dp_options sizes;
	unsigned services;		/* at most */
	unsigned backends;		/* of a service, at most */
	unsigned vnodes;		/* at most */
	unsigned ports;			/* of a VIP, at most; with more than one, all is nat */
	unsigned every;			/* models are so many times fewer, as they take longer */
	unsigned rules;			/* of a service, at most */
	unsigned networks;		/* of a rule, at most */
	unsigned classes, records;	/* in all; 0: as many as the maps have */
};

static const char *const regions[] = { "east", "west", "north" };

/* Networks that no other rule of the service has, each once. */
static void networks_print(const struct kind *k, unsigned rule, FILE *to)
{
	unsigned count = 1 + random_below(k->networks), at = random_below(256);

	for (unsigned i = 0; i < count; i++, at += 1 + random_below(8)) {
		fprintf(to, i ? ", " : "[");
		if (one_in(4))
			fprintf(to, "\"2001:db8:%x:%x::/64\"", rule, at);
		else if (one_in(2))
			fprintf(to, "10.%u.%u.0/24", rule, at % 256);
		else
			fprintf(to, "192.0.%u.%u/32", rule, at);
		if (at > 240)
			break;
	}
	fprintf(to, "]");
}

static void rules_print(const struct kind *k, FILE *to)
{
	unsigned count = random_below(k->rules + 1);

	if (count)
		fprintf(to, "    placement:\n");
	for (unsigned i = 0; i < count; i++) {
		const char *region = regions[random_below(3)];

		fprintf(to, "      - {");
		if (one_in(4) && i < 3) {
			fprintf(to, "clients: region=%s, ", regions[i]);
		} else if (i + 1 < count || one_in(2)) {
			fprintf(to, "clients: ");
			networks_print(k, i, to);
			fprintf(to, ", ");
		}
		if (one_in(4))
			fprintf(to, "strategy: geo}\n");
		else if (one_in(4))
			fprintf(to, "strategy: regional}\n");
		else if (one_in(2))
			fprintf(to, "constraints: [+region=%s]}\n", region);
		else if (one_in(2))
			fprintf(to, "preferences: [%s]}\n", region);
		else
			fprintf(to, "preferences: [%s, %s], spillover: waterfall}\n", region,
				regions[(i + 1) % 3] == region ? regions[i % 3] : regions[(i + 1) % 3]);
	}
}

/* Of clients, and of the two interfaces at which they may enter. */
static void regions_print(FILE *to)
{
	fprintf(to, "regions:\n");
	for (unsigned i = 0; i < ARRAY_SIZE(regions); i++)
		fprintf(to, "  %s: {prefixes: [10.%u.%u.0/17, 192.0.2.%u/26]}\n", regions[i], i,
			128 * one_in(4), 64 * i);
	if (one_in(2))
		fprintf(to, "interfaces:\n  - {name: in0, region: %s}\n  - {name: in1, region: %s}\n",
			regions[random_below(3)], regions[random_below(3)]);
}

static void backends_print(const struct kind *k, unsigned service, FILE *to)
{
	unsigned least = k->rules ? 3 : 1, count = least + random_below(k->backends - least + 1);

	fprintf(to, "    backends:\n");
	for (unsigned i = 0; i < count; i++) {
		if (one_in(4) && i >= least)
			continue;
		fprintf(to, "      b%u: {address: 10.%u.%u.%u", i, service, one_in(20), i + 1);
		if (one_in(3))
			fprintf(to, ", weight: %u", random_below(8));
		if (k->rules && (i < 3 || one_in(2)))
			fprintf(to, ", region: %s", regions[i % 3]);
		if (one_in(8))
			fprintf(to, ", state: draining");
		fprintf(to, "}\n");
	}
}

static void service_print(const struct kind *k, unsigned service, unsigned vip, FILE *to)
{
	static const char *const modes[] = { "nat", "ipip", "l2" };
	unsigned mode = k->ports > 1 ? 0 : k->rules ? 1 : random_below(3);
	unsigned ports = 1 + random_below(k->ports);

	fprintf(to, "  s%u:\n    vip: [", service);
	for (unsigned i = 0; i < ports; i++)
		fprintf(to, "%s10.200.0.%u:%u/tcp", i ? ", " : "", vip + 1, 80 + i);
	if (k->rules)
		fprintf(to, ", \"[2001:db8:ffff::%u]:80/tcp\"", vip + 1);
	fprintf(to, "]\n    mode: %s\n    vnodes: %u\n    tcp_idle: 5s\n    udp_idle: 5s\n"
		    "    drain: %us\n    check: {type: tcp}\n", modes[mode], 1 + random_below(k->vnodes), random_below(10));
	rules_print(k, to);
	backends_print(k, service, to);
}

/* Any services, with the VIPs of others at times: so services are renamed. Or why not. */
static int model_random(const struct kind *k, struct model *ret, struct why *why)
{
	unsigned turn = one_in(3) ? random_below(k->services) : 0, count = 0;
	char *yaml;
	size_t size;
	int err;
	FILE *to = open_memstream(&yaml, &size);

	fprintf(to, "hash_key: " HASH_KEY "\n");
	if (k->rules)
		regions_print(to);
	fprintf(to, "services:");
	for (unsigned i = 0; i < k->services; i++) {
		if (one_in(2))
			continue;
		fprintf(to, "%s", count++ ? "" : "\n");
		service_print(k, i, (i + turn) % k->services, to);
	}
	fprintf(to, "%s", count ? "" : " {}\n");
	fclose(to);
	err = conf_parse("room.yaml", yaml, size, ret, NULL, why);
	free(yaml);
	return err;
}

/* ---- a life of many changes ---- */

struct counts {
	unsigned models, refused, done;
};

static void time_passes(struct life *life)
{
	switch (random_below(4)) {
	case 0:
		life_settle(life);
		rings_asked(life);
		break;
	case 1:
		*life->memory->now += random_below(8) * NS_PER_S;
		walk_whole(life->walk);
	}
}

/* Some backends die, others return, which no check of a model knows before. */
static void health_changes(const struct kind *k, struct life *life, uint64_t seed)
{
	for (size_t i = 0; i < life->live->service_count; i++) {
		struct live_service *s = life->live->services[i];

		for (size_t b = 0; b < s->backend_count; b++)
			s->backends[b]->health.state = one_in(3) ? HEALTH_DOWN : HEALTH_UP;
	}
	if (life_apply(life, life->model))
		fail_msg("%s, seed %lu: a death or a return is not done", k->name, seed);
}

/* Takes all classes and records but so many, as if others had them. */
static void few_are_left(const struct kind *k, struct life *life)
{
	static struct live_class taken;

	for (uint32_t i = 1 + k->classes; k->classes && i < XRING_CLASSES; i++)
		life->live->class_by_index[i] = &taken;
	for (uint32_t i = k->records; k->records && i < XRING_ROUTES; i++)
		life->dp->routes[i].service[0] = '-';
}

/* The next life, on what the last one left. */
static struct life *life_after(const struct kind *k, struct life *life, uint64_t seed)
{
	struct memory *memory = life->memory;
	const struct model *m = life->model;

	life_end(life);
	life = life_begin(memory, m);
	few_are_left(k, life);
	if (life_apply(life, m))
		fail_msg("%s, seed %lu: a restart is not done", k->name, seed);
	return life;
}

/* A model that is accepted, in *ret; or why not. */
static int ask(const struct kind *k, const struct life *life, struct model *ret, struct why *why)
{
	struct engine engine = { .dp = life->dp, .live = life->live, .model = *life->model };
	struct change change = { .count = 1, .cut = one_in(2) };

	int err = model_random(k, ret, why);

	if (err)
		return err;
	life->dp->config->clock = *life->memory->now - clock_ns();
	err = engine_check(&engine, ret, &change, why);
	if (err)
		model_clear(ret);
	return err;
}

static void must_be_done(const struct kind *k, struct life *life, const struct model *m,
			 uint64_t seed, struct counts *counts)
{
	int err = life_apply(life, m);

	if (err)
		fail_msg("%s, seed %lu: accepted, and not done: %d", k->name, seed, err);
	counts->done++;
}

static void life_goes_on(const struct kind *k, uint64_t seed, struct counts *counts)
{
	struct memory *memory = memory_new(&k->sizes);
	struct model running, next, none = model_of("hash_key: " HASH_KEY "\nservices: {}\n");
	_free_ char *before = NULL, *after = NULL;
	struct life *life;

	random_state = seed * 0x9e3779b97f4a7c15 | 1;
	*memory->now = 1000000 * NS_PER_S;
	running = model_of("hash_key: " HASH_KEY "\nservices: {}\n");
	life = life_begin(memory, &running);
	few_are_left(k, life);
	before = room_text(life);
	for (int i = 0; i < 20; i++) {
		struct why why = {};

		counts->models++;
		if (ask(k, life, &next, &why)) {
			assert_true(strlen(why.text) > 10);
			counts->refused++;
			continue;
		}
		must_be_done(k, life, &next, seed, counts);
		model_clear(&running);
		running = next;
		life->model = &running;
		live_models_set(life->live, &running);
		time_passes(life);
		if (one_in(4))
			health_changes(k, life, seed);
		if (one_in(8))
			life = life_after(k, life, seed);
	}
	/* Whatever came and went, nothing of it is left behind. */
	must_be_done(k, life, &none, seed, counts);
	life_settle(life);
	after = room_text(life);
	assert_string_equal(after, before);
	life_end(life);
	model_clear(&running);
	model_clear(&none);
	memory_free(memory);
}

/* ---- the tests ---- */

/* XRING_ROOM: models of each kind. */
static void many(const struct kind *k)
{
	const char *asked = getenv("XRING_ROOM");
	unsigned models = (asked ? strtoul(asked, NULL, 10) : 2000) / k->every;
	struct counts counts = {};

	for (uint64_t seed = 1; counts.models < models; seed++)
		life_goes_on(k, seed, &counts);
	printf("%s: %u models: %u refused, %u done\n", k->name, counts.models, counts.refused,
	       counts.done);
	assert_true(counts.refused > models / 50 && counts.done > models / 50);
}

static void ids_and_cells_suffice_for_what_is_accepted(void **state)
{
	static const struct kind kind = {
		"ids and cells", { .cells = 4096, .backends = 24, .lines = 6 }, 6, 12, 40, 1, 1,
	};

	(void)state;
	many(&kind);
}

/* Rings as dense as they may be, so that a tenth of their cells have several splits. */
static void buckets_of_spilled_cells_suffice_for_what_is_accepted(void **state)
{
	static const struct kind kind = {
		"spills", { .cells = 1024, .backends = 48, .lines = 6 }, 9, 4, 11, 1, 1,
	};

	(void)state;
	many(&kind);
}

static void the_vip_table_has_room_for_what_is_accepted(void **state)
{
	static const struct kind kind = {
		"VIPs", { .cells = 1 << 17, .backends = 2048, .lines = 6 }, 6, 120, 3, 110, 20,
	};

	(void)state;
	many(&kind);
}

static void rings_of_rules_have_room_for_what_is_accepted(void **state)
{
	static const struct kind kind = {
		"rules", { .cells = 5120, .backends = 64, .lines = 16384 }, 5, 10, 12, 1, 1,
		.rules = 4, .networks = 6,
	};

	(void)state;
	many(&kind);
}

static void records_of_rings_have_room_for_what_is_accepted(void **state)
{
	static const struct kind kind = {
		"records", { .cells = 1 << 17, .backends = 64, .lines = 16384 }, 4, 10, 12, 1, 1,
		.rules = 4, .networks = 6, .records = 25,
	};

	(void)state;
	many(&kind);
}

static void classes_of_clients_have_room_for_what_is_accepted(void **state)
{
	static const struct kind kind = {
		"classes", { .cells = 1 << 17, .backends = 64, .lines = 16384 }, 4, 10, 12, 1, 1,
		.rules = 4, .networks = 6, .classes = 200,
	};

	(void)state;
	many(&kind);
}

static void tables_of_networks_have_room_for_what_is_accepted(void **state)
{
	static const struct kind kind = {
		"lines", { .cells = 1 << 17, .backends = 64, .lines = 64 }, 4, 10, 12, 1, 1,
		.rules = 4, .networks = 20,
	};

	(void)state;
	many(&kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_and_cells_suffice_for_what_is_accepted),
		cmocka_unit_test(rings_of_rules_have_room_for_what_is_accepted),
		cmocka_unit_test(records_of_rings_have_room_for_what_is_accepted),
		cmocka_unit_test(classes_of_clients_have_room_for_what_is_accepted),
		cmocka_unit_test(tables_of_networks_have_room_for_what_is_accepted),
		cmocka_unit_test(the_vip_table_has_room_for_what_is_accepted),
		cmocka_unit_test(buckets_of_spilled_cells_suffice_for_what_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
