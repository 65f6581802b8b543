// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counters of all backends, read several times a second, and by the thousand: a system
 * call for each backend would take a tenth of a processor.
 */
#include "daemon/live/traffic.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "dp/dp.h"
#include "dp/read.h"

#define CHUNK 1024u

static bool any_used(const struct live *live, uint32_t first, uint32_t count)
{
	for (uint32_t id = first; id < first + count; id++)
		if (live->by_id[id])
			return true;
	return false;
}

int live_traffic_look(struct live *live)
{
	uint32_t total = live->dp->backend_count;
	int err = 0;

	live->traffic = live->traffic ?: calloc(total, sizeof(*live->traffic));
	if (!live->traffic)
		return -ENOMEM;
	for (uint32_t first = 0; first < total && !err; first += CHUNK) {
		uint32_t count = total - first < CHUNK ? total - first : CHUNK;

		if (any_used(live, first, count))
			err = dp_traffic_read_many(live->dp, first, count, live->traffic + first);
	}
	return err;
}

struct xring_traffic live_traffic(const struct live *live, const struct live_backend *backend)
{
	return live->traffic ? live->traffic[backend->id] : (struct xring_traffic){};
}

uint64_t live_established(const struct live *live, const struct live_service *s)
{
	uint64_t packets = s->retired.packets - s->retired.flows;

	for (size_t i = 0; i < s->backend_count + s->leaving_count; i++) {
		struct xring_traffic one =
			live_traffic(live, i < s->backend_count ? s->backends[i]
								: s->leaving[i - s->backend_count]);

		packets += one.packets - one.flows;
	}
	return packets;
}
