// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/place/routes.h"

#include <errno.h>
#include <netinet/in.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/util.h"
#include "core/lpm/lpm.h"
#include "core/model/text.h"
#include "core/place/route.h"
#include "core/value/prefix_set.h"

/* ---- routes ---- */

static int by_constraint(const void *left, const void *right)
{
	const struct constraint *a = left, *b = right;

	if (a->tag != b->tag)
		return a->tag - b->tag;
	if (a->required != b->required)
		return b->required - a->required;
	return strcmp(a->value, b->value);
}

static void add_constraint(struct route *r, const struct constraint *c)
{
	for (size_t i = 0; i < r->constraint_count; i++)
		if (!by_constraint(&r->constraints[i], c))
			return;
	r->constraints[r->constraint_count++] = *c;
}

void route_of(const struct rule *rule, const char *region, const char *entry, struct route *ret)
{
	struct constraint own = { .required = true };

	memset(ret, 0, sizeof(*ret));
	if (!rule)
		return;
	for (size_t i = 0; i < rule->constraint_count; i++)
		add_constraint(ret, &rule->constraints[i]);
	if (rule->strategy == STRATEGY_REGIONAL) {
		ret->nobody = !region;
		snprintf(own.value, sizeof(own.value), "%s", region ?: "");
		if (region)
			add_constraint(ret, &own);
	}
	qsort(ret->constraints, ret->constraint_count, sizeof(*ret->constraints), by_constraint);
	ret->preference_count = rule->preference_count;
	for (size_t i = 0; i < rule->preference_count; i++)
		snprintf(ret->preferences[i], PLACE_NAME, "%s", rule->preferences[i]);
	if (rule->strategy == STRATEGY_GEO)
		snprintf(ret->first, sizeof(ret->first), "%s", entry ?: "");
	if (ret->preference_count || *ret->first) {
		ret->spillover = rule->spillover;
		ret->threshold = rule->threshold;
	}
}

static bool same_places(const struct route *a, const struct route *b)
{
	for (size_t i = 0; i < a->constraint_count; i++)
		if (by_constraint(&a->constraints[i], &b->constraints[i]))
			return false;
	for (size_t i = 0; i < a->preference_count; i++)
		if (strcmp(a->preferences[i], b->preferences[i]))
			return false;
	return true;
}

bool route_equal(const struct route *a, const struct route *b)
{
	return a->constraint_count == b->constraint_count &&
	       a->preference_count == b->preference_count && a->spillover == b->spillover &&
	       a->threshold == b->threshold && a->nobody == b->nobody &&
	       !strcmp(a->first, b->first) && same_places(a, b);
}

bool route_strict(const struct route *r)
{
	return r->constraint_count || r->nobody;
}

bool route_allows(const struct route *r, const char *region, const char *tags)
{
	return !r->nobody && constraints_allow(r->constraints, r->constraint_count, region, tags);
}

