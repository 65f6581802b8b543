/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_ROOM_H
#define XRING_DAEMON_APPLY_ROOM_H

#include <stdbool.h>

#include "core/lpm/lpm.h"
#include "core/ring/arena.h"

struct live;
struct live_ring;
struct live_service;
struct model;
struct route;
struct service;
struct why;

/*
 * What is left of the maps while a model is applied in thought (daemon/apply/room.c): extents of
 * cells (room_cells.c), and what the rules of services take (room_rules.c).
 */
struct room {
	struct live *live;
	const struct model *m;
	bool emptied;			/* what goes with the model has gone already */
	struct why *why;
	struct arena arena;		/* extents of cells */
	unsigned records;		/* records of rings and rules */
	bool *classes;			/* by index: taken */
	struct lpm_pool prefixes;	/* lines; a copy, made when a table first changes */
	uint32_t unit;			/* of weight: what would help, in thousandths; 0: not known */
	bool cells_lack;
	uint64_t homes;			/* lines for networks that may still get a home */
};

/* Does the service go with the model? */
bool room_goes(const struct room *room, const struct live_service *s);

/* The copy of the arena. 0 or -ENOMEM; the caller clears it. */
int room_cells_begin(struct room *room);
/*
 * Takes an extent for a ring of that route, unless it has one that is large enough. r: NULL for
 * a new ring.
 */
int room_ring_takes(struct room *room, const struct service *s, const struct route *route,
		    const struct live_ring *r);

/* Do rules of the service tell clients apart, or did they? */
bool room_rules_apply(const struct room *room, const struct service *s);
/* What rules take: -ENOSPC and the reason. room_rules_end() in any case. */
int room_rules_begin(struct room *room);
int room_rules_take(struct room *room, const struct service *s);
void room_rules_end(struct room *room);

#endif
