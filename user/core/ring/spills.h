/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_SPILLS_H
#define XRING_CORE_RING_SPILLS_H

#include <stdint.h>

#include <xring/abi.h>

/*
 * The spill buckets of all rings. Readers may still be at a bucket that no cell names any
 * more: the bucket is retired, and free again only after spill_pool_reclaim(), which the
 * caller calls when a grace period has passed.
 */
struct spill_pool {
	struct xring_spill *buckets;	/* the spill map */
	uint32_t count;
	uint32_t *free;			/* stack of bucket numbers */
	uint32_t free_count;
	uint32_t *retired;
	uint32_t retired_count;
};

int spill_pool_new(struct xring_spill *buckets, uint32_t count, struct spill_pool *ret);
void spill_pool_clear(struct spill_pool *pool);
void spill_pool_reclaim(struct spill_pool *pool);
/* Marks the buckets with used[bucket] set as taken, because adopted tables name them. */
void spill_pool_claim(struct spill_pool *pool, const uint8_t *used);

#endif
