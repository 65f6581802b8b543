// SPDX-License-Identifier: GPL-2.0-or-later
/* The loads of backends, for bounds. */
#include "daemon/watch/loads.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "core/backend/load.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/live/traffic.h"
#include "dp/dp.h"

#define BOUND_MS 20u
#define SEEN_MS 1000u

/*
 * Adds what a backend has counted since the last look. Counters that went back are those of a
 * new owner of the id, and count from here.
 */
static void backend_look(const struct live *live, struct live_backend *backend, double age)
{
	struct xring_traffic now = live_traffic(live, backend);

	if (backend->looked && now.packets >= backend->last.packets &&
	    now.flows >= backend->last.flows)
		load_add(&backend->load,
			 now.packets - now.flows - (backend->last.packets - backend->last.flows),
			 now.flows - backend->last.flows, age);
	backend->last = now;
	backend->looked = true;
}

/*
 * Writes the load into the maps. Shed flows leave pins and LOOK in the backend's cells, for
 * which a walk must look; but a walk that ran while the backend was over its bound does not
 * count as complete, only a later one does.
 */
static bool backend_tell(struct live *live, struct live_backend *backend, uint32_t load)
{
	uint64_t *told = &live->dp->loads[backend->id];

	if (*told > XRING_LOAD_FULL || load > XRING_LOAD_FULL) {
		backend->over_walk = live->walk_begun;
		backend->service->look = backend->service->look ?: 1;
		live->settle_epoch = live->dp->epoch;	/* for packets that read the old load */
	}
	if (*told != load)
		__atomic_store_n(told, load, __ATOMIC_RELAXED);
	return load > XRING_LOAD_FULL;
}

static bool service_look(struct live *live, struct live_service *s, uint32_t bound,
			 double age)
{
	_free_ struct load *list = calloc(s->backend_count + 1, sizeof(*list));
	bool over = false;

	for (size_t i = 0; list && i < s->backend_count; i++) {
		backend_look(live, s->backends[i], age);
		s->backends[i]->load.weight = s->backends[i]->weight_most;
		list[i] = s->backends[i]->load;
	}
	if (!list)
		return false;
	loads_weigh(list, s->backend_count);
	for (size_t i = 0; i < s->backend_count; i++) {
		uint32_t load = bound ? load_per_bound(&list[i], bound) : 0;

		s->backends[i]->load.share = list[i].share;
		over |= backend_tell(live, s->backends[i], load);
	}
	return over;
}

static void look_due(void *context)
{
	struct loads *loads = context;
	struct engine *e = loads->engine;
	struct live *live = e->live;
	uint64_t now = clock_ns();
	bool bound = false;

	loads->shedding = false;
	live_traffic_look(live);
	for (size_t i = 0; i < live->service_count; i++) {
		const struct service *model = live->services[i]->model;
		uint32_t limit = model ? model->bound : 0;

		bound |= limit > 0;
		loads->shedding |= service_look(live, live->services[i], limit,
						(double)(now - loads->looked) / NS_PER_S);
	}
	loads->looked = now;
	loop_timer_set(&loads->timer, bound ? BOUND_MS : SEEN_MS);
	if (loads->shedding)
		walk_begin(e->walk);
}

int loads_open(struct engine *e, struct loads *ret)
{
	int err = loop_timer_new(e->loop, &ret->timer, look_due, ret);

	if (err)
		return err;
	ret->engine = e;
	ret->looked = clock_ns();
	loop_timer_set(&ret->timer, BOUND_MS);
	return 0;
}

void loads_close(struct loads *loads)
{
	if (loads->engine)
		loop_timer_close(loads->engine->loop, &loads->timer);
}
