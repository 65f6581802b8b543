/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_READ_H
#define XRING_DP_READ_H

#include <stdint.h>

#include <xring/abi.h>

/* What the datapath has counted. */
struct dp;

/* Sums over all CPUs. */
int dp_counters_read(const struct dp *dp, uint64_t ret[XRING_CNT_MAX]);
int dp_traffic_read(const struct dp *dp, uint16_t id, struct xring_traffic *ret);
/* The same of the backends from `first` on. */
int dp_traffic_read_many(const struct dp *dp, uint16_t first, uint32_t count,
			 struct xring_traffic *ret);
int dp_traffic_clear(const struct dp *dp, uint16_t id);
/* What rings of rules sent where (struct xring_placed), from the counter `first` on. */
int dp_placed_read(const struct dp *dp, uint32_t first, uint32_t count, struct xring_placed *ret);
int dp_placed_clear(const struct dp *dp, uint32_t first, uint32_t count);
/* Where clients came in since the last call. */
int dp_homes_take(const struct dp *dp,
		  void (*each)(void *context, const struct xring_home_key *key,
			       const struct xring_home *home), void *context);
int dp_events_read(const struct dp *dp, uint64_t ret[XRING_EVENT_MAX]);

#endif
