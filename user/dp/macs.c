// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/macs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dp/dp.h"

int dp_macs_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct xring_mac));
}

static int remove_others(const struct dp *dp, const struct xring_mac *keys, size_t count)
{
	struct xring_mac last, key;
	bool any = false;

	while (!bpf_map_get_next_key(dp->macs_fd, any ? &last : NULL, &key)) {
		if (!bsearch(&key, keys, count, sizeof(key), dp_macs_order)) {
			bpf_map_delete_elem(dp->macs_fd, &key);
			continue;
		}
		last = key;
		any = true;
	}
	return errno == ENOENT ? 0 : -errno;
}

int dp_macs_set(struct dp *dp, const struct xring_mac *keys, size_t count)
{
	int err = remove_others(dp, keys, count);
	uint8_t there = 1;

	for (size_t i = 0; i < count && !err; i++)
		if (bpf_map_update_elem(dp->macs_fd, &keys[i], &there, BPF_ANY))
			err = -errno;
	return err;
}

void dp_macs_first(struct dp *dp, const uint64_t macs[2])
{
	__atomic_store_n(&dp->config->macs[1], macs[1], __ATOMIC_RELEASE);
	__atomic_store_n(&dp->config->macs[0], macs[0], __ATOMIC_RELEASE);
}
