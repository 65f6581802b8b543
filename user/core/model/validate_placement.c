// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds rules that name what does not exist, that contradict themselves or each other, or
 * that nothing can satisfy. A rule fails closed: a slip in a rule would lose traffic or,
 * the other way, let traffic go where it must not. So a wrong rule is refused before it
 * does either.
 */
#include "core/model/validate_placement.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/model/home_text.h"
#include "core/model/rules.h"
#include "core/model/text.h"
#include "core/model/validate.h"
#include "core/time/schedule.h"
#include "core/value/prefix_set.h"

__attribute__((format(printf, 3, 4)))
static int wrong(struct model_error *ret, struct model_error at, const char *fmt, ...)
{
	va_list ap;

	*ret = at;
	va_start(ap, fmt);
	why_set_va(&ret->why, 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- sets of clients ---- */

/*
 * The first prefix from index `from` on that is not less than p. Steps double, so that a
 * near one is found soon.
 */
static size_t seek(const struct prefix_list *list, size_t from, const struct prefix *p)
{
	size_t step = 1, low = from, high = from;

	while (high < list->count && prefix_compare(&list->prefixes[high], p) < 0) {
		low = high + 1;
		high += step;
		step *= 2;
	}
	if (high > list->count)
		high = list->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (prefix_compare(&list->prefixes[middle], p) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * A prefix that both sets have, or NULL. The search in each set leaps to where the other
 * set stands, so that a few prefixes are soon compared with a million.
 */
static const struct prefix *shared_prefix(const struct prefix_set *a, const struct prefix_set *b)
{
	const struct prefix_list *x = &a->list, *y = &b->list;
	size_t i = 0, j = 0;

	while (i < x->count && j < y->count) {
		int order = prefix_compare(&x->prefixes[i], &y->prefixes[j]);

		if (!order)
			return &x->prefixes[i];
		if (order < 0)
			i = seek(x, i, &y->prefixes[j]);
		else
			j = seek(y, j, &x->prefixes[i]);
	}
	return NULL;
}

/* Has the set networks of that family? Sets are sorted, IPv4 first. */
static bool set_has(const struct prefix_set *set, int family)
{
	size_t at = family == AF_INET ? 0 : set->list.count - 1;

	return set->list.count && set->list.prefixes[at].address.family == family;
}

/* ---- regions ---- */

static int validate_regions_differ(const struct model *m, size_t i, struct model_error *ret)
{
	const struct region *region = &m->regions[i];
	char text[PREFIX_TEXT];

	for (size_t k = 0; k < i; k++) {
		const struct region *other = &m->regions[k];
		const struct prefix *p = other->clients ?
					 shared_prefix(other->clients, region->clients) : NULL;

		if (p)
			return wrong(ret, (struct model_error){ .at = PART_REGION, .region = region },
				     "region %s has %s: want it in one region, %s has it too",
				     region->name, prefix_print(p, text), other->name);
	}
	return 0;
}

static int validate_regions(const struct model *m, struct model_error *ret)
{
	int err = 0;

	for (size_t i = 0; i < m->region_count && !err; i++) {
		const struct region *region = &m->regions[i];

		if (!region->clients)
			continue;
		if (!region->clients->list.count)
			return wrong(ret, (struct model_error){ .at = PART_REGION, .region = region },
				     "prefixes %.100s of region %s: want one network at least",
				     region->clients->file ?: "", region->name);
		err = validate_regions_differ(m, i, ret);
	}
	return err;
}

/* ---- interfaces ---- */

static int validate_interfaces(const struct model *m, struct model_error *ret)
{
	unsigned count = 0;

	for (size_t i = 0; i < m->interface_count; i++) {
		const struct interface *interface = &m->interfaces[i];
		struct model_error at = { .at = PART_INTERFACE_REGION, .index = i };

		if (!*interface->region)
			continue;
		if (!model_region(m, interface->region))
			return wrong(ret, at, "interface %s: region %s: want a region that there is",
				     interface->name, interface->region);
		if (++count > INTERFACE_REGIONS_MAX)
			return wrong(ret, at, "interface %s: region %s: want at most %u interfaces with one",
				     interface->name, interface->region, INTERFACE_REGIONS_MAX);
	}
	return 0;
}

/* ---- one rule ---- */

/* The rule that is being validated, and where the error goes. */
struct looking {
	const struct model *model;
	const struct service *service;
	const struct rule *rule;
	size_t index;			/* the rule's number in the service */
	struct model_error *ret;
};

static struct model_error at(const struct looking *l, enum model_part part, size_t item)
{
	return (struct model_error){
		.service = l->service, .at = part, .index = l->index, .item = item,
	};
}

#define WRONG(l, part, item, fmt, ...)                                            \
	wrong((l)->ret, at(l, part, item), "rule %zu of service %s: " fmt,        \
	      (l)->index + 1, (l)->service->name, ##__VA_ARGS__)

/* The set of a rule's clients; NULL: all other clients. */
static const struct prefix_set *rule_set(const struct model *m, const struct rule *rule)
{
	const struct region *region = *rule->region ? model_region(m, rule->region) : NULL;

	return region ? region->clients : rule->clients;
}

static int validate_families(const struct looking *l, const struct prefix_set *set)
{
	for (size_t i = 0; i < l->service->vip_count; i++)
		if (set_has(set, l->service->vips[i].address.family))
			return 0;
	return WRONG(l, PART_RULE_CLIENTS, 0,
		     "its clients are all %s: want a vip of that family, or other clients",
		     set_has(set, AF_INET) ? "IPv4" : "IPv6");
}

static int validate_clients(const struct looking *l)
{
	const struct rule *rule = l->rule;
	const struct region *region = model_region(l->model, rule->region);
	const struct prefix_set *set = rule_set(l->model, rule);

	if (!*rule->region && !set)
		return 0;
	if (*rule->region && !region)
		return WRONG(l, PART_RULE_CLIENTS, 0, "clients region=%s: want a region that there is",
			     rule->region);
	if (!set)
		return WRONG(l, PART_RULE_CLIENTS, 0, "clients region=%s: want one with prefixes",
			     rule->region);
	if (!set->list.count)
		return WRONG(l, PART_RULE_CLIENTS, 0, "clients %.100s: want one network at least",
			     set->file ?: "");
	return validate_families(l, set);
}

static bool any_tagged(const struct service *s, const char *tag)
{
	for (size_t i = 0; i < s->backend_count; i++)
		if (tags_have(s->backends[i].tags, tag))
			return true;
	return false;
}

/* Can no backend satisfy both constraints? A backend is in one region only. */
static bool contradict(const struct constraint *a, const struct constraint *b)
{
	if (a->tag != b->tag)
		return false;
	if (!strcmp(a->value, b->value))
		return a->required != b->required;
	return !a->tag && a->required && b->required;
}

static bool same(const struct constraint *a, const struct constraint *b)
{
	return a->tag == b->tag && a->required == b->required && !strcmp(a->value, b->value);
}

static int validate_constraint(const struct looking *l, size_t item)
{
	const struct constraint *all = l->rule->constraints, *c = &all[item];
	char text[CONSTRAINT_TEXT], other[CONSTRAINT_TEXT];

	constraint_print(c, text);
	if (!c->tag && !model_region(l->model, c->value))
		return WRONG(l, PART_RULE_CONSTRAINT, item, "constraint %s: want a region that there is",
			     text);
	if (c->tag && !any_tagged(l->service, c->value))
		return WRONG(l, PART_RULE_CONSTRAINT, item,
			     "constraint %s: want a tag that a backend of the service has", text);
	for (size_t i = 0; i < item; i++) {
		if (same(&all[i], c))
			return WRONG(l, PART_RULE_CONSTRAINT, item, "constraint %s: want it once", text);
		if (contradict(&all[i], c))
			return WRONG(l, PART_RULE_CONSTRAINT, item,
				     "constraint %s: want none that contradicts %s", text,
				     constraint_print(&all[i], other));
	}
	if (!c->tag && l->rule->strategy == STRATEGY_REGIONAL)
		return WRONG(l, PART_RULE_CONSTRAINT, item,
			     "constraint %s: want none on regions, as strategy regional is one", text);
	return 0;
}

static int validate_preference(const struct looking *l, size_t item)
{
	const char *name = l->rule->preferences[item];

	if (!model_region(l->model, name))
		return WRONG(l, PART_RULE_PREFERENCE, item, "preference %s: want a region that there is",
			     name);
	for (size_t i = 0; i < item; i++)
		if (!strcmp(l->rule->preferences[i], name))
			return WRONG(l, PART_RULE_PREFERENCE, item, "preference %s: want it once", name);
	return 0;
}

static int validate_strategy(const struct looking *l)
{
	const struct rule *rule = l->rule;

	if (rule->strategy != STRATEGY_NONE && rule->preference_count)
		return WRONG(l, PART_RULE_STRATEGY, 0, "strategy %s: want it or preferences, not both",
			     strategy_print(rule->strategy));
	if (rule->strategy == STRATEGY_NONE && !rule->preference_count && !rule->constraint_count)
		return WRONG(l, PART_RULE, 0, "it says nothing: want constraints, preferences or a strategy");
	return 0;
}

/* Can a client of the rule be in that region? */
static bool is_clients_region(const struct looking *l, const char *name)
{
	const struct region *region = model_region(l->model, name);

	return *l->rule->region ? !strcmp(l->rule->region, name) : region && region->clients;
}

static bool is_preferred(const struct rule *rule, const char *region)
{
	size_t count = rule->spillover == SPILLOVER_NONE ? 1 : rule->preference_count;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(rule->preferences[i], region))
			return true;
	return false;
}

static bool satisfies(const struct looking *l, const struct backend *b)
{
	const struct rule *rule = l->rule;

	return constraints_allow(rule->constraints, rule->constraint_count, b->region, b->tags) &&
	       (!rule->preference_count || is_preferred(rule, b->region)) &&
	       (rule->strategy != STRATEGY_REGIONAL || is_clients_region(l, b->region));
}

static int validate_satisfied(const struct looking *l)
{
	const struct rule *rule = l->rule;
	char text[CONSTRAINT_TEXT] = "";

	if (!rule->constraint_count && !rule->preference_count &&
	    rule->strategy != STRATEGY_REGIONAL)
		return 0;
	for (size_t i = 0; i < l->service->backend_count; i++)
		if (satisfies(l, &l->service->backends[i]))
			return 0;
	if (rule->constraint_count == 1 && !rule->preference_count &&
	    rule->strategy != STRATEGY_REGIONAL)
		return WRONG(l, PART_RULE, 0, "nothing can satisfy it: want a backend with %s",
			     constraint_print(rule->constraints, text));
	return WRONG(l, PART_RULE, 0, "nothing can satisfy it: want a backend that is %s",
		     rule->preference_count ? "in a region that it prefers, and within its constraints" :
		     rule->strategy == STRATEGY_REGIONAL ? "in the region of its clients, and within its constraints" :
							   "within all its constraints");
}

static int validate_rule(const struct looking *l)
{
	int err = validate_clients(l) ?: validate_strategy(l);

	for (size_t i = 0; i < l->rule->constraint_count && !err; i++)
		err = validate_constraint(l, i);
	for (size_t i = 0; i < l->rule->preference_count && !err; i++)
		err = validate_preference(l, i);
	return err ?: validate_satisfied(l);
}

/* ---- rules compared with each other ---- */

/*
 * Of two rules the rule with the longer prefix counts. With the same prefix in both,
 * neither would.
 */
static int validate_tie(const struct looking *l, const struct rule *other, size_t other_index)
{
	const struct prefix_set *set = rule_set(l->model, l->rule);
	const struct prefix_set *others = rule_set(l->model, other);
	const struct prefix *p;
	char text[PREFIX_TEXT];

	if (!set && !others)
		return WRONG(l, PART_RULE, 0,
			     "it is for everybody else: want one such rule, rule %zu is one",
			     other_index + 1);
	p = set && others ? shared_prefix(set, others) : NULL;
	if (p)
		return WRONG(l, PART_RULE_CLIENTS, 0,
			     "its clients are in %s: want other prefixes than those of rule %zu, which has it too",
			     prefix_print(p, text), other_index + 1);
	return 0;
}

/* A service has one table of homes, so that all its rules must count the same networks. */
static int validate_homes(const struct looking *l)
{
	const struct home *home = &l->rule->home;

	for (size_t i = 0; home->follow && i < l->index; i++)
		if (l->service->rules[i].home.follow &&
		    !home_equal(&l->service->rules[i].home, home))
			return WRONG(l, PART_RULE, 0, "home: want it as in rule %zu: a service has its homes in one table",
				     i + 1);
	return 0;
}

static int validate_rules(const struct model *m, const struct service *s, struct model_error *ret)
{
	int err = 0;

	for (size_t i = 0; i < s->rule_count && !err; i++) {
		struct looking l = { m, s, &s->rules[i], i, ret };

		err = validate_rule(&l);
		for (size_t k = 0; k < i && !err; k++)
			err = validate_tie(&l, &s->rules[k], k);
		err = err ?: validate_homes(&l);
	}
	return err;
}

/* ---- backends, schedules ---- */

static int validate_backends(const struct model *m, const struct service *s,
			     struct model_error *ret)
{
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = &s->backends[i];
		struct model_error at = { .service = s, .backend = b, .at = PART_BACKEND_REGION };

		if (*b->region && !model_region(m, b->region))
			return wrong(ret, at, "region %s of backend %s: want a region that there is",
				     b->region, b->name);
	}
	return 0;
}

/*
 * Validates the slots of one region, the first of which is at index `first` of the
 * service's schedule.
 */
static int validate_slots(const struct service *s, size_t first, struct model_error *ret)
{
	const char *region = s->daylights[first].region;
	struct schedule_entry entries[RULES_MAX];
	size_t indexes[RULES_MAX], count = 0;
	struct schedule_error why;

	for (size_t i = 0; i < first; i++)
		if (!strcmp(s->daylights[i].region, region))
			return 0;
	for (size_t i = first; i < s->daylight_count && count < RULES_MAX; i++) {
		if (strcmp(s->daylights[i].region, region))
			continue;
		indexes[count] = i;
		entries[count++] = s->daylights[i].entry;
	}
	if (!schedule_check(entries, count, &why))
		return 0;
	return wrong(ret, (struct model_error){ .service = s, .at = PART_DAYLIGHT,
						.index = indexes[why.entry] },
		     "schedule of region %s: %s", region, why.why.text);
}

static int validate_daylights(const struct model *m, const struct service *s,
			      struct model_error *ret)
{
	int err = 0;

	for (size_t i = 0; i < s->daylight_count && !err; i++) {
		struct model_error at = { .service = s, .at = PART_DAYLIGHT_REGION, .index = i };

		if (!model_region(m, s->daylights[i].region))
			err = wrong(ret, at, "region %s in the schedule of service %s: want a region that there is",
				    s->daylights[i].region, s->name);
		else
			err = validate_slots(s, i, ret);
	}
	return err;
}

int placement_validate(const struct model *m, struct model_error *ret)
{
	int err = validate_regions(m, ret) ?: validate_interfaces(m, ret);

	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct service *s = &m->services[i];

		err = validate_backends(m, s, ret) ?: validate_rules(m, s, ret) ?:
		      validate_daylights(m, s, ret);
	}
	return err;
}
