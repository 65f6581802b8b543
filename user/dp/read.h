/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_READ_H
#define XRING_DP_READ_H

#include <stdint.h>

#include <xring/abi.h>

/* Reads what the datapath has counted. */
struct dp;

/* Sums over all CPUs. */
int dp_counters_read(const struct dp *dp, uint64_t ret[XRING_CNT_MAX]);
/* How many packets the busiest CPU has counted. */
int dp_counters_busiest(const struct dp *dp, uint64_t *ret);
int dp_traffic_read(const struct dp *dp, uint16_t id, struct xring_traffic *ret);
/* Like dp_traffic_read(), for `count` backends from id `first` on. */
int dp_traffic_read_many(const struct dp *dp, uint16_t first, uint32_t count,
			 struct xring_traffic *ret);
int dp_traffic_clear(const struct dp *dp, uint16_t id);
/*
 * What the rings of rules have sent to which region (struct xring_placed), from counter
 * `first` on.
 */
int dp_placed_read(const struct dp *dp, uint32_t first, uint32_t count, struct xring_placed *ret);
int dp_placed_clear(const struct dp *dp, uint32_t first, uint32_t count);
/* Hands each count of where clients came in to each(), and clears the counts. */
int dp_homes_take(const struct dp *dp,
		  void (*each)(void *context, const struct xring_home_key *key,
			       const struct xring_home *home), void *context);
int dp_events_read(const struct dp *dp, uint64_t ret[XRING_EVENT_MAX]);

#endif
