// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How rules compile: for any client the route of its rule, its region, its home and its ingress,
 * as asked one prefix after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/util.h"
#include "core/place/route.h"
#include "core/value/prefix_set.h"
#include "core/place/routes.h"
#include "prefixes.h"

static void constrain(struct rule *rule, bool required, const char *region)
{
	struct constraint *c = &rule->constraints[rule->constraint_count++];

	*c = (struct constraint){ .required = required };
	snprintf(c->value, sizeof(c->value), "%s", region);
}

/* Sorted, each once. */
static struct prefix_set *random_set(size_t count)
{
	struct prefix_list list = { calloc(count, sizeof(struct prefix)), 0 };
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		list.prefixes[list.count++] = random_prefix();
	qsort(list.prefixes, list.count, sizeof(struct prefix), prefix_order);
	for (size_t i = 0; i < count; i++)
		if (!kept || prefix_compare(&list.prefixes[kept - 1], &list.prefixes[i]))
			list.prefixes[kept++] = list.prefixes[i];
	list.count = kept;
	return prefix_set_new(NULL, &list);
}

#define RULES 6
#define REGIONS 3
#define HOMES 40

struct world {
	struct model m;
	struct service s;
	struct region regions[REGIONS];
	struct rule rules[RULES];
	struct ingress ingresses[INGRESSES];
	struct home_network homes[HOMES];
	size_t home_count;
};

static void world_new(struct world *w)
{
	static const char names[REGIONS][8] = { "east", "north", "west" };

	*w = (struct world){ .m = { .regions = w->regions, .region_count = REGIONS },
			     .s = { .rules = w->rules, .rule_count = RULES } };
	for (int i = 0; i < REGIONS; i++) {
		snprintf(w->regions[i].name, PLACE_NAME, "%s", names[i]);
		w->regions[i].clients = i == 1 ? NULL : random_set(20);
	}
	for (int i = 0; i < RULES - 1; i++)
		w->rules[i].clients = random_set(15);
	constrain(&w->rules[0], true, "east");
	constrain(&w->rules[1], true, "east");	/* says what the first one does */
	snprintf(w->rules[2].preferences[0], PLACE_NAME, "west");
	w->rules[2].preference_count = 1;
	w->rules[3].strategy = STRATEGY_REGIONAL;
	w->rules[4].strategy = STRATEGY_GEO;
	w->rules[5].strategy = random() % 2 ? STRATEGY_GEO : STRATEGY_REGIONAL;
	w->rules[4].home = (struct home){ .follow = true, .prefix4 = 8, .prefix6 = 16 };
	for (int i = 0; i < 2; i++) {
		snprintf(w->ingresses[i].name, sizeof(w->ingresses[i].name), "eth%d", i);
		snprintf(w->ingresses[i].region, PLACE_NAME, "%s", i ? "west" : "east");
	}
	for (int i = 0; i < HOMES; i++) {
		struct address a = random_address();

		w->homes[i].prefix = prefix_of(&a, a.family == AF_INET ? 8 : 16);
		w->homes[i].region = 1 + (uint32_t)random() % REGIONS;
	}
	qsort(w->homes, HOMES, sizeof(*w->homes), prefix_order);	/* its prefix comes first */
	for (int i = 0; i < HOMES; i++)
		if (!w->home_count ||
		    prefix_compare(&w->homes[w->home_count - 1].prefix, &w->homes[i].prefix))
			w->homes[w->home_count++] = w->homes[i];
}

static void world_clear(struct world *w)
{
	for (int i = 0; i < REGIONS; i++)
		prefix_set_put(w->regions[i].clients);
	for (int i = 0; i < RULES; i++)
		prefix_set_put(w->rules[i].clients);
}

/* The most bits of a set's prefixes that have the address; -1: none has. */
static int longest(const struct prefix_set *set, const struct address *a)
{
	int bits = -1;

	for (size_t i = 0; set && i < set->list.count; i++)
		if (prefix_covers(&set->list.prefixes[i], a) && set->list.prefixes[i].bits > bits)
			bits = set->list.prefixes[i].bits;
	return bits;
}

