// SPDX-License-Identifier: GPL-2.0-or-later
/* The VIP table: how the datapath finds the live services and their rings. */
#include "daemon/live/vips.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "core/vip/shapes.h"
#include "core/vip/slots.h"
#include "core/vip/vips.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/ways_back.h"
#include "dp/dp.h"
#include "dp/write.h"

/* Would a new flow find a backend that lives? */
static bool service_lives(const struct live_service *s)
{
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct live_backend *b = s->backends[i];

		if (b->weight_most && !b->dead && health_alive(&b->health))
			return true;
	}
	return false;
}

static struct slot_ring slot_ring_of(const struct live_service *s, const struct model *m)
{
	bool rules = s->classes && s->classes->own && !s->classes->ending;

	return (struct slot_ring){
		.base = rules ? s->classes->own->first : s->main->base,
		.shift = 32 - s->main->cells.bits,
		.number = s->number,
		.hot = s->key_count > 0,
		.rules = rules,
		.lives = !m->echo_passes && service_lives(s),
	};
}

/* Slots for the replies of leaving backends, which still answer their flows. */
static int slots_leaving(const struct live_service *s, const struct model *m,
			 const struct service *model, struct xring_slot *ret, size_t *ret_count)
{
	_free_ struct backend *backends = calloc(s->leaving_count + 1, sizeof(*backends));
	_free_ uint16_t *ids = calloc(s->leaving_count + 1, sizeof(*ids));
	struct slot_ring ring = slot_ring_of(s, m);
	struct service leaving = *model;

	if (!backends || !ids)
		return -ENOMEM;
	for (size_t i = 0; i < s->leaving_count; i++) {
		backends[i].address = s->leaving[i]->address;
		backends[i].port = s->leaving[i]->port;
		ids[i] = s->leaving[i]->id;
	}
	ring.ids = ids;
	leaving.backends = backends;
	leaving.backend_count = s->leaving_count;
	*ret_count = slots_fill(&leaving, &ring, ret);
	return 0;
}

/* Slots that are kept are in the table; each may be of an address of its own. */
static size_t slots_most(const struct live *live, const struct model *m)
{
	size_t most = slots_count(m) + 2 * XRING_VIP_SLOTS;

	for (size_t i = 0; i < m->service_count; i++) {
		const struct live_service *s = live_service(live, m->services[i].name);

		if (s && s->leaving_count)
			most += slots_of_vips(&m->services[i], s->leaving_count);
	}
	return most;
}

/* ---- services that are not what the model says ---- */

static bool is_vip_of(const struct xring_slot *slot, uint32_t number)
{
	uint32_t kind = XRING_SLOT_KIND(slot->port);

	return (kind == XRING_SLOT_SERVICE4 || kind == XRING_SLOT_SERVICE6) &&
	       XRING_SLOT_NUMBER_OF(slot->ports_mask) == number;
}

/* Do these replies carry that VIP? Those to a range of ports come from the same blocks as its VIP has. */
static bool is_reply_of(const struct xring_slot *slot, const struct xring_slot *vip)
{
	uint32_t other = XRING_SLOT_KIND(vip->port) == XRING_SLOT_SERVICE4 ? XRING_SLOT_REPLY4 :
									      XRING_SLOT_REPLY6;
	uint32_t flags = (vip->port >> 24) - XRING_SLOT_KIND(vip->port);
	uint16_t port = flags ? slot->port : slot->vip_port;

	return slot->port >> 24 == (other | flags) && port == (uint16_t)vip->port &&
	       (slot->port >> 16 & 0xff) == (vip->port >> 16 & 0xff) &&
	       !memcmp(slot->vip_addr, vip->addr, sizeof(slot->vip_addr));
}

/* Makes the slots name the ring where it is now. False: the ring is not there any more. */
static bool slots_follow(const struct live_service *s, struct xring_slot *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct xring_slot *slot = &slots[i];

		slot->flags &= ~XRING_SERVICE_HOT;
		slot->flags |= s->key_count ? XRING_SERVICE_HOT : 0;
		if (slot->flags & XRING_SERVICE_RULES) {
			if (!s->classes || !s->classes->own ||
			    s->classes->own->first != slot->ring_base)
				return false;
			continue;
		}
		if (!s->main->has_extent || s->main->blank)
			return false;
		slot->ring_base = s->main->base;
		slot->ring_shift = 32 - s->main->cells.bits;
	}
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct xring_slot));
}

/*
 * A service that failed keeps the slots that its VIPs have in the table, and those of their
 * replies, so that no key, mode or rule is changed by half. A new service has none yet.
 */
