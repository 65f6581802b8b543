// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/place/waterfall.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/value/number.h"

#define WHOLE 1000000000u		/* the whole traffic, before rounding */

typedef unsigned __int128 wide;

/* ---- shares ---- */

/* How much of the traffic a region can take, in parts of WHOLE. */
static uint64_t capacity(const struct waterfall_region *r, uint32_t threshold)
{
	wide enough = (wide)r->total * threshold;
	wide alive = (wide)r->healthy * 1000;

	if (!r->total || alive >= enough)
		return r->healthy ? WHOLE : 0;
	return (uint64_t)(alive * WHOLE / enough);
}

/*
 * Gives each region what it can take, in their order; returns what all can take together,
 * at most WHOLE.
 */
static uint64_t spill(uint32_t threshold, struct waterfall_region *regions, size_t count)
{
	uint64_t together = 0, left;

	for (size_t i = 0; i < count; i++) {
		regions[i].part = capacity(&regions[i], threshold);
		together += regions[i].part;
	}
	if (together > WHOLE)
		together = WHOLE;
	left = together;
	for (size_t i = 0; i < count; i++) {
		if (regions[i].part > left)
			regions[i].part = left;
		left -= regions[i].part;
	}
	return together;
}

/* Gives each of the first `count` regions a part equal to its live weight; returns the sum. */
static uint64_t spray(struct waterfall_region *regions, size_t count)
{
	uint64_t together = 0;

	for (size_t i = 0; i < count; i++) {
		regions[i].part = regions[i].healthy;
		together += regions[i].part;
	}
	return together;
}

/* What rounding down has taken from a region. */
static uint64_t lost(const struct waterfall_region *r, uint64_t together)
{
	wide exact = (wide)r->part * 1000, has = (wide)r->share * together;

	return exact > has ? (uint64_t)(exact - has) : 0;
}

/* Rounds the parts down to thousandths; what is left goes to the regions that lost most by that. */
static void round_shares(struct waterfall_region *regions, size_t count, uint64_t together)
{
	uint32_t left = 1000;

	for (size_t i = 0; i < count; i++) {
		regions[i].share = (uint32_t)((wide)regions[i].part * 1000 / together);
		left -= regions[i].share;
	}
	for (; left; left--) {
		struct waterfall_region *most = regions;

		for (size_t i = 1; i < count; i++)
			if (lost(&regions[i], together) > lost(most, together))
				most = &regions[i];
		most->share++;
	}
}

int waterfall_shares(enum spillover mode, uint32_t threshold, struct waterfall_region *regions,
		     size_t count)
{
	uint64_t together;

	for (size_t i = 0; i < count; i++)
		regions[i].share = regions[i].part = 0;
	if (mode == SPILLOVER_WATERFALL)
		together = spill(threshold, regions, count);
	else
		together = spray(regions, mode == SPILLOVER_NONE && count ? 1 : count);
	if (!together)
		return -ENOENT;
	round_shares(regions, count, together);
	return 0;
}

/* ---- weights ---- */

static bool takes(const struct waterfall_region *r)
{
	return r->share && r->healthy;
}

/*
 * A backend's weight in the scale in which region `first` keeps its weights, rounded half
 * up: weight * (share / healthy) / (share / healthy of first).
 */
static uint64_t weigh(const struct waterfall_region *first, const struct waterfall_region *r,
		      uint32_t weight)
{
	wide up = (wide)weight * r->share * first->healthy;
	wide down = (wide)r->healthy * first->share;
	wide scaled = (up + down / 2) / down;

	if (!scaled && weight)
		return 1;
	return scaled > UINT64_MAX / WEIGHT_MAX ? UINT64_MAX / WEIGHT_MAX : (uint64_t)scaled;
}

static uint32_t fit(uint64_t weight, uint64_t most)
{
	uint64_t scaled = most > WEIGHT_MAX ? (weight * WEIGHT_MAX + most / 2) / most : weight;

	return weight && !scaled ? 1 : (uint32_t)scaled;
}

void waterfall_weights(const struct waterfall_region *regions, size_t count,
		       struct waterfall_backend *backends, size_t backend_count)
{
	const struct waterfall_region *first = regions;
	uint64_t most = 0;

	while (first < regions + count && !takes(first))
		first++;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < backend_count; i++) {
			struct waterfall_backend *b = &backends[i];
			const struct waterfall_region *r = &regions[b->region];
			uint64_t weight = takes(r) ? weigh(first, r, b->weight) : 0;

			if (!pass)
				most = weight > most ? weight : most;
			else
				b->effective = fit(weight, most);
		}
}
