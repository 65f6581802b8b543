/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_DROPS_H
#define XRING_DP_DROPS_H

#include <stddef.h>
#include <stdint.h>

#include <xring/drops.h>

/* Dropped packets, by whose they were. */
struct dp;

struct dp_drop {
	uint32_t whose;			/* as in XRING_DROPS_KEY(): the number of a service, or a backend */
	uint32_t reason;		/* enum xring_counter */
	uint64_t packets;
};

/* All counts, the largest first; the caller frees *ret. Logs errors. */
int dp_drops_read(const struct dp *dp, struct dp_drop **ret, size_t *ret_count);

/* What was counted for one is counted for another; XRING_DROPS_NOBODY: it is forgotten. */
void dp_drops_move(const struct dp *dp, uint32_t from, uint32_t to);

#endif