static size_t slots_kept(const struct live *live, const struct live_service *s,
			 struct xring_slot *ret)
{
	const struct xring_slot *half = dp_vips_live(live->dp);
	size_t count = 0, vips;

	for (size_t i = 0; i < XRING_VIP_SLOTS; i++)
		if (is_vip_of(&half[i], s->number))
			ret[count++] = half[i];
	vips = count;
	if (!slots_follow(s, ret, vips))
		return 0;
	for (size_t i = 0; i < XRING_VIP_SLOTS; i++)
		for (size_t v = 0; v < vips; v++)
			if (is_reply_of(&half[i], &ret[v]))
				ret[count++] = half[i];
	/* In one order whatever their places in the table, so that equal slots are not written again. */
	qsort(ret, count, sizeof(*ret), by_bytes);
	return count;
}

/* ---- the table ---- */

/* The slots of a service as it is in the model; returns how many, or -ENOMEM. */
static long slots_of(const struct live_service *s, const struct model *m,
		     const struct service *model, struct xring_slot *ret)
{
	_free_ uint16_t *ids = calloc(model->backend_count + 1, sizeof(*ids));
	struct slot_ring ring = slot_ring_of(s, m);

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < model->backend_count; i++) {
		const struct live_backend *b = live_backend(s, model->backends[i].name);

		ids[i] = b ? b->id : 0;
	}
	ring.ids = ids;
	return slots_fill(model, &ring, ret);
}

/* Leaves out ways back that other backends still have; returns how many slots are left. */
static size_t slots_free(const struct live *live, struct xring_slot *slots, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!way_back_is_taken(&live->ways, &slots[i]))
			slots[kept++] = slots[i];
	return kept;
}

/*
 * The slots of the model come first: of two slots for one key the first one counts. keep: no
 * service follows the model yet.
 */
static int slots_make(const struct live *live, const struct model *m, bool keep,
		      struct xring_slot **ret, size_t *ret_count)
{
	_free_ struct xring_slot *slots = calloc(slots_most(live, m) + 1, sizeof(*slots));
	size_t count = 0, more;
	int err = slots ? 0 : -ENOMEM;

	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct live_service *s = live_service(live, m->services[i].name);
		long filled;

		if (!s || !s->main->has_extent || s->failed || keep)
			continue;	/* the service waits for its first flush */
		filled = slots_of(s, m, &m->services[i], slots + count);
		err = filled < 0 ? filled : 0;
		count += err ? 0 : slots_free(live, slots + count, filled);
	}
	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct live_service *s = live_service(live, m->services[i].name);

		if (!s || !s->leaving_count || s->failed || keep)
			continue;
		err = slots_leaving(s, m, &m->services[i], slots + count, &more);
		count += err ? 0 : slots_free(live, slots + count, more);
	}
	for (size_t i = 0; i < live->service_count && !err; i++)
		if ((live->services[i]->failed || keep) && !live->services[i]->gone)
			count += slots_kept(live, live->services[i], slots + count);
	if (err)
		return err;
	err = slots_addresses(slots, count, slots + count, &more);
	if (err)
		return err;
	*ret_count = count + more;
	*ret = take_ptr(slots);
	return 0;
}

static int table_write(struct live *live, const struct model *m, bool keep)
{
	_free_ struct xring_slot *slots = NULL;
	uint64_t flags, sources;
	size_t count = 0;
	uint32_t seed;
	int err;

	ways_back_bury(live);
	err = slots_make(live, m, keep, &slots, &count);
	if (err)
		return err;
	live->slots_stale = false;
	if (live->slots_known && count == live->slot_count &&
	    !memcmp(slots, live->slots, count * sizeof(*slots)))
		return 0;
	flags = slots_flags(slots, count);
	sources = vips_sources(live->slots, live->slot_count) | vips_sources(slots, count);
	if (!live->slots_known)		/* an earlier daemon's are not known one by one */
		sources |= live->dp->config->sources;
	if (vips_build(dp_vips_idle(live->dp), slots, count, &seed))
		return log_err(-ENOSPC, "%zu entries of the VIP table", count);
	if (slots_shapes(slots, count, dp_shapes_idle(live->dp)))
		return log_err(-ENOSPC, "networks and port ranges of VIPs: more than %u shapes",
			       XRING_SHAPES);
	dp_vips_flip(live->dp, seed, flags, sources);
	free(live->slots);
	live->slots = take_ptr(slots);
	live->slot_count = count;
	live->slots_known = true;
	return 0;
}

int live_vips_write(struct live *live, const struct model *m)
{
	return table_write(live, m, false);
}

int live_vips_keep(struct live *live, const struct model *m)
{
	return table_write(live, m, true);
}
