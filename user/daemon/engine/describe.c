// SPDX-License-Identifier: GPL-2.0-or-later
/* What differs between two models of a service, in the words of the commands. */
#include <string.h>

#include "core/model/model.h"
#include "core/value/number.h"
#include "daemon/engine/log.h"

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
	return say.entry;
}
