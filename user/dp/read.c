// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/read.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "dp/dp.h"

static int sums_read(const struct dp *dp, int fd, uint32_t count, uint64_t *ret)
{
	_free_ uint64_t *values = calloc(dp->cpus, sizeof(*values));

	if (!values)
		return -ENOMEM;
	memset(ret, 0, count * sizeof(*ret));
	for (uint32_t i = 0; i < count; i++) {
		if (bpf_map_lookup_elem(fd, &i, values))
			return log_err(-errno, "counters");
		for (int cpu = 0; cpu < dp->cpus; cpu++)
			ret[i] += values[cpu];
	}
	return 0;
}

int dp_counters_read(const struct dp *dp, uint64_t ret[XRING_CNT_MAX])
{
	return sums_read(dp, dp->counters_fd, XRING_CNT_MAX, ret);
}

int dp_counters_busiest(const struct dp *dp, uint64_t *ret)
{
	_free_ uint64_t *values = calloc(dp->cpus, sizeof(*values));
	_free_ uint64_t *sums = calloc(dp->cpus, sizeof(*sums));

	if (!values || !sums)
		return -ENOMEM;
	for (uint32_t i = 0; i < XRING_CNT_MAX; i++) {
		if (bpf_map_lookup_elem(dp->counters_fd, &i, values))
			return log_err(-errno, "counters");
		for (int cpu = 0; cpu < dp->cpus; cpu++)
			sums[cpu] += values[cpu];
	}
	*ret = 0;
	for (int cpu = 0; cpu < dp->cpus; cpu++)
		if (sums[cpu] > *ret)
			*ret = sums[cpu];
	return 0;
}

int dp_events_read(const struct dp *dp, uint64_t ret[XRING_EVENT_MAX])
{
	return sums_read(dp, dp->events_fd, XRING_EVENT_MAX, ret);
}

static void traffic_sum(const struct dp *dp, const struct xring_traffic *cpus,
			struct xring_traffic *ret)
{
	*ret = (struct xring_traffic){};
	for (int cpu = 0; cpu < dp->cpus; cpu++) {
		ret->packets += cpus[cpu].packets;
		ret->bytes += cpus[cpu].bytes;
		ret->flows += cpus[cpu].flows;
	}
}

int dp_traffic_read(const struct dp *dp, uint16_t id, struct xring_traffic *ret)
{
	_free_ struct xring_traffic *values = calloc(dp->cpus, sizeof(*values));
	uint32_t key = id;

	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(dp->traffic_fd, &key, values))
		return log_err(-errno, "traffic of backend %u", key);
	traffic_sum(dp, values, ret);
	return 0;
}

int dp_traffic_read_many(const struct dp *dp, uint16_t first, uint32_t count,
			 struct xring_traffic *ret)
{
	_free_ struct xring_traffic *values = calloc((size_t)count * dp->cpus, sizeof(*values));
	_free_ uint32_t *keys = calloc(count, sizeof(*keys));
	uint32_t from = first - 1, to;

	if (!values || !keys)
		return -ENOMEM;
	/* At the end of the map the kernel answers ENOENT, and all entries are read. */
	if (bpf_map_lookup_batch(dp->traffic_fd, first ? &from : NULL, &to, keys, values, &count,
				 NULL) && errno != ENOENT)
		return log_err(-errno, "traffic of backends %u on", first);
	for (uint32_t i = 0; i < count; i++)
		traffic_sum(dp, values + (size_t)i * dp->cpus, &ret[i]);
	return 0;
}

int dp_traffic_clear(const struct dp *dp, uint16_t id)
{
	_free_ struct xring_traffic *zero = calloc(dp->cpus, sizeof(*zero));
	uint32_t key = id;

	if (!zero)
		return -ENOMEM;
	return bpf_map_update_elem(dp->traffic_fd, &key, zero, BPF_ANY) ? -errno : 0;
}

int dp_placed_read(const struct dp *dp, uint32_t first, uint32_t count, struct xring_placed *ret)
{
	_free_ struct xring_placed *values = calloc(dp->cpus, sizeof(*values));

	if (!values)
		return -ENOMEM;
	memset(ret, 0, count * sizeof(*ret));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t key = first + i;

		if (bpf_map_lookup_elem(dp->placed_fd, &key, values))
			return log_err(-errno, "counters of rules");
		for (int cpu = 0; cpu < dp->cpus; cpu++) {
			ret[i].packets += values[cpu].packets;
			ret[i].bytes += values[cpu].bytes;
		}
	}
	return 0;
}

int dp_placed_clear(const struct dp *dp, uint32_t first, uint32_t count)
{
	_free_ struct xring_placed *zero = calloc(dp->cpus, sizeof(*zero));

	if (!zero)
		return -ENOMEM;
	for (uint32_t key = first; key < first + count; key++)
		if (bpf_map_update_elem(dp->placed_fd, &key, zero, BPF_ANY))
			return -errno;
	return 0;
}

#define HOMES_STEP 4096u

int dp_homes_take(const struct dp *dp,
		  void (*each)(void *context, const struct xring_home_key *key,
			       const struct xring_home *home), void *context)
{
	_free_ struct xring_home_key *keys = calloc(HOMES_STEP, sizeof(*keys));
	_free_ struct xring_home *values = calloc(HOMES_STEP, sizeof(*values));
	uint32_t from = 0, to = 0, count;
	bool begun = false;
	int err = 0;

	if (!keys || !values)
		return -ENOMEM;
	while (!err) {
		count = HOMES_STEP;
		if (bpf_map_lookup_and_delete_batch(dp->homes_fd, begun ? &from : NULL, &to, keys,
						    values, &count, NULL))
			err = -errno;	/* ENOENT: this is the last batch, and it is read */
		if (err && err != -ENOENT)
			return err == -ENOSPC ? 0 : log_err(err, "counters of ingresses");
		for (uint32_t i = 0; i < count; i++)
			each(context, &keys[i], &values[i]);
		from = to;
		begun = true;
	}
	return 0;
}
