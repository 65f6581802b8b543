/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_MOVING_CELLS_H
#define XRING_CORE_RING_MOVING_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ring/moving.h"

/*
 * The life of a cell whose answer has changed: it moves, settles, and looks for pins as
 * long as needed.
 */
struct cells;

/*
 * Counts the moving cells in tables that a former daemon left, which were adopted. A
 * missing beginning, or one in the future, becomes now.
 */
void cells_adopt(struct cells *cells, uint32_t now);

struct cells_step {
	uint32_t settled;		/* cells that settled in this step */
	/* cells that move for another settle time: flows found no room for a pin */
	uint32_t held;
	uint32_t next;			/* when something is due again; 0: never */
};

/* Does for each cell what is due now. */
void cells_settle(struct cells *cells, const struct moving_times *times, struct cells_step *ret);

/* Has any moving cell begun to move at `since` or before? */
bool cells_move_since(const struct cells *cells, uint32_t since);

/* Sets LOOK on cell c, because a pin that is not the newest answer lives in the cell. */
void cells_look_set(struct cells *cells, uint32_t c);

/*
 * Sets needed[c] = 1 for each cell with LOOK whose newest answer names a backend with
 * ids[id] set.
 */
void cells_need(const struct cells *cells, const uint8_t *ids, uint8_t *needed);

/*
 * Takes LOOK off each cell that does not move and is not needed[c]; returns how many cells
 * keep LOOK.
 */
uint32_t cells_look_clear(struct cells *cells, const uint8_t *needed);

/* Takes all flags off: no flow is kept in these cells any more. */
void cells_close(struct cells *cells);

/*
 * cells_refine() copies both tables, the flags and the times into `to`, which has more
 * cells and is all 0; with -ENOSPC it is so again. Flags that the datapath has set in `from`
 * since then are carried over by cells_refine_flags().
 */
int cells_refine(const struct cells *from, struct cells *to);
void cells_refine_flags(const struct cells *from, struct cells *to);

#endif
