// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/vlans.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dp/dp.h"

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct xring_vlan));
}

static int remove_others(const struct dp *dp, const struct dp_vlan *list, size_t count)
{
	struct xring_vlan last, key;
	bool any = false;

	while (!bpf_map_get_next_key(dp->vlans_fd, any ? &last : NULL, &key)) {
		if (!count || !bsearch(&key, list, count, sizeof(*list), by_key)) {
			bpf_map_delete_elem(dp->vlans_fd, &key);
			continue;
		}
		last = key;
		any = true;
	}
	return errno == ENOENT ? 0 : -errno;
}

int dp_vlans_set(struct dp *dp, struct dp_vlan *list, size_t count)
{
	int err;

	if (count)
		qsort(list, count, sizeof(*list), by_key);
	err = remove_others(dp, list, count);
	for (size_t i = count; i > 0 && !err; i--)	/* the first of a key is written last */
		if (bpf_map_update_elem(dp->vlans_fd, &list[i - 1].key, &list[i - 1].ingress, BPF_ANY))
			err = -errno;
	return err;
}
