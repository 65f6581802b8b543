// SPDX-License-Identifier: GPL-2.0-or-later
/* What counts of each backend's weight now (core/standing.c), for the maps and for plans. */
#include "core/standing.h"

#include <errno.h>

#include "base/util.h"
#include "daemon/live_cells.h"
#include "daemon/live_node.h"

bool node_joins(const struct live_node *node)
{
	return node->checked.kind && node->health.state == HEALTH_UNKNOWN && node->owner->joined &&
	       node->state == BACKEND_ACTIVE;
}

bool service_joins(const struct live_service *s)
{
	for (size_t i = 0; i < s->node_count; i++)
		if (node_joins(s->nodes[i]))
			return true;
	return false;
}

static struct standing standing_of(const struct live_node *node, const struct service *model)
{
	return (struct standing){
		.weight = node->weight,
		.state = node->state,
		.down = model->check.kind && node->health.state == HEALTH_DOWN,
		.joining = model->check.kind && node_joins(node),
		.ramp_from = node->owner->ramp_from,
		.drain_until = node->owner->drain_until,
	};
}

static void sooner(uint64_t *next, uint64_t at)
{
	if (at && (!*next || at < *next))
		*next = at;
}

bool nodes_weigh(struct live_service *s, const struct service *model, uint64_t now,
		 uint64_t *ret_next)
{
	_free_ struct standing *list = calloc(s->node_count + 1, sizeof(*list));
	bool changed = false;
	uint64_t next = 0;

	for (size_t i = 0; list && i < s->node_count; i++)
		list[i] = standing_of(s->nodes[i], model);
	if (list)
		standings_weigh(model, list, s->node_count, now, &next);
	for (size_t i = 0; list && i < s->node_count; i++) {
		struct live_node *node = s->nodes[i];
		uint32_t points = weight_points(list[i].counts, model->vnodes);

		changed |= points != node_points(s, node) || list[i].dead != node->dead;
		node->counts = list[i].counts;
		node->points = points;
		node->dying = list[i].dead;
	}
	for (size_t i = 0; i < s->leaving_count; i++) {
		struct live_node *node = s->leaving[i];

		node->dying = now >= node->owner->drain_until;
		changed |= node->dying != node->dead;
		if (!node->dying)
			sooner(&next, node->owner->drain_until);
	}
	*ret_next = next;
	return changed;
}

uint16_t live_id(const struct live_service *s, const struct backend *b)
{
	const struct live_node *node = s ? live_node(s, b->name) : NULL;

	return node && node_is(node, b) ? node->id : LIVE_ID_NEW;
}

int live_weigh(const struct live *live, const struct service *s, uint64_t now,
	       struct plan_node *ret)
{
	_free_ struct standing *list = calloc(s->backend_count + 1, sizeof(*list));
	const struct live_service *ls = live_service(live, s->name);
	uint64_t next;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = &s->backends[i];
		const struct live_node *node = ls ? live_node(ls, b->name) : NULL;

		if (node && node_is(node, b))
			list[i] = standing_of(node, s);
		list[i].weight = b->weight;
		list[i].state = b->state;
	}
	standings_weigh(s, list, s->backend_count, now, &next);
	for (size_t i = 0; i < s->backend_count; i++)
		ret[i] = (struct plan_node){ s->backends[i].name, list[i].counts,
					     weight_points(list[i].counts, s->vnodes),
					     live_id(ls, &s->backends[i]) };
	return 0;
}