const char *route_print(const struct route *r, char text[ROUTE_TEXT])
{
	char constraint[CONSTRAINT_TEXT];
	size_t len = 0;

#define ADD(fmt, ...)                                                                      \
	(len += len < ROUTE_TEXT ? (size_t)snprintf(text + len, ROUTE_TEXT - len, fmt,     \
						    ##__VA_ARGS__) : 0)
	*text = 0;
	if (r->nobody)
		ADD("nobody");
	for (size_t i = 0; i < r->constraint_count; i++)
		ADD("%s%s", i ? ", " : "[", constraint_print(&r->constraints[i], constraint));
	ADD("%s", r->constraint_count ? "]" : "");
	for (size_t i = 0; i < r->preference_count; i++)
		ADD("%s%s", len ? i ? " > " : " " : "", r->preferences[i]);
	if (*r->first)
		ADD("%s%s > others", len ? " " : "", r->first);
	if (r->preference_count || *r->first)
		ADD(" (%s)", spillover_print(r->spillover));
	if (!len)
		ADD("all");
#undef ADD
	return text;
}

void route_digest(const struct route *r, uint8_t ret[ROUTE_DIGEST])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char text[ROUTE_TEXT];
	SHA2_CTX sha;

	SHA256Init(&sha);
	for (size_t i = 0; i < r->constraint_count; i++) {
		char constraint[CONSTRAINT_TEXT];

		constraint_print(&r->constraints[i], constraint);
		SHA256Update(&sha, (const uint8_t *)constraint, strlen(constraint) + 1);
	}
	for (size_t i = 0; i < r->preference_count; i++)
		SHA256Update(&sha, (const uint8_t *)r->preferences[i],
			     strlen(r->preferences[i]) + 1);
	snprintf(text, sizeof(text), "/%s/%d/%d/%u", r->first, r->nobody, (int)r->spillover,
		 r->threshold);
	SHA256Update(&sha, (const uint8_t *)text, strlen(text));
	SHA256Final(digest, &sha);
	memcpy(ret, digest, ROUTE_DIGEST);
}

uint64_t route_id(const struct route *r)
{
	uint8_t digest[ROUTE_DIGEST];
	uint64_t id;

	route_digest(r, digest);
	memcpy(&id, digest, sizeof(id));
	return id;
}

/* ---- ingresses ---- */

static struct ingress *ingress_named(struct ingress ingresses[INGRESSES], const char *name)
{
	for (size_t i = 0; i < INGRESSES; i++)
		if (!strcmp(ingresses[i].name, name))
			return &ingresses[i];
	return NULL;
}

void ingresses_set(struct ingress ingresses[INGRESSES], const struct model *m)
{
	for (size_t i = 0; i < INGRESSES; i++)
		if (!model_interface(m, ingresses[i].name))
			ingresses[i] = (struct ingress){};
	for (size_t i = 0; i < m->interface_count; i++) {
		const struct interface *is = &m->interfaces[i];
		struct ingress *ingress = ingress_named(ingresses, is->name);

		if (!ingress && *is->region)
			ingress = ingress_named(ingresses, "");
		if (!ingress)
			continue;
		memcpy(ingress->name, is->name, sizeof(ingress->name));
		memcpy(ingress->region, is->region, sizeof(ingress->region));
	}
}

/* ---- compiling ---- */

/* The state of one compilation, while runs are combined. */
struct compiling {
	const struct model *model;
	const struct service *service;
	const struct ingress *ingresses;
	struct targets *to;
	/* For each rule and region: its target plus 1; 0: not made yet. */
	uint32_t *known;
	bool failed;
};

static uint32_t intern_route(struct compiling *c, const struct route *route)
{
	struct targets *t = c->to;
	struct route *routes;

	for (uint32_t i = 0; i < t->route_count; i++)
		if (route_equal(&t->routes[i], route))
			return i;
	routes = array_grow(t->routes, t->route_count, sizeof(*routes));
	if (!routes) {
		c->failed = true;
		return 0;
	}
	t->routes = routes;
	routes[t->route_count] = *route;
	return t->route_count++;
}

static bool target_same(const struct target *a, const struct target *b)
{
	return !memcmp(a->routes, b->routes, sizeof(a->routes)) && a->rule == b->rule &&
	       !memcmp(&a->home, &b->home, sizeof(a->home)) && !strcmp(a->region, b->region);
}

static uint32_t intern_target(struct compiling *c, const struct target *target)
{
	struct target *list;

	for (uint32_t i = 0; i < c->to->count; i++)
		if (target_same(&c->to->list[i], target))
			return i;
	list = array_grow(c->to->list, c->to->count, sizeof(*list));
	if (!list) {
		c->failed = true;
		return 0;
	}
	c->to->list = list;
	list[c->to->count] = *target;
	return c->to->count++;
}

/* Makes the target of a rule. home: the region that is the home of the client's network. */
static uint32_t make_target(struct compiling *c, int index, const char *region, const char *home)
{
	const struct rule *rule = index < 0 ? NULL : &c->service->rules[index];
	bool follows = rule && rule->home.follow;
	struct target target;
	struct route route;

	memset(&target, 0, sizeof(target));	/* targets are compared as bytes, padding too */
	target.rule = index;
	if (follows)
		memcpy(&target.home, &rule->home, sizeof(target.home));
	if (rule && rule->strategy == STRATEGY_REGIONAL && region)
		snprintf(target.region, sizeof(target.region), "%s", region);
	if (!follows)
		home = NULL;
	for (size_t ingress = 0; ingress <= INGRESSES; ingress++) {
		const char *entry = ingress && *c->ingresses[ingress - 1].region
					    ? c->ingresses[ingress - 1].region
					    : NULL;

		route_of(rule, region, home ?: entry, &route);
		target.routes[ingress] = intern_route(c, &route);
		target.by_ingress |= target.routes[ingress] != target.routes[0];
	}
	return intern_target(c, &target);
}

/* The target of a rule, a client's region and a home; all are indices plus 1, 0 stands for none. */
static uint32_t target_of(struct compiling *c, uint32_t rule, uint32_t region, uint32_t home)
{
	const struct rule *says = rule ? &c->service->rules[rule - 1] : NULL;
	const struct region *regions = c->model->regions;
	uint32_t which = says && says->strategy == STRATEGY_REGIONAL ? region :
			 says && says->home.follow ? home : 0;
	uint32_t *known = &c->known[rule * (c->model->region_count + 1) + which];

	if (!*known)
		*known = 1 + make_target(c, (int)rule - 1, region ? regions[region - 1].name : NULL,
					 home ? regions[home - 1].name : NULL);
	return *known - 1;
}

/* Prefix sets of several owners in one sorted list, each prefix with its owner's number. */
struct sets {
	struct lpm_entry *entries;
	size_t count;
};

static int sets_add(struct sets *to, const struct prefix_set *set, uint32_t value)
{
	struct lpm_entry *entries;

	if (!set)
		return 0;
	entries = reallocarray(to->entries, to->count + set->list.count + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	to->entries = entries;
	for (size_t i = 0; i < set->list.count; i++)
		entries[to->count++] = (struct lpm_entry){ set->list.prefixes[i], value };
	return 0;
}

static void sets_sort(struct sets *s)
{
	if (s->count)
		qsort(s->entries, s->count, sizeof(*s->entries), prefix_order);
}

static uint32_t rule_for_all(const struct service *s)
{
	for (size_t i = 0; i < s->rule_count; i++)
		if (!s->rules[i].clients && !*s->rules[i].region)
			return i + 1;
	return 0;
}

static int sets_of_rules(const struct model *m, const struct service *s, struct sets *ret)
{
	int err = 0;

	for (size_t i = 0; i < s->rule_count && !err; i++) {
		const struct rule *rule = &s->rules[i];
		const struct region *region = *rule->region ? model_region(m, rule->region) : NULL;

		err = sets_add(ret, region ? region->clients : rule->clients, i + 1);
	}
	sets_sort(ret);
	return err;
}

/* The regions' networks. If no rule asks for the client's region, the list stays empty. */
static int sets_of_regions(const struct model *m, const struct service *s, struct sets *ret)
{
	bool asked = false;
	int err = 0;

	for (size_t i = 0; i < s->rule_count; i++)
		asked |= s->rules[i].strategy == STRATEGY_REGIONAL;
	for (size_t i = 0; asked && i < m->region_count && !err; i++)
		err = sets_add(ret, m->regions[i].clients, i + 1);
	sets_sort(ret);
	return err;
}

static int sets_of_homes(const struct home_network *homes, size_t count, struct sets *ret)
{
	ret->entries = calloc(count + 1, sizeof(*ret->entries));
	if (!ret->entries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ret->entries[ret->count++] = (struct lpm_entry){ homes[i].prefix, homes[i].region };
	return 0;
}

/* Combines two values to one number; each must be below 65,536. */
static uint32_t pair(void *context, uint32_t a, uint32_t b)
{
	(void)context;
	return a | b << 16;
}

static uint32_t resolve(void *context, uint32_t rule_and_region, uint32_t home)
{
	struct compiling *c = context;
	uint32_t rule = (rule_and_region & 0xffff) ?: rule_for_all(c->service);

	return target_of(c, rule, rule_and_region >> 16, home);
}

static int family_runs(struct compiling *c, const struct sets layers[3], int family,
		       struct runs *ret)
{
	struct runs layer[3] = {}, both = {};
	int err = 0;

	for (int i = 0; i < 3 && !err; i++)
		err = runs_of_prefixes(layers[i].entries, layers[i].count, family, &layer[i]);
	err = err ?: runs_combine(&layer[0], &layer[1], pair, NULL, &both) ?:
	      runs_combine(&both, &layer[2], resolve, c, ret);
	for (int i = 0; i < 3; i++)
		runs_clear(&layer[i]);
	runs_clear(&both);
	return err ?: c->failed ? -ENOMEM : 0;
}

void targets_clear(struct targets *t)
{
	free(t->routes);
	free(t->list);
	for (int f = 0; f < 2; f++)
		runs_clear(&t->runs[f]);
	*t = (struct targets){};
}

int targets_of(const struct model *m, const struct service *s,
	       const struct ingress ingresses[INGRESSES], const struct home_network *homes,
	       size_t home_count, struct targets *ret)
{
	struct targets targets = {};
	struct compiling c = { .model = m, .service = s, .ingresses = ingresses, .to = &targets };
	struct sets layers[3] = {};
	int err;

	c.known = calloc((s->rule_count + 1) * (m->region_count + 1), sizeof(*c.known));
	err = !c.known ? -ENOMEM : sets_of_rules(m, s, &layers[0]) ?:
	      sets_of_regions(m, s, &layers[1]) ?: sets_of_homes(homes, home_count, &layers[2]);
	if (!err) {
		/* The first target is that of clients that no prefix names. */
		target_of(&c, rule_for_all(s), 0, 0);
		err = family_runs(&c, layers, AF_INET, &targets.runs[0]) ?:
		      family_runs(&c, layers, AF_INET6, &targets.runs[1]);
	}
	for (int i = 0; i < 3; i++)
		free(layers[i].entries);
	free(c.known);
	if (err)
		targets_clear(&targets);
	else
		*ret = targets;
	return err;
}

int targets_lines(const struct targets *t, uint32_t *ret)
{
	_free_ struct lpm_entry *v4 = NULL, *v6 = NULL;
	size_t count4 = 0, count6 = 0;
	uint32_t lines4 = 0, lines6 = 0;
	int err = runs_prefixes(&t->runs[0], AF_INET, &v4, &count4) ?:
		  runs_prefixes(&t->runs[1], AF_INET6, &v6, &count6) ?:
		  lpm_measure(v4, count4, &lines4) ?: lpm_measure(v6, count6, &lines6);

	if (!err)
		*ret = lines4 + lines6;
	return err;
}

static int count_rule(struct compiling *c, const struct rule *rule)
{
	const struct model *m = c->model;
	size_t places = rule->strategy == STRATEGY_REGIONAL || rule->strategy == STRATEGY_GEO ?
			m->region_count : 0;
	struct route route;

	for (size_t i = 0; i <= places; i++) {
		const char *region = i ? m->regions[i - 1].name : NULL;

		route_of(rule, region, region, &route);
		intern_route(c, &route);
	}
	return c->failed ? -ENOMEM : 0;
}

int routes_count(const struct model *m, const struct service *s, size_t *ret_routes,
		 size_t *ret_strict)
{
	struct targets targets = {};
	struct compiling c = { .model = m, .service = s, .to = &targets };
	int err = 0;

	for (size_t i = 0; i < s->rule_count && !err; i++)
		err = count_rule(&c, &s->rules[i]);
	*ret_routes = targets.route_count;
	*ret_strict = 0;
	for (size_t i = 0; i < targets.route_count; i++)
		*ret_strict += route_strict(&targets.routes[i]);
	targets_clear(&targets);
	return err;
}

static bool rule_many(const struct model *m, const struct rule *rule,
		      const struct ingress ingresses[INGRESSES])
{
	bool many = rule->clients || *rule->region || rule->home.follow;

	for (size_t i = 0; i < m->region_count && rule->strategy == STRATEGY_REGIONAL; i++)
		many |= m->regions[i].clients != NULL;
	for (size_t i = 0; i < INGRESSES && rule->strategy == STRATEGY_GEO; i++)
		many |= *ingresses[i].region != 0;
	return many;
}

bool rules_many(const struct model *m, const struct service *s,
		const struct ingress ingresses[INGRESSES])
{
	for (size_t i = 0; i < s->rule_count; i++)
		if (rule_many(m, &s->rules[i], ingresses))
			return true;
	return false;
}

bool targets_many(const struct targets *t)
{
	return t->count > 1 || t->list[0].by_ingress || t->list[0].home.follow;
}
