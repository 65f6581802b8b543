// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/hot/pins.h"

#include "core/hot/path.h"
#include "core/ring/cells.h"

static bool is_expired(const struct xring_pin *pin, uint64_t now_ns, uint32_t idle_ms)
{
	uint64_t idle = idle_ms;

	if (pin->state & XRING_PIN_CLOSING && idle > XRING_CLOSING_MS)
		idle = XRING_CLOSING_MS;
	return now_ns > pin->seen + idle * 1000000;
}

/*
 * The flows of a key that is moving, or given to a backend, look for pins whatever their
 * cell's flags say.
 */
enum pin_fate pin_judge(const struct cells *cells, const struct path *path,
			const struct xring_pin *pin, bool alive, uint64_t now_ns,
			uint32_t idle_ms)
{
	uint64_t word = cells->words[cells_of(cells, path->hash)];
	bool moving = path->moving || (!path->backend && word & XRING_MOVING);

	if (!alive || is_expired(pin, now_ns, idle_ms) ||
	    (!moving && !path->backend && !(word & XRING_LOOK)))
		return PIN_GONE;
	if ((path->backend ?: cells_lookup(cells, path->hash)) != pin->backend)
		return PIN_NEEDED;
	return moving ? PIN_STAYS : PIN_GONE;
}
