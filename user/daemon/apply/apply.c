// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order in which the maps become what the model says: service_apply() for one service,
 * live_apply() for all.
 */
#include "daemon/apply/apply.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/model/tunnel_source.h"
#include "core/ring/moving_cells.h"
#include "daemon/apply/parts.h"
#include "daemon/apply/weigh.h"
#include "daemon/live/backends.h"
#include "daemon/live/cells.h"
#include "daemon/live/classes.h"
#include "daemon/live/compile.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/ingress.h"
#include "daemon/live/live.h"
#include "daemon/live/places.h"
#include "daemon/live/rings.h"
#include "daemon/live/times.h"
#include "daemon/live/vips.h"
#include "daemon/live/ways_back.h"

/* Ends all moves of a service at once: no flow is kept. */
static void service_close(struct live *live, struct live_service *s)
{
	for (size_t i = 0; i < s->ring_count; i++)
		if (s->rings[i]->has_extent)
			cells_close(&s->rings[i]->cells);
	classes_close(live, s);
	live_keys_drop(live, s);
	s->rekeyed = true;
}

/* A change of the partition key moves every flow, whatever the ring says: none can be kept. */
static void key_set(struct live *live, struct live_service *s, const struct service *model)
{
	if (s->key_known && !key_equal(&s->key, &model->key))
		service_close(live, s);
	s->key = model->key;
	s->key_known = true;
}

/* A service that cannot follow the model yet: its dead are cut all the same. */
static void service_bury(struct live *live, struct live_service *s,
			 const struct live_times *times, struct live_report *report)
{
	uint64_t next;

	backends_weigh(live, s, s->model, times->now, &next);
	backends_show(live, s);
	for (size_t i = 0; i < s->ring_count; i++)
		if (!s->rings[i]->frozen)
			ring_bury(live, s->rings[i], times, report);
}

static int service_apply(struct live *live, const struct model *m, const struct service *model,
			 const struct live_times *times, struct live_report *report)
{
	struct live_service *s = live_service_get(live, model->name);
	struct live_times clients = *times;
	uint64_t next;
	int err;

	if (!s)
		return -ENOMEM;
	clients.cut |= !s->main->has_extent;	/* a new service has no flows to keep */
	s->model = model;
	s->tunnel_source = tunnel_source(m, model);
	s->gue = service_gue(m, model);
	key_set(live, s, model);
	err = classes_prepare(live, s, m, model) ?: backends_sync(live, s, model, times);
	if (err) {
		service_bury(live, s, times, report);
		return err;
	}
	backends_weigh(live, s, model, times->now, &next);
	places_write(live, s);
	backends_show(live, s);
	for (size_t i = 0; i < s->ring_count; i++) {
		int one = s->rings[i]->frozen ? 0 : ring_apply(live, s->rings[i], times, report);

		err = err ?: one;
	}
	classes_follow(live, s);	/* what became of its rings, all the same */
	return err ?: classes_apply(live, s, &clients) ?: rings_forget(live, s);
}

static int services_apply(struct live *live, const struct model *m,
			  const struct live_times *times, struct live_report *report)
{
	int err = 0;

	for (size_t i = 0; i < m->service_count; i++) {
		int one = service_apply(live, m, &m->services[i], times, report);
		struct live_service *s = live_service(live, m->services[i].name);

		if (s)
			s->failed = one;
		if (one)
			log_err(one, "service %s could not be brought to the new state", m->services[i].name);
		err = err ?: one;
	}
	return err;
}

int live_apply(struct live *live, const struct model *m, const struct live_times *times,
	       struct live_report *ret)
{
	uint64_t start = clock_ns();
	int err, vips;

	*ret = (struct live_report){};
	live_models_set(live, m);
	for (size_t i = 0; i < live->service_count; i++)
		live->services[i]->gone = !live->services[i]->model;
	live_ingresses_set(live, m);
	err = live_regions_set(live, m) ?: ways_back_look(live, times->now, times->cut) ?:
	      live_make_room(live, m);
	if (err)
		return err;
	err = services_apply(live, m, times, ret);
	ret->ns = clock_ns() - start;
	live_ahead_clear(live);
	vips = live_vips_write(live, m);
	if (vips)
		return err ?: vips;
	live_ingresses_write(live);
	live_cleanup(live);
	ret->done = true;
	return err;
}

void live_close_cells(struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++)
		service_close(live, live->services[i]);
}
