// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is there room in the maps for a model? Answered before anything of the model is applied, by
 * taking what live_apply() will take, in the same order: ids, and extents of cells from a copy
 * of the arena; and what rules need (room_rules.c). First beside what goes with the model. If that is too much, what goes goes
 * first: its VIPs leave the table, and after a grace period all that it had is free.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/model/points.h"
#include "core/model/rules.h"
#include "core/place/route.h"
#include "core/place/routes.h"
#include "core/vip/slots.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/parts.h"
#include "daemon/apply/room.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/vips.h"
#include "dp/dp.h"

/* ---- ids ---- */

static size_t ids_free(const struct room *room)
{
	const struct live *live = room->live;
	size_t count = 0;

	for (uint32_t id = 1; id < live->dp->backend_count; id++) {
		const struct live_backend *b = live->by_id[id];

		count += !live->dp->owners[id].service[0] ||
			 (room->emptied && (!b || room_goes(room, b->service)));
	}
	return count;
}

static int ids_exceed(const struct room *room)
{
	size_t most = room->live->dp->backend_count - 1, left = ids_free(room), wanted = 0;

	for (size_t i = 0; i < room->m->service_count; i++) {
		const struct service *s = &room->m->services[i];

		wanted += backends_new(live_service(room->live, s->name), s);
	}
	if (wanted <= left)
		return 0;
	return why_set(room->why, -ENOSPC, "%zu backends, with those that are leaving: want at most "
		       "%zu (limits.backends)", most - left + wanted, most);
}

/* ---- entries of the VIP table ---- */

/* Backends that are leaving, and those that would begin to leave with this model. */
static size_t backends_leaving(const struct live_service *s, const struct service *model)
{
	size_t count = s->leaving_count;

	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = service_backend(model, s->backends[i]->name);

		count += !b || !backend_is(s->backends[i], b);
	}
	return count;
}

static int slots_exceed(const struct room *room)
{
	size_t slots = slots_count(room->m);

	for (size_t i = 0; i < room->m->service_count; i++) {
		const struct service *s = &room->m->services[i];
		const struct live_service *ls = live_service(room->live, s->name);

		if (ls && mode_replies_return(s->mode))
			slots += slots_of_vips(s, backends_leaving(ls, s)) - slots_of_vips(s, 0);
	}
	if (slots <= XRING_VIPS_MAX)
		return 0;
	return why_set(room->why, -ENOSPC, "%zu VIPs and nat backends: want at most %u", slots,
		       XRING_VIPS_MAX);
}

/* ---- rings ---- */

static int rings_take(struct room *room, const struct service *s)
{
	const struct live_service *ls = live_service(room->live, s->name);
	bool plain = !room_rules_apply(room, s);
	struct route route = {};	/* of the main ring of a new or plain service */
	int err = 0;

	if (plain)
		route_of(service_rule(s), NULL, NULL, &route);
	if (!ls)
		err = room_ring_takes(room, s, &route, NULL);
	for (size_t i = 0; ls && i < ls->ring_count && !err; i++) {
		const struct live_ring *r = ls->rings[i];

		if (!r->frozen)
			err = room_ring_takes(room, s, plain && r == ls->main ? &route : &r->route,
					      r);
	}
	return err || plain ? err : room_rules_take(room, s);
}

static int rings_exceed(struct room *room)
{
	int err = room_cells_begin(room) ?: room_rules_begin(room);

	for (size_t i = 0; i < room->m->service_count && !err; i++)
		err = rings_take(room, &room->m->services[i]);
	arena_clear(&room->arena);
	room_rules_end(room);
	return err;
}

/* ---- all of it ---- */

static int room_try(struct room *room)
{
	return slots_exceed(room) ?: ids_exceed(room) ?: rings_exceed(room);
}

static int room_fits(const struct model *m, void *context)
{
	const struct room *room = context;
	struct why why;

	return room_try(&(struct room){ room->live, m, .emptied = room->emptied, .why = &why });
}

/* Does room_try() compile no rules? What it has compiled is kept for the next flush. */
static bool compiles_nothing(const struct live *live, const struct model *m)
{
	bool any = false;

	for (size_t i = 0; i < m->service_count; i++)
		any |= m->services[i].rule_count > 0;
	return !any || live->dp->fresh_fd >= 0;
}

/* Is there room? If there are too few cells, the reason names a unit of weight that would help. */
static int room_check(struct live *live, const struct model *m, bool emptied, struct why *why)
{
	struct room room = { live, m, .emptied = emptied, .why = why }, again = room;
	int err = room_try(&room);

	if (!err || !room.cells_lack || !compiles_nothing(live, m))
		return err;
	again.unit = unit_that_fits(m, room_fits, &again);
	return room_try(&again);
}

static bool anything_goes(const struct live *live, const struct model *m)
{
	bool any = live->foreign_count || live->stale_count;

	for (size_t i = 0; i < live->service_count; i++)
		any |= !model_service(m, live->services[i]->name);
	return any;
}

int live_check(struct live *live, const struct model *m, struct why *why)
{
	/* At the start it is not known yet what of the maps goes. */
	bool first = live->dp->fresh_fd >= 0 || anything_goes(live, m);
	int err = room_check(live, m, false, why);

	return err == -ENOSPC && first ? room_check(live, m, true, why) : err;
}

int live_check_alone(const struct model *m, struct why *why)
{
	_free_ struct xring_owner *owners = calloc(m->limit_backends, sizeof(*owners));
	_free_ struct xring_route *routes = calloc(XRING_ROUTES, sizeof(*routes));
	_free_ struct live_backend **by_id = calloc(m->limit_backends, sizeof(*by_id));
	_free_ struct live_class **classes = calloc(XRING_CLASSES, sizeof(*classes));
	_free_ struct ingress *ingresses = calloc(INGRESSES, sizeof(*ingresses));
	struct dp dp = {
		.cell_count = m->limit_cells,
		.backend_count = m->limit_backends,
		.owners = owners,
		.routes = routes,
	};
	struct live live = {
		.dp = &dp,
		.arena.size = m->limit_cells,
		.by_id = by_id,
		.class_by_index = classes,
		.ingresses = ingresses,
	};

	if (!owners || !routes || !by_id || !classes || !ingresses)
		return -ENOMEM;
	return live_check(&live, m, why);
}

int live_make_room(struct live *live, const struct model *m)
{
	struct why why;
	int err;

	struct room room = { live, m, .why = &why };

	if (!anything_goes(live, m) || room_try(&room) != -ENOSPC)
		return 0;
	log_info("what goes is taken away before anything comes: there is no room for both");
	err = live_vips_keep(live, m);
	if (!err)
		live_cleanup(live);
	return err;
}
