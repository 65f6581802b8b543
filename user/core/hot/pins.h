/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_PINS_H
#define XRING_CORE_HOT_PINS_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/ring/cells.h"



struct cells;
struct path;


/* What the daemon's walk over the pins decides about one pin. */
enum pin_fate {
	PIN_GONE,			/* expired, void, or no different from the newest answer */
	PIN_STAYS,			/* says the newest answer, but its path moves */
	/* differs from the newest answer: the cell must keep LOOK */
	PIN_NEEDED,
};

/*
 * Judges a pin. cells: those of the pin's service; path: the newest path of the pin's flow;
 * alive: the pin's generation is its backend's; idle_ms: how long the flow may be silent.
 */
enum pin_fate pin_judge(const struct cells *cells, const struct path *path,
			const struct xring_pin *pin, bool alive, uint64_t now_ns,
			uint32_t idle_ms);

/* The index of the cell that a hash falls into. */
static inline uint32_t cells_of(const struct cells *cells, uint32_t hash)
{
	return hash >> (32 - cells->bits);
}

#endif
