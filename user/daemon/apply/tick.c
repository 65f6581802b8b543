// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What becomes due in the maps by time alone: cells, classes and keys that settle, weights
 * that change.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/ring/moving_cells.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/weigh.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "dp/dp.h"

static void ring_tick(struct live *live, struct live_ring *r, uint64_t now, uint64_t *next)
{
	struct live_service *s = r->service;
	struct moving_times times = service_times(s, now);
	struct cells_step step;

	if (!r->has_extent || !r->cells.moving)
		return;
	cells_settle(&r->cells, &times, &step);
	if (step.settled)
		service_settled(live, s);
	if (step.held)
		log_warn("service %s: %u cells stay as they are: the table of pins is full",
			 s->name, step.held);
	sooner(next, step.next * NS_PER_TENTH);
}

uint64_t live_tick(struct live *live, uint64_t now, bool *ret_apply)
{
	bool apply = false;
	uint64_t next = 0;

	ways_back_bury(live);
	/* A service that failed is tried again with the next flush, and asks for none. */
	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];
		bool due = false;
		uint64_t at = 0;

		for (size_t k = 0; k < s->ring_count; k++)
			ring_tick(live, s->rings[k], now, &next);
		sooner(&next, classes_tick(live, s, now, &due));
		due |= s->model && backends_weigh(live, s, s->model, now, &at);
		apply |= due && !s->failed;
		sooner(&next, at);
	}
	sooner(&next, live_keys_tick(live, now));
	/*
	 * During the take-over from another version, classes of no service stay: the last
	 * program may use them.
	 */
	*ret_apply = apply || (live->classes_strange && live->dp->fresh_fd < 0);
	return next;
}

bool live_busy(const struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++) {
		const struct live_service *s = live->services[i];

		if (service_moving(s) || (s->classes && s->classes->moving) || s->keys_moving ||
		    s->look || s->leaving_count || s->rekeyed)
			return true;
	}
	return false;
}
