// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "core/model/home_text.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/value/prefix_set.h"

/* ---- regions ---- */

struct region *regions_copy(const struct region *regions, size_t count)
{
	struct region *copy = array_copy(regions, count, sizeof(*copy));

	for (size_t i = 0; copy && i < count; i++)
		prefix_set_get(copy[i].clients);
	return copy;
}

void regions_free(struct region *regions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		prefix_set_put(regions[i].clients);
	free(regions);
}

bool region_equal(const struct region *a, const struct region *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->timezone, b->timezone) &&
	       prefix_set_equal(a->clients, b->clients);
}

/* ---- rules ---- */

struct rule *rules_copy(const struct rule *rules, size_t count)
{
	struct rule *copy = array_copy(rules, count, sizeof(*copy));

	for (size_t i = 0; copy && i < count; i++)
		prefix_set_get(copy[i].clients);
	return copy;
}

void rules_free(struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		prefix_set_put(rules[i].clients);
	free(rules);
}

static bool constraints_equal(const struct rule *a, const struct rule *b)
{
	if (a->constraint_count != b->constraint_count)
		return false;
	for (size_t i = 0; i < a->constraint_count; i++) {
		const struct constraint *x = &a->constraints[i], *y = &b->constraints[i];

		if (x->required != y->required || x->tag != y->tag || strcmp(x->value, y->value))
			return false;
	}
	return true;
}

static bool preferences_equal(const struct rule *a, const struct rule *b)
{
	if (a->preference_count != b->preference_count)
		return false;
	for (size_t i = 0; i < a->preference_count; i++)
		if (strcmp(a->preferences[i], b->preferences[i]))
			return false;
	return true;
}

static bool rule_equal(const struct rule *a, const struct rule *b)
{
	return !strcmp(a->region, b->region) && a->strategy == b->strategy &&
	       a->spillover == b->spillover && a->threshold == b->threshold &&
	       home_equal(&a->home, &b->home) && constraints_equal(a, b) &&
	       preferences_equal(a, b) &&
	       prefix_set_equal(a->clients, b->clients);
}

bool rules_equal(const struct rule *a, size_t a_count, const struct rule *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (!rule_equal(&a[i], &b[i]))
			return false;
	return true;
}

/* ---- schedules ---- */

static bool daylight_equal(const struct daylight *a, const struct daylight *b)
{
	return !strcmp(a->region, b->region) && a->entry.from == b->entry.from &&
	       a->entry.to == b->entry.to && a->entry.days == b->entry.days &&
	       a->entry.weight == b->entry.weight && a->entry.over_ms == b->entry.over_ms;
}

bool daylights_equal(const struct daylight *a, size_t a_count, const struct daylight *b,
		     size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (!daylight_equal(&a[i], &b[i]))
			return false;
	return true;
}

const struct rule *service_rule(const struct service *s)
{
	for (size_t i = 0; i < s->rule_count; i++)
		if (!s->rules[i].clients && !*s->rules[i].region)
			return &s->rules[i];
	return NULL;
}

const struct home *service_home(const struct service *s)
{
	for (size_t i = 0; i < s->rule_count; i++)
		if (s->rules[i].home.follow)
			return &s->rules[i].home;
	return NULL;
}
