/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_MOVING_CELLS_H
#define XRING_CORE_RING_MOVING_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ring/moving.h"

/* The life of a cell whose answer has changed: it moves, settles, looks for pins. */
struct cells;

/* Counts the moving cells of tables that were found; a time to come is now. */
void cells_adopt(struct cells *cells, uint32_t now);

struct cells_step {
	uint32_t settled;		/* cells */
	uint32_t held;			/* to be begun again: flows found no room for a pin */
	uint32_t next;			/* when there is something to do again; 0: never */
};

/* Does what is due. */
void cells_settle(struct cells *cells, const struct moving_times *times, struct cells_step *ret);

/* Is there a moving cell that began to move at `since` or before? */
bool cells_move_since(const struct cells *cells, uint32_t since);

/* A pin that is not the newest answer lives in cell c. */
void cells_look_set(struct cells *cells, uint32_t c);

/* needed[c] = 1 for each cell that looks and whose newest answer names one of these ids. */
void cells_need(const struct cells *cells, const uint8_t *ids, uint8_t *needed);

/* Takes LOOK off the settled cells that are not needed[c]; returns how many keep it. */
uint32_t cells_look_clear(struct cells *cells, const uint8_t *needed);

/* All flags off: no flow is kept any more. */
void cells_close(struct cells *cells);

/*
 * The same tables, flags and times in more cells; `to` is all 0. -ENOSPC. What
 * the datapath marks in `from` meanwhile, cells_refine_flags() carries over.
 */
int cells_refine(const struct cells *from, struct cells *to);
void cells_refine_flags(const struct cells *from, struct cells *to);

#endif
