// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/ring/spills.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int spill_pool_new(struct xring_spill *buckets, uint32_t count, struct spill_pool *ret)
{
	uint32_t *free_list = malloc(count * sizeof(*free_list));
	uint32_t *retired = malloc(count * sizeof(*retired));

	if (!free_list || !retired) {
		free(free_list);
		free(retired);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		free_list[i] = count - 1 - i;
	*ret = (struct spill_pool){
		.buckets = buckets,
		.count = count,
		.free = free_list,
		.free_count = count,
		.retired = retired,
	};
	return 0;
}

void spill_pool_clear(struct spill_pool *pool)
{
	free(pool->free);
	free(pool->retired);
	*pool = (struct spill_pool){};
}

void spill_pool_reclaim(struct spill_pool *pool)
{
	memcpy(pool->free + pool->free_count, pool->retired,
	       pool->retired_count * sizeof(*pool->free));
	pool->free_count += pool->retired_count;
	pool->retired_count = 0;
}

void spill_pool_claim(struct spill_pool *pool, const uint8_t *used)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pool->free_count; i++)
		if (!used[pool->free[i]])
			pool->free[kept++] = pool->free[i];
	pool->free_count = kept;
}
