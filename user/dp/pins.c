// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/pins.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "base/log.h"
#include "dp/dp.h"

void dp_walk_begin(const struct dp *dp, bool syns, struct dp_walk *walk)
{
	walk->fd = syns ? dp->syns_fd : dp->pins_fd;
	walk->syns = syns;
	walk->begun = walk->done = false;
	walk->count = 0;
}

/* The kernel returns whole buckets, and ENOENT together with the last of them. */
int dp_walk_step(struct dp_walk *walk)
{
	void *keys = walk->syns ? (void *)walk->keys : walk->flows;
	uint32_t count = DP_WALK_STEP;
	uint32_t next;

	if (bpf_map_lookup_batch(walk->fd, walk->begun ? &walk->position : NULL, &next,
				 keys, walk->pins, &count, NULL)) {
		if (errno != ENOENT)
			return log_err(-errno, "walk over the pins");
		walk->done = true;
	}
	for (uint32_t i = 0; walk->syns && i < count; i++)
		walk->flows[i] = walk->keys[i].flow;
	walk->position = next;
	walk->begun = true;
	walk->count = count;
	return 0;
}

void dp_pin_delete(const struct dp *dp, const struct xring_flow *flow)
{
	bpf_map_delete_elem(dp->pins_fd, flow);	/* no error if the pin has expired meanwhile */
}

bool dp_claim_is(const struct dp *dp, const struct xring_flow *flow, enum xring_claim claim)
{
	struct xring_flow key = *flow;
	struct xring_pin pin;

	key.claim = claim;
	return !bpf_map_lookup_elem(dp->pins_fd, &key, &pin);
}
