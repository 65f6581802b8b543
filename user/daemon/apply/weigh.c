// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The effective weight of each backend: by its state and health (core/backend/standing.c) and
 * by its region (core/place/weigh.c), for the maps and for plans.
 */
#include "daemon/apply/weigh.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "core/backend/standing.h"
#include "core/place/weigh.h"
#include "core/ring/plan.h"
#include "core/value/number.h"
#include "daemon/apply/apply.h"
#include "daemon/live/backends.h"
#include "daemon/live/cells.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"

/* weight, state: what the operator wants of the backend. */
static struct standing standing_of(const struct live_backend *backend, uint32_t weight,
				   enum backend_state state, const struct service *model)
{
	struct agent_word agent = backend_agent(backend);
	struct standing st = {
		.weight = weight,
		.state = state,
		.down = model->check.kind && backend->health.state == HEALTH_DOWN,
		.joining = model->check.kind && backend_joins(backend),
		.waits = backend->waits,
		.ramp_from = backend->owner->ramp_from,
		.drain_until = backend->owner->drain_until,
	};

	if (model->agent.kind)
		agent_weigh(&agent, &st);
	return st;
}

/*
 * Applies the route and the service's schedule to the weights in `list`. backends[i] is the
 * model's backend of list[i]; NULL: the model does not have it any more.
 */
static void place(const struct live *live, const struct service *s, const struct route *route,
		  const struct backend *const *backends, struct standing *list, size_t count,
		  uint64_t now, int64_t wall, uint64_t *next)
{
	_free_ struct placed *places = calloc(count + 1, sizeof(*places));
	_free_ size_t *at = calloc(count + 1, sizeof(*at));
	size_t used = 0;
	int64_t then;

	if (!places || !at)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!backends[i])
			continue;
		at[used] = i;
		places[used++] = (struct placed){ backends[i],
			list[i].state == BACKEND_ACTIVE ? list[i].weight : 0, list[i].counts };
	}
	if (places_weigh(s, route, live->zones, wall, places, used, &then))
		return;
	for (size_t i = 0; i < used; i++) {
		list[at[i]].counts = places[i].counts;
		list[at[i]].forbidden = places[i].forbidden;
	}
	if (then != INT64_MAX)
		sooner(next, now + (then - wall) * NS_PER_MS);
}

