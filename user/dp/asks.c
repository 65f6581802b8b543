// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/asks.h"

#include <bpf/bpf.h>

#include "dp/dp.h"

size_t dp_asks_take(struct dp *dp, struct xring_ask ret[XRING_ASKS])
{
	size_t count = 0;

	while (count < XRING_ASKS && !bpf_map_get_next_key(dp->asks_fd, NULL, &ret[count]))
		if (!bpf_map_delete_elem(dp->asks_fd, &ret[count]))
			count++;
		else
			break;
	return count;
}
