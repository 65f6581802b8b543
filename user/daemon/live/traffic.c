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

static int room(struct live *live)
{
	live->traffic = live->traffic ?: calloc(live->dp->backend_count, sizeof(*live->traffic));
	return live->traffic ? 0 : -ENOMEM;
}

int live_traffic_look(struct live *live)
{
	uint32_t total = live->dp->backend_count;
	int err = room(live);

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

/* The backends of a service, and then those that leave it. */
static const struct live_backend *backend_at(const struct live_service *s, size_t i)
{
	return i < s->backend_count ? s->backends[i] : s->leaving[i - s->backend_count];
}

int live_traffic_look_at(struct live *live, const struct live_service *s)
{
	int err = room(live);

	for (size_t i = 0; !err && i < s->backend_count + s->leaving_count; i++) {
		uint16_t id = backend_at(s, i)->id;

		err = dp_traffic_read(live->dp, id, &live->traffic[id]);
	}
	return err;
}

struct xring_traffic live_traffic_of(const struct live *live, const struct live_service *s)
{
	struct xring_traffic sum = s->retired;

	for (size_t i = 0; i < s->backend_count + s->leaving_count; i++) {
		struct xring_traffic one = live_traffic(live, backend_at(s, i));

		sum.packets += one.packets;
		sum.bytes += one.bytes;
		sum.flows += one.flows;
	}
	return sum;
}

uint64_t live_established(const struct live *live, const struct live_service *s)
{
	struct xring_traffic sum = live_traffic_of(live, s);

	return sum.packets - sum.flows;
}
