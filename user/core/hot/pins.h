/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_PINS_H
#define XRING_CORE_HOT_PINS_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/ring/cells.h"



struct cells;
struct path;


/* What the daemon's walk over the pins makes of one. */
enum pin_fate {
	PIN_GONE,			/* expired, void, or no different from the newest answer */
	PIN_STAYS,			/* its cell is moving */
	PIN_NEEDED,			/* it differs: its cell must keep LOOK */
};

/*
 * cells are those of its service, path is its flow's newest; alive: its backend's
 * generation is the pin's; idle_ms: how long its flow may be silent.
 */
enum pin_fate pin_judge(const struct cells *cells, const struct path *path,
			const struct xring_pin *pin, bool alive, uint64_t now_ns,
			uint32_t idle_ms);

/* The cell that a hash of these cells falls into. */
static inline uint32_t cells_of(const struct cells *cells, uint32_t hash)
{
	return hash >> (32 - cells->bits);
}

#endif
