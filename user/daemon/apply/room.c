// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is there room in the maps for a model? Answered before anything of the model is applied, by
 * taking what live_apply() will take, in the same order: ids, and extents of cells from a copy
 * of the arena. First beside what goes with the model. If that is too much, what goes goes
 * first: its VIPs leave the table, and after a grace period all that it had is free.
 */
#include <errno.h>

#include "base/why.h"
#include "core/value/number.h"
#include "core/vip/slots.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/parts.h"
#include "daemon/live/backends.h"
#include "daemon/live/cells.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/vips.h"
#include "dp/dp.h"

struct room {
	const struct live *live;
	const struct model *m;
	bool emptied;			/* what goes with the model has gone already */
	struct arena arena;		/* what is left of the map of cells */
	struct why *why;
};

static bool goes(const struct room *room, const struct live_service *s)
{
	return !model_service(room->m, s->name);
}

/* ---- ids ---- */

static size_t ids_free(const struct room *room)
{
	const struct live *live = room->live;
	size_t count = 0;

	for (uint32_t id = 1; id < live->dp->backend_count; id++) {
		const struct live_backend *b = live->by_id[id];

		count += !live->dp->owners[id].service[0] ||
			 (room->emptied && (!b || goes(room, b->service)));
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
			slots += s->vip_count * backends_leaving(ls, s);
	}
	if (slots <= XRING_VIPS_MAX)
		return 0;
	return why_set(room->why, -ENOSPC, "%zu VIPs and nat backends: want at most %u", slots,
		       XRING_VIPS_MAX);
}

/* ---- cells ---- */

/* The copy of the arena; once what goes has gone, without its extents. */
static int arena_begin(struct room *room)
{
	const struct live *live = room->live;
	int err = arena_copy(&live->arena, &room->arena);

	if (err || !room->emptied)
		return err;
	for (size_t i = 0; i < live->service_count; i++) {
		const struct live_service *s = live->services[i];

		for (size_t k = 0; goes(room, s) && k < s->ring_count; k++)
			if (s->rings[k]->has_extent)
				arena_free(&room->arena, s->rings[k]->base);
	}
	for (size_t i = 0; i < live->foreign_count; i++)
		arena_free(&room->arena, live->foreign[i].base);
	return 0;
}

/* The points of a ring in which every backend has its full weight. */
static size_t service_points(const struct service *s)
{
	size_t points = 0;

	for (size_t i = 0; i < s->backend_count; i++)
		points += weight_points(s->backends[i].weight, s->vnodes);
	return points;
}

/* Takes an extent for a ring, unless it has one that is large enough. r: NULL for a new ring. */
static int ring_takes(struct room *room, const struct service *s, const struct live_ring *r)
{
	size_t points = service_points(s);
	unsigned bits = ring_bits(r, points);
	uint32_t base;
	int err;

	if (r && r->has_extent && r->cells.bits >= bits)
		return 0;
	err = arena_alloc(&room->arena, bits + 1, &base);
	if (err != -ENOSPC)
		return err;
	return why_set(room->why, err, "service %s: %zu ring points need %u cells: %u of %u are "
		       "taken; want lower weights or vnodes, or a larger limits.cells", s->name,
		       points, 2u << bits, arena_used(&room->arena), room->arena.size);
}

static int rings_take(struct room *room, const struct service *s)
{
	const struct live_service *ls = live_service(room->live, s->name);
	int err = ls ? 0 : ring_takes(room, s, NULL);

	for (size_t i = 0; ls && i < ls->ring_count && !err; i++)
		if (!ls->rings[i]->frozen)
			err = ring_takes(room, s, ls->rings[i]);
	return err;
}

static int cells_exceed(struct room *room)
{
	int err = arena_begin(room);

	for (size_t i = 0; i < room->m->service_count && !err; i++)
		err = rings_take(room, &room->m->services[i]);
	arena_clear(&room->arena);
	return err;
}

/* ---- all of it ---- */

static int room_try(const struct live *live, const struct model *m, bool emptied, struct why *why)
{
	struct room room = { live, m, .emptied = emptied, .why = why };

	return slots_exceed(&room) ?: ids_exceed(&room) ?: cells_exceed(&room);
}

int live_check(const struct live *live, const struct model *m, struct why *why)
{
	int err = room_try(live, m, false, why);

	return err == -ENOSPC ? room_try(live, m, true, why) : err;
}

int live_make_room(struct live *live, const struct model *m)
{
	struct why why;
	int err;

	if (!live_any_gone(live) || room_try(live, m, false, &why) != -ENOSPC)
		return 0;
	err = live_vips_keep(live, m);
	if (!err)
		live_cleanup(live);
	return err;
}
