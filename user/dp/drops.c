// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/drops.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <xring/counters.h>

#include "base/log.h"
#include "base/util.h"
#include "dp/dp.h"

static uint64_t sum(const struct dp *dp, const uint64_t *values)
{
	uint64_t sum = 0;

	for (int cpu = 0; cpu < dp->cpus; cpu++)
		sum += values[cpu];
	return sum;
}

static int most_first(const void *a, const void *b)
{
	const struct dp_drop *x = a, *y = b;

	return (x->packets < y->packets) - (x->packets > y->packets);
}

int dp_drops_read(const struct dp *dp, struct dp_drop **ret, size_t *ret_count)
{
	_free_ struct dp_drop *list = calloc(XRING_DROPS, sizeof(*list));
	_free_ uint64_t *values = calloc(dp->cpus, sizeof(*values));
	uint32_t last, key;
	size_t count = 0;

	if (!list || !values)
		return -ENOMEM;
	for (bool any = false; count < XRING_DROPS && !bpf_map_get_next_key(dp->drops_fd, any ? &last : NULL, &key);
	     any = true) {
		last = key;
		if (!bpf_map_lookup_elem(dp->drops_fd, &key, values))
			list[count++] = (struct dp_drop){ XRING_DROPS_WHOSE(key), XRING_DROPS_REASON(key),
							  sum(dp, values) };
		else if (errno != ENOENT)
			return log_err(-errno, "counters of drops");
	}
	qsort(list, count, sizeof(*list), most_first);
	*ret = take_ptr(list);
	*ret_count = count;
	return 0;
}

/* Adds the values of one entry to another, which is made. */
static void add(const struct dp *dp, uint32_t key, uint64_t *values)
{
	_free_ uint64_t *there = calloc(dp->cpus, sizeof(*there));

	if (!there)
		return;
	bpf_map_lookup_elem(dp->drops_fd, &key, there);		/* or they are 0 */
	for (int cpu = 0; cpu < dp->cpus; cpu++)
		values[cpu] += there[cpu];
	bpf_map_update_elem(dp->drops_fd, &key, values, BPF_ANY);
}

void dp_drops_move(const struct dp *dp, uint32_t from, uint32_t to)
{
	_free_ uint64_t *values = calloc(dp->cpus, sizeof(*values));
	uint32_t first;

	if (!values || bpf_map_get_next_key(dp->drops_fd, NULL, &first))
		return;			/* most often nothing was dropped */
	for (uint32_t reason = 0; reason < XRING_CNT_MAX; reason++) {
		uint32_t key = XRING_DROPS_KEY(from, reason);

		if (bpf_map_lookup_elem(dp->drops_fd, &key, values))
			continue;
		if (to != XRING_DROPS_NOBODY)
			add(dp, XRING_DROPS_KEY(to, reason), values);
		bpf_map_delete_elem(dp->drops_fd, &key);
	}
}
