// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/pins.h"

static bool is_expired(const struct xring_pin *pin, uint64_t now_ns, uint32_t idle_ms)
{
	uint64_t idle = idle_ms;

	if (pin->state & XRING_PIN_CLOSING && idle > XRING_CLOSING_MS)
		idle = XRING_CLOSING_MS;
	return now_ns > pin->seen + idle * 1000000;
}

enum pin_fate pin_judge(const struct cells *cells, const struct xring_pin *pin, bool alive,
			uint64_t now_ns, uint32_t idle_ms)
{
	uint64_t word = cells->words[cells_of(cells, pin->hash)];

	if (!alive || is_expired(pin, now_ns, idle_ms) || !(word & (XRING_MOVING | XRING_LOOK)))
		return PIN_GONE;
	if (cells_lookup(cells, pin->hash) != pin->backend)
		return PIN_NEEDED;
	return word & XRING_MOVING ? PIN_STAYS : PIN_GONE;
}
