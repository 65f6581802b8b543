/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_WATERFALL_H
#define XRING_CORE_PLACE_WATERFALL_H

#include "core/model/placement.h"

/*
 * How traffic is shared among regions in an order of preference, when some of their weight
 * is not alive:
 *
 *     eu 100% alive   eu takes all
 *     eu  60% alive   eu takes 0.6 / threshold of the traffic, us the rest, if it can
 *     eu   0% alive   us takes all
 */

/*
 * Weights are sums of backends' weights in thousandths, all in one scale. If a schedule
 * weighs the regions, it is in these weights already.
 */
struct waterfall_region {
	uint64_t total;			/* all weight, alive or not */
	uint64_t healthy;		/* the part of total that is alive */
	uint32_t share;			/* set by waterfall_shares(): thousandths of the traffic */
	uint64_t part;			/* waterfall_shares() only: the share before rounding */
};

/*
 * Computes the regions' shares, which sum to 1000 (rounded by largest remainder; of equal
 * remainders the earlier region's first). With SPILLOVER_WATERFALL the shares are those of
 * Envoy's priority levels, with an overprovisioning factor of 1000/threshold: a region can
 * take
 *
 *     min(1, healthy / (total * threshold))
 *
 * of the traffic. The first region takes what it can, the next takes what it can of the
 * rest, and so on; if all together cannot take all traffic, each takes more in proportion.
 * So shares change by as much as the weight alive changes, without a step. threshold: 1 to
 * 1000. -ENOENT: nothing is alive where traffic may go; all shares are 0.
 */
int waterfall_shares(enum spillover mode, uint32_t threshold, struct waterfall_region *regions,
		     size_t count);

struct waterfall_backend {
	size_t region;			/* index of the backend's region */
	uint32_t weight;		/* thousandths; counted in the region's weights */
	uint32_t effective; /* set by waterfall_weights(), thousandths: its weight on the ring */
};

/*
 * Computes weights for one ring over all regions, so that the live backends of a region
 * together have the region's share of the sum. A backend's weight is in proportion to share
 * * weight / healthy of its region. The scale is the one in which the first region with a
 * share keeps its weights as they are, so that spilling moves no key between backends of
 * that region; but if a weight would exceed WEIGHT_MAX, it is the largest scale in which
 * none does. Weights are rounded half up to thousandths, and a weight above 0 never becomes
 * 0. Backends of a region without a share, or with nothing alive, get 0.
 */
void waterfall_weights(const struct waterfall_region *regions, size_t count,
		       struct waterfall_backend *backends, size_t backend_count);

#endif
