// SPDX-License-Identifier: GPL-2.0-or-later
/* The VIP table: how the datapath finds the live services and their rings. */
#include "daemon/live/vips.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "core/vip/slots.h"
#include "core/vip/vips.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "dp/dp.h"
#include "dp/write.h"

static struct slot_ring slot_ring_of(const struct live_service *s)
{
	bool rules = s->classes && s->classes->own && !s->classes->ending;

	return (struct slot_ring){
		.base = rules ? s->classes->own->first : s->main->base,
		.shift = 32 - s->main->cells.bits,
		.number = s->number,
		.hot = s->key_count > 0,
		.rules = rules,
	};
}

/* Slots for the replies of leaving backends, which still answer their flows. */
static int slots_leaving(const struct live_service *s, const struct service *model,
			 struct xring_slot *ret, size_t *ret_count)
{
	_free_ struct backend *backends = calloc(s->leaving_count + 1, sizeof(*backends));
	struct slot_ring ring = slot_ring_of(s);
	struct service leaving = *model;

	if (!backends)
		return -ENOMEM;
	for (size_t i = 0; i < s->leaving_count; i++) {
		backends[i].address = s->leaving[i]->address;
		backends[i].port = s->leaving[i]->port;
	}
	leaving.backends = backends;
	leaving.backend_count = s->leaving_count;
	*ret_count = slots_fill(&leaving, &ring, ret);
	return 0;
}

static size_t slots_most(const struct live *live, const struct model *m)
{
	size_t most = slots_count(m);

	for (size_t i = 0; i < m->service_count; i++) {
		const struct live_service *s = live_service(live, m->services[i].name);

		if (s && s->leaving_count)
			most += m->services[i].vip_count * (1 + s->leaving_count);
	}
	return most;
}

/* The slots of the model come first: of two slots for one key the first one counts. */
static int slots_make(const struct live *live, const struct model *m, struct xring_slot **ret,
		      size_t *ret_count)
{
	_free_ struct xring_slot *slots = calloc(slots_most(live, m) + 1, sizeof(*slots));
	size_t count = 0, more;
	int err = slots ? 0 : -ENOMEM;

	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct live_service *s = live_service(live, m->services[i].name);
		struct slot_ring ring;

		if (!s || !s->main->has_extent)
			continue;	/* the service waits for its first flush */
		ring = slot_ring_of(s);
		count += slots_fill(&m->services[i], &ring, slots + count);
	}
	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct live_service *s = live_service(live, m->services[i].name);

		if (!s || !s->leaving_count)
			continue;
		err = slots_leaving(s, &m->services[i], slots + count, &more);
		count += err ? 0 : more;
	}
	if (err)
		return err;
	*ret = take_ptr(slots);
	*ret_count = count;
	return 0;
}

int live_vips_write(struct live *live, const struct model *m)
{
	_free_ struct xring_slot *slots = NULL;
	size_t count = 0;
	uint64_t flags;
	uint32_t seed;
	int err = slots_make(live, m, &slots, &count);

	if (err)
		return err;
	live->slots_stale = false;
	if (live->slots_known && count == live->slot_count &&
	    !memcmp(slots, live->slots, count * sizeof(*slots)))
		return 0;
	flags = slots_flags(slots, count);
	if (vips_build(dp_vips_idle(live->dp), slots, count, &seed))
		return log_err(-ENOSPC, "%zu entries of the VIP table", count);
	dp_vips_flip(live->dp, seed, flags);
	free(live->slots);
	live->slots = take_ptr(slots);
	live->slot_count = count;
	live->slots_known = true;
	return 0;
}
