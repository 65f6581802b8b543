// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is kept of a request, so that it can be undone: the service after it and before, each
 * without what is equal in both. The merge that undoes it leaves such things as they run.
 */
#include "daemon/engine/undo_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "conf/conf.h"
#include "core/model/merge.h"
#include "core/model/model.h"
#include "core/model/rules.h"
#include "daemon/engine/log.h"

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
