// SPDX-License-Identifier: GPL-2.0-or-later
/* What leaves the maps: ended services, leaving backends, and what nothing names any more. */
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/parts.h"
#include "daemon/live/backends.h"
#include "daemon/live/cells.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/rule_counters.h"
#include "daemon/live/vips.h"
#include "dp/dp.h"
#include "dp/drops.h"
#include "dp/write.h"

void service_free(struct live *live, struct live_service *s)
{
	for (size_t i = 0; i < s->backend_count; i++)
		backend_free(live, s->backends[i]);
	for (size_t i = 0; i < s->leaving_count; i++)
		backend_free(live, s->leaving[i]);
	free(s->backends);
	free(s->leaving);
	classes_free(s);
	for (size_t i = 0; i < s->ring_count; i++)
		live_ring_free(s->rings[i]);
	for (size_t i = 0; i < s->rule_counter_count; i++)
		free(s->rule_counters[i]);
	free(s->rings);
	free(s->rule_counters);
	free(s->homes);
	free(s);
}

static void services_forget(struct live *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		if (!s->gone) {
			live->services[kept++] = s;
			continue;
		}
		classes_drop(live, s);
		for (size_t k = 0; k < s->ring_count; k++)
			ring_drop(live, s->rings[k]);
		rule_counters_unwant(s);
		rule_counters_forget(live, s);
		live_keys_drop(live, s);
		for (size_t n = 0; n < s->backend_count; n++)
			backend_id_free(live, s->backends[n]->id);
		for (size_t n = 0; n < s->leaving_count; n++)
			backend_id_free(live, s->leaving[n]->id);
		for (struct service_listener *l = live->service_listeners; l; l = l->next)
			l->gone(l->context, s);
		dp_drops_move(live->dp, s->number, XRING_DROPS_NOBODY);
		live->by_number[s->number] = NULL;
		service_free(live, s);
	}
	live->service_count = kept;
}

static void stale_forget(struct live *live)
{
	for (size_t i = 0; i < live->stale_count; i++)
		backend_id_free(live, live->stale_ids[i]);
	live->stale_count = 0;
}

/* May a cell of the ring name the backend, as newest or old answer? */
static bool ring_names(const struct live_ring *r, const struct live_backend *backend)
{
	return r->frozen || r->cells.moving || ring_points(r, backend);
}

/*
 * May the leaving backend be freed? No cell names it once the cells have settled, and no pin
 * once a whole walk has found none.
 */
static bool may_go(const struct live *live, const struct live_service *s,
		   const struct live_backend *backend)
{
	for (size_t i = 0; i < s->ring_count; i++)
		if (ring_names(s->rings[i], backend))
			return false;
	return !backend->pins && !live_keys_name(live, backend->id) &&
	       live->walk_done > backend->left_walk && live->walk_done > s->settled;
}

static bool any_gone(const struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++)
		if (live->services[i]->gone || classes_gone(live->services[i]))
			return true;
	return live->classes_strange || live->prefixes->blocks.retired_lines ||
	       live->spills.retired_count || live->foreign_count || live->stale_count;
}

void live_cleanup(struct live *live)
{
	if (!any_gone(live))
		return;
	dp_grace(live->dp);
	services_forget(live);
	/*
	 * During the take-over from another version the last program may still have tables
	 * that name these classes.
	 */
	for (size_t i = 0; i < live->service_count && live->dp->fresh_fd < 0; i++)
		classes_forget(live, live->services[i]);
	if (live->dp->fresh_fd < 0)
		classes_strange_forget(live);
	lpm_pool_reclaim(live->prefixes);
	extents_forget(live);
	stale_forget(live);
	spill_pool_reclaim(&live->spills);
}

bool live_cut_leaving(struct live *live, const char *service, const char *name, uint64_t now)
{
	struct live_service *s = live_service(live, service);
	bool any = false;

	for (size_t i = 0; s && i < s->leaving_count; i++) {
		if (strcmp(s->leaving[i]->name, name))
			continue;
		s->leaving[i]->owner->drain_until = now;
		any = true;
	}
	return any;
}

int live_sweep(struct live *live, const struct model *m)
{
	size_t leave = 0;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		for (size_t n = s->leaving_count; n-- > 0;) {
			if (!may_go(live, s, s->leaving[n]))
				continue;
			if (!leave++)
				dp_grace(live->dp);
			log_of(LOG_LEVEL_INFO, "backend", s->name, "backend %s of %s: its last flow has gone",
			       s->leaving[n]->name, s->name);
			backend_forget(live, s, n);
		}
	}
	return leave ? live_vips_write(live, m) : 0;
}
