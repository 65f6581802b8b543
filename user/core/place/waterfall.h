/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_WATERFALL_H
#define XRING_CORE_PLACE_WATERFALL_H

#include "core/model/placement.h"

/*
 * How traffic is shared among regions that are in an order of preference, as some
 * of their weight is not alive.
 */

/*
 * Weights are sums of backends' thousandths, all of one scale: where a schedule
 * weighs the regions, it is in them already.
 */
struct waterfall_region {
	uint64_t total;			/* weight, alive or not */
	uint64_t healthy;		/* of it alive */
	uint32_t share;			/* of the traffic, thousandths */
	uint64_t part;			/* the same before it is rounded; of waterfall_shares() */
};

/*
 * The regions' shares, which are 1000 together (largest remainder; of equal ones
 * the earlier region). With SPILLOVER_WATERFALL they are those of Envoy's priority
 * levels, overprovisioned by 1000/threshold: a region can take
 *
 *     min(1, healthy / (total * threshold))
 *
 * of the traffic; the first takes what it can, the next what it can of the rest, and
 * where all together cannot take it all, each takes more in proportion. So shares
 * move by as much as the weight alive does, without a step. threshold: 1 to 1000.
 * -ENOENT: nothing is alive where traffic may go, all shares are 0.
 */
int waterfall_shares(enum spillover mode, uint32_t threshold, struct waterfall_region *regions,
		     size_t count);

struct waterfall_backend {
	size_t region;			/* its index */
	uint32_t weight;		/* thousandths, counted in its region's weights */
	uint32_t effective;		/* thousandths: its weight on the ring */
};

/*
 * Weights for one ring over all the regions, so that those of a region's live
 * backends are to the whole as its share is: share * weight / healthy, in a scale in
 * which the first region with a share keeps its weights as they are, so that what
 * spills moves no key between its backends; or if some would pass WEIGHT_MAX, in
 * the largest scale in which none does. Rounded half up to thousandths, never from
 * above 0 to 0. A region without a share or without anything alive has weights of 0.
 */
void waterfall_weights(const struct waterfall_region *regions, size_t count,
		       struct waterfall_backend *backends, size_t backend_count);

#endif