/* The index of the owner whose set has the longest; of equal ones the later. */
static int rule_of(const struct world *w, const struct address *a)
{
	int best = RULES - 1, bits = -1;

	for (int i = 0; i < RULES - 1; i++)
		if (longest(w->rules[i].clients, a) >= 0 && longest(w->rules[i].clients, a) >= bits) {
			bits = longest(w->rules[i].clients, a);
			best = i;
		}
	return best;
}

static const char *region_of(const struct world *w, const struct address *a)
{
	const char *best = NULL;
	int bits = -1;

	for (int i = 0; i < REGIONS; i++)
		if (longest(w->regions[i].clients, a) >= 0 &&
		    longest(w->regions[i].clients, a) >= bits) {
			bits = longest(w->regions[i].clients, a);
			best = w->regions[i].name;
		}
	return best;
}

static const char *home_of(const struct world *w, const struct address *a)
{
	for (size_t i = 0; i < w->home_count; i++)
		if (prefix_covers(&w->homes[i].prefix, a))
			return w->regions[w->homes[i].region - 1].name;
	return NULL;
}

/* Two sets that share a prefix are refused before: which of them wins is not asked. */
static bool is_tied(const struct world *w, const struct address *a)
{
	int rule = rule_of(w, a), bits = rule == RULES - 1 ? -1 : longest(w->rules[rule].clients, a);
	int east = longest(w->regions[0].clients, a);

	for (int i = 0; i < RULES - 1; i++)
		if (i != rule && bits >= 0 && longest(w->rules[i].clients, a) == bits)
			return true;
	return east >= 0 && east == longest(w->regions[2].clients, a);
}

static void check_client(const struct world *w, const struct targets *t, const struct address *a)
{
	const struct target *target = &t->list[runs_find(&t->runs[a->family == AF_INET6], a)];
	int rule = rule_of(w, a);
	const char *home = w->rules[rule].home.follow ? home_of(w, a) : NULL;

	if (is_tied(w, a))
		return;
	assert_int_equal(target->rule, rule);
	assert_int_equal(target->home.follow, w->rules[rule].home.follow);
	for (uint32_t d = 0; d <= INGRESSES; d++) {
		const char *entry = d && *w->ingresses[d - 1].region ? w->ingresses[d - 1].region : NULL;
		struct route wanted;

		route_of(&w->rules[rule], region_of(w, a), home ?: entry, &wanted);
		assert_true(route_equal(&t->routes[target->routes[d]], &wanted));
	}
}

static void every_client_has_the_route_of_its_rule_region_home_and_ingress(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 40; round++) {
		struct targets t;
		struct world w;

		world_new(&w);
		assert_int_equal(targets_of(&w.m, &w.s, w.ingresses, w.homes, w.home_count, &t), 0);
		assert_true(targets_many(&t));
		for (int i = 0; i < 400; i++) {
			struct address a = random_address();

			check_client(&w, &t, &a);
		}
		for (int i = 0; i < RULES - 1; i++)
			for (size_t k = 0; k < w.rules[i].clients->list.count; k++)
				for (int last = 0; last < 2; last++) {
					struct address a = end_of(
						&w.rules[i].clients->list.prefixes[k], last);

					check_client(&w, &t, &a);
				}
		targets_clear(&t);
		world_clear(&w);
	}
}

static void set_drop(struct prefix_set **set)
{
	prefix_set_put(*set);
	*set = NULL;
}

/* Some rules of a random world: what they say of themselves is what they compile to. */
static void it_is_known_without_compiling_whether_clients_are_told_apart(void **state)
{
	unsigned many = 0, rounds = 400;

	(void)state;
	srandom(2);
	for (unsigned round = 0; round < rounds; round++) {
		struct targets t;
		struct world w;

		world_new(&w);
		w.s.rules = &w.rules[random() % RULES];
		w.s.rule_count = 1;
		if (random() % 2)
			set_drop(&w.s.rules->clients);	/* it is for everybody */
		for (int i = 0; i < 2 && random() % 2; i++)
			*w.ingresses[i].region = 0;
		w.s.rules->home.follow &= random() % 2;
		for (int i = 0; i < REGIONS && round % 3; i++)
			set_drop(&w.regions[i].clients);
		assert_int_equal(targets_of(&w.m, &w.s, w.ingresses, NULL, 0, &t), 0);
		assert_int_equal(rules_many(&w.m, &w.s, w.ingresses), targets_many(&t));
		many += targets_many(&t);
		targets_clear(&t);
		world_clear(&w);
	}
	assert_in_range(many, rounds / 5, rounds * 4 / 5);	/* both are seen */
}

