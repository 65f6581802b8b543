// SPDX-License-Identifier: GPL-2.0-or-later
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

int dp_events_read(const struct dp *dp, uint64_t ret[XRING_EVENT_MAX])
{
	return sums_read(dp, dp->events_fd, XRING_EVENT_MAX, ret);
}

int dp_traffic_read(const struct dp *dp, uint16_t id, struct xring_traffic *ret)
{
	_free_ struct xring_traffic *values = calloc(dp->cpus, sizeof(*values));
	uint32_t key = id;

	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(dp->traffic_fd, &key, values))
		return log_err(-errno, "traffic of backend %u", key);
	*ret = (struct xring_traffic){};
	for (int cpu = 0; cpu < dp->cpus; cpu++) {
		ret->packets += values[cpu].packets;
		ret->bytes += values[cpu].bytes;
		ret->flows += values[cpu].flows;
	}
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
