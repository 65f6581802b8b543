// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What differs between two models of a service: in the words of the commands; and as two services
 * without what is equal in both, so that it can be undone. The merge that undoes it leaves what is
 * in neither as it runs.
 */
#include "daemon/engine/describe.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "conf/conf.h"
#include "core/model/merge.h"
#include "core/model/model.h"
#include "core/model/rules.h"
#include "core/value/number.h"
#include "daemon/engine/log.h"

/* ---- in words ---- */

struct description {
	struct changes *changes;
	const char *service;
	struct change_entry *entry;
};

static const char *state_word(enum backend_state from, enum backend_state to)
{
	if (to == BACKEND_DRAINING)
		return "drain";
	if (to == BACKEND_MAINTENANCE)
		return "maintenance";
	return from == BACKEND_DRAINING ? "undrain" : "enable";
}

static void describe_set(struct description *say, const struct backend *was,
			 const struct backend *now)
{
	char weight[WEIGHT_TEXT], address[ENDPOINT_TEXT];

	if (was->weight != now->weight)
		say->entry = changes_ask(say->changes, say->service, "backend set %s: weight %s",
					 now->name, weight_print(now->weight, weight));
	if (!address_equal(&was->address, &now->address) || was->port != now->port)
		say->entry = changes_ask(say->changes, say->service, "backend set %s: address %s",
					 now->name,
					 endpoint_print(&now->address, now->port, address));
	if (strcmp(was->region, now->region))
		say->entry = changes_ask(say->changes, say->service, "backend set %s: region %s",
					 now->name, *now->region ? now->region : "none");
	if (strcmp(was->tags, now->tags))
		say->entry = changes_ask(say->changes, say->service, "backend set %s: tags %s",
					 now->name, *now->tags ? now->tags : "none");
	if (was->state != now->state)
		say->entry = changes_ask(say->changes, say->service, "backend %s %s",
					 state_word(was->state, now->state), now->name);
}

struct change_entry *changes_describe(struct changes *c, const struct service *was,
				 const struct service *now)
{
	struct description say = { c, now->name, NULL };
	char text[WEIGHT_TEXT];
	size_t i = 0, j = 0;

	while (i < was->backend_count || j < now->backend_count) {
		int order = i == was->backend_count ? 1 : j == now->backend_count ? -1 :
			    strcmp(was->backends[i].name, now->backends[j].name);

		if (order < 0)
			say.entry = changes_ask(c, now->name, "backend del %s",
						was->backends[i++].name);
		else if (order > 0)
			say.entry = changes_ask(c, now->name, "backend add %s",
						now->backends[j++].name);
		else
			describe_set(&say, &was->backends[i++], &now->backends[j++]);
	}
	if (was->vnodes != now->vnodes)
		say.entry = changes_ask(c, now->name, "vnodes %u", now->vnodes);
	if (was->weight_unit != now->weight_unit)
		say.entry = changes_ask(c, now->name, "weight_unit %s",
					thousandths_print(now->weight_unit, text));
	return say.entry;
}

/* ---- to undo it ---- */

/* The backends of s that `other` does not have, or has as others; as many as s has may be. */
static size_t backends_differing(const struct service *s, const struct service *other,
				 struct backend *ret)
{
	size_t count = 0, j = 0;

	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = &s->backends[i];

		while (j < other->backend_count && strcmp(other->backends[j].name, b->name) < 0)
			j++;
		if (j == other->backend_count || !backend_equal(&other->backends[j], b))
			ret[count++] = *b;
	}
	return count;
}

/* YAML of a service without what is equal in `other`; NULL: no memory. */
static char *text_differing(const struct service *s, const struct service *other)
{
	_free_ struct backend *backends = calloc(s->backend_count + 1, sizeof(*backends));
	struct service part = *s;
	struct model one;

	if (!backends)
		return NULL;
	part.backends = backends;
	part.backend_count = backends_differing(s, other, backends);
	if (vips_equal(s, other) && s->vip_count)
		part.vip_count = 1;
	if (rules_equal(s->rules, s->rule_count, other->rules, other->rule_count))
		part.rule_count = 0;
	if (daylights_equal(s->daylights, s->daylight_count, other->daylights,
			    other->daylight_count))
		part.daylight_count = 0;
	model_init(&one);
	one.services = &part;
	one.service_count = 1;
	return conf_print(&one);
}

void undo_keep(struct change_entry *entry, const struct service *was, const struct service *now)
{
	if (entry)
		change_undo(entry, text_differing(now, was), text_differing(was, now));
}
