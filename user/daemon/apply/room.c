// SPDX-License-Identifier: GPL-2.0-or-later
/* Is there room in the maps for a model? Answered before anything of the model is applied. */
#include <errno.h>

#include "base/why.h"
#include "core/place/routes.h"
#include "core/value/number.h"
#include "core/vip/slots.h"
#include "daemon/apply/apply.h"
#include "daemon/live/backends.h"
#include "daemon/live/cells.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "dp/dp.h"

static size_t service_points(const struct service *s)
{
	size_t points = 0;

	for (size_t i = 0; i < s->backend_count; i++)
		points += weight_points(s->backends[i].weight, s->vnodes);
	return points;
}

/*
 * Backends that are leaving, and those that would begin to leave with this model: all keep
 * their ids.
 */
static size_t backends_leaving(const struct live_service *s, const struct service *model)
{
	size_t count = s->leaving_count;

	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = service_backend(model, s->backends[i]->name);

		count += !b || !backend_is(s->backends[i], b);
	}
	return count;
}

/* How many rings of 2^bits cells a service needs beside those that it has. */
static int rings_more(const struct live_service *ls, const struct model *m, const struct service *s,
		      unsigned bits, size_t *ret)
{
	size_t routes = 0, strict, have = 0;
	int err = s->rule_count ? routes_count(m, s, &routes, &strict) : 0;

	for (size_t i = 0; ls && i < ls->ring_count; i++)
		have += ls->rings[i]->has_extent && ls->rings[i]->cells.bits >= bits;
	routes = routes ?: 1;
	*ret = routes > have ? routes - have : 0;
	return err;
}

int live_check(const struct live *live, const struct model *m, struct why *why)
{
	size_t backends = 0, slots = slots_count(m), leaving, rings;
	struct arena arena;
	int err = arena_copy(&live->arena, &arena);

	if (err)
		return err;
	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct service *s = &m->services[i];
		const struct live_service *ls = live_service(live, s->name);
		size_t points = service_points(s);
		unsigned bits = ring_bits(ls ? ls->main : NULL, points);
		uint32_t base;

		leaving = ls ? backends_leaving(ls, s) : 0;
		backends += s->backend_count + leaving;
		slots += mode_replies_return(s->mode) ? s->vip_count * leaving : 0;
		err = rings_more(ls, m, s, bits, &rings);
		for (size_t k = 0; k < rings && !err; k++)
			err = arena_alloc(&arena, bits + 1, &base);
		if (err == -ENOSPC)
			why_set(why, 0, "service %s: %zu ring points need %u cells: "
				 "%u of %u are taken; want lower weights or vnodes, "
				 "or a larger limits.cells", s->name, points, 2u << bits,
				 arena_used(&arena), arena.size);
	}
	arena_clear(&arena);
	if (!err && backends >= live->dp->backend_count) {
		why_set(why, 0, "%zu backends: want at most %u (limits.backends)", backends,
			 live->dp->backend_count - 1);
		err = -ENOSPC;
	}
	if (!err && slots > XRING_VIPS_MAX) {
		why_set(why, 0, "%zu VIPs and nat backends: want at most %u", slots, XRING_VIPS_MAX);
		err = -ENOSPC;
	}
	return err;
}
