// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes under way and past ones. */
#include <string.h>

#include "daemon/engine/log.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"

static json_t *number_or_null(uint64_t at, uint64_t now)
{
	return at > now ? json_real((at - now) / 1e9) : json_null();
}

json_t *view_change(struct change_entry *e, uint64_t now)
{
	uint64_t next = e->stage == STAGE_COPY ? e->begun + e->window :
			e->stage == STAGE_CATCH_UP ? e->begun + e->settle : 0;

	change_plan(e);
	return json_pack("{s:i, s:s, s:o, s:s, s:o, s:f, s:f, s:i, s:i, s:f, s:f, s:f, s:o, s:f}",
			 "id", e->id, "service", e->service, "what", change_whats_json(e), "stage",
			 stage_print(e->stage), "end", *e->end ? json_string(e->end) : json_null(),
			 "moved", e->moved, "least", e->least, "cells", e->cells, "pins", e->pins,
			 "old_per_s", e->old_per_s, "started", e->asked_ms / 1000.0, "age",
			 change_age_ms(e) / 1000.0, "next_in", number_or_null(next, now),
			 "settle", e->settle / 1e9);
}

static json_t *backends_json(const struct plan *plan, bool after)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->backend_count; i++) {
		const struct plan_backend *b = &plan->backends[i];

		if (!(after ? b->after : b->before))
			continue;
		json_array_append_new(list, json_pack(
			"{s:s, s:f, s:f}", "name", b->name, "weight",
			(after ? b->weight_after : b->weight_before) / 1000.0, "share",
			(double)(after ? b->share_after : b->share_before) / PLAN_CIRCLE));
	}
	return list;
}

void plan_json(const struct plan *plan, json_t *to)
{
	json_t *moves = json_array();

	for (size_t i = 0; i < plan->move_count; i++) {
		const struct plan_move *m = &plan->moves[i];

		json_array_append_new(moves, json_pack(
			"{s:s?, s:s?, s:f}", "from", plan_name(plan, m->from), "to",
			plan_name(plan, m->to), "share",
			(double)m->share / PLAN_CIRCLE));
	}
	json_object_set_new(to, "before", backends_json(plan, false));
	json_object_set_new(to, "after", backends_json(plan, true));
	json_object_set_new(to, "moved", json_real((double)plan->moved / PLAN_CIRCLE));
	json_object_set_new(to, "least", json_real(plan->least));
	json_object_set_new(to, "moves", moves);
}

json_t *view_change_whole(struct change_entry *e, uint64_t now)
{
	json_t *json = view_change(e, now);
	struct plan plan;

	if (change_plan_new(e, &plan))
		return json;
	plan_json(&plan, json);
	plan_clear(&plan);
	return json;
}
