/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_PINS_H
#define XRING_DP_PINS_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

struct dp;

/*
 * A walk over the pins (the flows that changes hold where they are), or over the handshakes
 * that are not confirmed yet. An entry that comes or goes during the walk may be seen or
 * not.
 */
#define DP_WALK_STEP 4096
struct dp_walk {
	int fd;
	bool syns;
	bool begun;
	bool done;			/* this step was the last */
	uint32_t position;		/* where the next step begins, for the kernel */
	uint32_t count;				/* entries of this step in flows and pins */
	struct xring_flow flows[DP_WALK_STEP];
	struct xring_pin pins[DP_WALK_STEP];
	struct xring_handshake keys[DP_WALK_STEP];	/* of handshakes */
};

void dp_walk_begin(const struct dp *dp, bool syns, struct dp_walk *walk);
int dp_walk_step(struct dp_walk *walk);
void dp_pin_delete(const struct dp *dp, const struct xring_flow *flow);

/* Does the 5-tuple of a pin have a pin of that claim? */
bool dp_claim_is(const struct dp *dp, const struct xring_flow *flow, enum xring_claim claim);

#endif