static void rules_that_say_the_same_share_a_route(void **state)
{
	struct targets t;
	struct world w;

	(void)state;
	world_new(&w);
	assert_int_equal(targets_of(&w.m, &w.s, w.ingresses, NULL, 0, &t), 0);
	for (size_t i = 0; i < t.route_count; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(route_equal(&t.routes[i], &t.routes[k]));
	targets_clear(&t);
	world_clear(&w);
}

static void without_rules_nobody_is_told_apart(void **state)
{
	struct service s = {};
	struct model m = {};
	struct ingress ingresses[INGRESSES] = { { "eth0", "east" } };
	struct targets t;

	(void)state;
	assert_int_equal(targets_of(&m, &s, ingresses, NULL, 0, &t), 0);
	assert_false(targets_many(&t));
	assert_int_equal(t.list[0].rule, -1);
	assert_false(route_strict(&t.routes[0]));
	targets_clear(&t);
}

static void a_client_of_no_region_has_nobody_where_its_own_is_asked_for(void **state)
{
	struct rule rule = { .strategy = STRATEGY_REGIONAL };
	struct route route;

	(void)state;
	route_of(&rule, NULL, NULL, &route);
	assert_true(route_strict(&route));
	assert_false(route_allows(&route, "east", ""));
	assert_false(route_allows(&route, "", ""));
	route_of(&rule, "east", NULL, &route);
	assert_true(route_allows(&route, "east", ""));
	assert_false(route_allows(&route, "west", ""));
}

/* By the order in which constraints are written nothing changes. */
static void a_digest_is_of_what_a_rule_says(void **state)
{
	uint8_t one[ROUTE_DIGEST], other[ROUTE_DIGEST];
	struct rule a = {}, b = {};
	struct route route;

	(void)state;
	constrain(&a, true, "east");
	constrain(&a, false, "west");
	constrain(&b, false, "west");
	constrain(&b, true, "east");
	route_of(&a, NULL, NULL, &route);
	route_digest(&route, one);
	route_of(&b, NULL, NULL, &route);
	route_digest(&route, other);
	assert_memory_equal(one, other, sizeof(one));
	b.constraints[0].required = true;
	route_of(&b, NULL, NULL, &route);
	route_digest(&route, other);
	assert_memory_not_equal(one, other, sizeof(one));
}

static void an_ingress_keeps_its_number(void **state)
{
	struct interface two[] = { { "eth0", "east" }, { "eth1", "west" } };
	struct model m = { .interfaces = two, .interface_count = 2 };
	struct ingress ingresses[INGRESSES] = {};

	(void)state;
	ingresses_set(ingresses, &m);
	assert_string_equal(ingresses[1].name, "eth1");
	m.interfaces = two + 1;
	m.interface_count = 1;
	ingresses_set(ingresses, &m);
	assert_string_equal(ingresses[0].name, "");
	assert_string_equal(ingresses[1].name, "eth1");
	*two[1].region = 0;			/* it has none any more, and is still an ingress */
	ingresses_set(ingresses, &m);
	assert_string_equal(ingresses[1].name, "eth1");
	assert_string_equal(ingresses[1].region, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_client_has_the_route_of_its_rule_region_home_and_ingress),
		cmocka_unit_test(it_is_known_without_compiling_whether_clients_are_told_apart),
		cmocka_unit_test(rules_that_say_the_same_share_a_route),
		cmocka_unit_test(without_rules_nobody_is_told_apart),
		cmocka_unit_test(a_client_of_no_region_has_nobody_where_its_own_is_asked_for),
		cmocka_unit_test(a_digest_is_of_what_a_rule_says),
		cmocka_unit_test(an_ingress_keeps_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
