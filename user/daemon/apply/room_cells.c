// SPDX-License-Identifier: GPL-2.0-or-later
/* The extents of cells that rings take while a model is applied in thought. */
#include <errno.h>

#include "base/why.h"
#include "core/model/model.h"
#include "core/model/points.h"
#include "daemon/apply/room.h"
#include "daemon/live/cells.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"

bool room_goes(const struct room *room, const struct live_service *s)
{
	return !model_service(room->m, s->name);
}

/* The copy of the arena; once what goes has gone, without its extents. */
int room_cells_begin(struct room *room)
{
	const struct live *live = room->live;
	int err = arena_copy(&live->arena, &room->arena);

	if (err || !room->emptied)
		return err;
	for (size_t i = 0; i < live->service_count; i++) {
		const struct live_service *s = live->services[i];

		for (size_t k = 0; room_goes(room, s) && k < s->ring_count; k++)
			if (s->rings[k]->has_extent)
				arena_free(&room->arena, s->rings[k]->base);
	}
	for (size_t i = 0; i < live->foreign_count; i++)
		arena_free(&room->arena, live->foreign[i].base);
	return 0;
}

/* The ring goes to fewer cells, if there is room for them. */
static int ring_shrinks(struct room *room, const struct live_ring *r, size_t points)
{
	unsigned bits = ring_bits_steady(r, points);
	uint32_t base;
	int err = bits < r->cells.bits ? arena_alloc(&room->arena, bits + 1, &base) : 0;

	return err == -ENOSPC ? 0 : err;
}

int room_ring_takes(struct room *room, const struct service *s, const struct route *route,
		    const struct live_ring *r)
{
	size_t points = route_points(route, s);
	unsigned bits = ring_bits(r, points);
	char unit[UNIT_TEXT];
	uint32_t base;
	int err;

	if (r && r->has_extent && r->cells.bits >= bits)
		return ring_shrinks(room, r, points);
	err = arena_alloc(&room->arena, bits + 1, &base);
	if (err != -ENOSPC)
		return err;
	room->cells_lack = true;
	return why_set(room->why, err, "service %s: %zu ring points need %u cells: %u of %u are "
		       "taken; want lower weights or vnodes, or a larger limits.cells%s", s->name,
		       points, 2u << bits, arena_used(&room->arena), room->arena.size,
		       unit_advice(room->unit, unit));
}
