// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any words: lpm_runs() refuses them, or answers what a lookup finds where a run begins
 * and before it; and lpm_adopt() takes them over, to be changed and given back, or leaves all as
 * it was.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xring/lpm.h>

#include "core/lpm/lpm.h"
#include "core/lpm/runs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t walk(const union xring_lpm_line *lines, uint32_t root, int f, position p)
{
	return lpm_walk(lines, root, (uint64_t)(p >> 64), (uint64_t)p,
			f == LPM_IPV4 ? XRING_LPM_STEPS4 : XRING_LPM_STEPS6);
}

static void check_runs(const struct lpm_pool *pool, uint32_t root, int f)
{
	struct runs r;
	int failed = lpm_runs(pool, root, f, &r);

	if (failed && failed != -EINVAL)
		abort();
	for (size_t i = 0; !failed && i < r.count; i++) {
		position before = r.list[i].first - 1;

		if (walk(pool->lines, root, f, r.list[i].first) != r.list[i].value ||
		    walk(pool->lines, root, f, before) != r.list[i ? i - 1 : r.count - 1].value)
			abort();
	}
	if (!failed)
		runs_clear(&r);
}

static void check_adopt(struct lpm_pool *pool, uint32_t *roots)
{
	struct lpm_entry one = { .prefix.address.family = AF_INET6, .prefix.bits = 9, .value = 5 };
	struct lpm t;

	if (lpm_adopt(&t, pool, roots)) {
		if (pool->blocks.used || t.tries[LPM_IPV4].root || t.tries[LPM_IPV6].root)
			abort();
		return;
	}
	if (!lpm_change(&t, &one, 1) && (roots[LPM_IPV4] || lpm_find(&t, &one.prefix.address) != 5))
		abort();
	lpm_clear(&t);
	lpm_pool_reclaim(pool);
	if (pool->blocks.used)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t roots[LPM_FAMILIES], count;
	union xring_lpm_line *lines;
	struct lpm_pool pool;

	if (size < sizeof(roots))
		return 0;
	memcpy(roots, data, sizeof(roots));
	/* All lines are there to the last byte, and no more. */
	count = (uint32_t)((size - sizeof(roots)) / sizeof(*lines)) + 1;
	lines = aligned_alloc(sizeof(*lines), count * sizeof(*lines));
	if (!lines || lpm_pool_new(lines, count, &pool))
		abort();
	memset(lines, 0, count * sizeof(*lines));
	memcpy(lines, data + sizeof(roots), size - sizeof(roots));
	for (int f = 0; f < LPM_FAMILIES; f++)
		check_runs(&pool, roots[f], f);
	check_adopt(&pool, roots);
	lpm_pool_clear(&pool);
	free(lines);
	return 0;
}