static int parts_grow(struct live_ring *r)
{
	uint32_t count = r->service->index_count;
	struct live_part *parts;

	if (r->part_count >= count)
		return 0;
	parts = reallocarray(r->parts, count, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	memset(parts + r->part_count, 0, (count - r->part_count) * sizeof(*parts));
	r->parts = parts;
	r->part_count = count;
	return 0;
}

/*
 * Sets the effective weights in one ring; stand: the weights before the ring's route counts.
 * True: the points change.
 */
static bool ring_weigh(const struct live *live, struct live_ring *r, const struct service *model,
		       const struct standing *stand, const struct backend *const *backends,
		       uint64_t now, uint64_t *next)
{
	const struct live_service *s = r->service;
	struct density density = service_density(model);
	_free_ struct standing *list = calloc(s->backend_count + 1, sizeof(*list));
	bool changed = false;

	if (!list || parts_grow(r))
		return false;
	memcpy(list, stand, s->backend_count * sizeof(*list));
	place(live, model, &r->route, backends, list, s->backend_count, now, live_wall_ms(live),
	      next);
	for (size_t i = 0; i < s->backend_count; i++) {
		struct live_backend *backend = s->backends[i];
		struct live_part *part = &r->parts[backend->index];

		part->weight_now = list[i].counts;
		part->points = density_points(density, list[i].counts);
		part->forbidden = list[i].forbidden;
		backend->forbidden &= list[i].forbidden;
		backend->weight_most = part->weight_now > backend->weight_most
					       ? part->weight_now
					       : backend->weight_most;
		if (r == s->main)
			backend->weight_now = part->weight_now;
		changed |= part->points != ring_points(r, backend);
	}
	return changed;
}

/*
 * A leaving backend must lose its points in every ring. By the region and tags that it last
 * had, a ring whose route excludes the backend must not keep even its old flows.
 */
static void ring_weigh_leaving(struct live_ring *r)
{
	for (size_t i = 0; i < r->service->leaving_count; i++) {
		const struct live_backend *backend = r->service->leaving[i];

		if (backend->index >= r->part_count || !ring_points(r, backend))
			continue;
		r->parts[backend->index] = (struct live_part){
			.forbidden = !backend->place_unknown &&
				     !route_allows(&r->route, backend->region, backend->tags),
		};
	}
}

static bool rings_weigh(const struct live *live, struct live_service *s,
			const struct service *model, const struct standing *stand,
			const struct backend *const *backends, uint64_t now, uint64_t *next)
{
	bool changed = false;

	for (size_t i = 0; i < s->backend_count; i++) {
		s->backends[i]->forbidden = true;
		s->backends[i]->weight_most = 0;
	}
	for (size_t i = 0; i < s->ring_count; i++) {
		if (s->rings[i]->frozen)
			continue;
		changed |= ring_weigh(live, s->rings[i], model, stand, backends, now, next);
		ring_weigh_leaving(s->rings[i]);
	}
	return changed;
}

/* Whether the backend waits for its way back. One that is in the model no more keeps what it was. */
static void waits_set(const struct live *live, const struct service *model,
		      const struct backend *b, struct live_backend *backend, uint64_t now)
{
	const struct way_back *way = b ? way_back_taken(&live->ways, model, &b->address, b->port) :
					 NULL;
	char text[ENDPOINT_TEXT];

	if (!b || backend->waits == !!way)
		return;
	backend->waits = way;
	endpoint_print(&backend->address, backend->port, text);
	if (way) {
		log_of(LOG_LEVEL_INFO, "backend", model->name,
		       "backend %s of %s at %s waits until the flows of backend %s of %s are gone",
		       backend->name, model->name, text, way->of->name, way->of->service->name);
		return;
	}
	log_of(LOG_LEVEL_INFO, "backend", model->name,
	       "backend %s of %s at %s waits no more: it gets its share", backend->name, model->name,
	       text);
	backend->waited = true;
	if (backend->owner->ramp_from)
		backend->owner->ramp_from = now;	/* nothing came while it waited */
}

bool backends_weigh(const struct live *live, struct live_service *s, const struct service *model,
		 uint64_t now, uint64_t *ret_next)
{
	_free_ struct standing *list = calloc(s->backend_count + 1, sizeof(*list));
	_free_ const struct backend **backends = calloc(s->backend_count + 1, sizeof(*backends));
	bool changed = false;
	uint64_t next = 0;

	for (size_t i = 0; list && backends && i < s->backend_count; i++) {
		backends[i] = service_backend(model, s->backends[i]->name);
		waits_set(live, model, backends[i], s->backends[i], now);
		list[i] = standing_of(s->backends[i], s->backends[i]->weight, s->backends[i]->state,
				      model);
	}
	if (list && backends) {
		standings_weigh(model, list, s->backend_count, now, &next);
		changed = rings_weigh(live, s, model, list, backends, now, &next);
	}
	for (size_t i = 0; list && backends && i < s->backend_count; i++) {
		struct live_backend *backend = s->backends[i];
		bool dead = list[i].dead || backend->forbidden;	/* its flows are cut, too */

		changed |= dead != backend->dead;
		backend->dead_wanted = dead;
	}
	for (size_t i = 0; i < s->leaving_count; i++) {
		struct live_backend *backend = s->leaving[i];

		backend->dead_wanted = now >= backend->owner->drain_until;
		changed |= backend->dead_wanted != backend->dead;
		if (!backend->dead_wanted)
			sooner(&next, backend->owner->drain_until);
	}
	*ret_next = next;
	return changed;
}

uint16_t live_id(const struct live_service *s, const struct backend *b)
{
	const struct live_backend *backend = s ? live_backend(s, b->name) : NULL;

	return backend && backend_is(backend, b) ? backend->id : LIVE_ID_NEW;
}

int live_weigh(const struct live *live, const struct service *s, const struct route *route,
	       uint64_t now, struct plan_node *ret)
{
	return live_weigh_at(live, s, route, now, live_wall_ms(live), ret);
}

int live_weigh_at(const struct live *live, const struct service *s, const struct route *route,
		  uint64_t now, int64_t wall, struct plan_node *ret)
{
	_free_ struct standing *list = calloc(s->backend_count + 1, sizeof(*list));
	_free_ const struct backend **backends = calloc(s->backend_count + 1, sizeof(*backends));
	const struct live_service *ls = live_service(live, s->name);
	uint64_t next;

	if (!list || !backends)
		return -ENOMEM;
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = &s->backends[i];
		const struct live_backend *backend = ls ? live_backend(ls, b->name) : NULL;

		if (backend && backend_is(backend, b))
			list[i] = standing_of(backend, b->weight, b->state, s);
		else
			list[i] = (struct standing){ .weight = b->weight, .state = b->state };
		list[i].waits = way_back_taken(&live->ways, s, &b->address, b->port);
		backends[i] = b;
	}
	standings_weigh(s, list, s->backend_count, now, &next);
	place(live, s, route, backends, list, s->backend_count, now, wall, &next);
	for (size_t i = 0; i < s->backend_count; i++)
		ret[i] = (struct plan_node){ s->backends[i].name, list[i].counts,
					     density_points(service_density(s), list[i].counts),
					     live_id(ls, &s->backends[i]) };
	return 0;
}
