// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A new daemon on running maps. Backends are known by the owners' records, rings
 * by the VIP table; both are taken over as they are. Then the first
 * live_apply() compares every cell with the model and writes what differs,
 * whatever the last daemon was in the middle of.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "core/vips.h"
#include "daemon/live_keys.h"
#include "daemon/live_node.h"

static int stale_id(struct live *live, uint16_t id)
{
	uint16_t *ids = reallocarray(live->stale_ids, live->stale_count + 1, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	live->stale_ids = ids;
	ids[live->stale_count++] = id;
	return 0;
}

static bool is_of(const struct xring_owner *owner, const struct backend *b)
{
	return b && owner->family == b->address.family && owner->port == b->port &&
	       !memcmp(owner->addr, b->address.bytes, sizeof(owner->addr));
}

/* Layout 1 did not keep addresses: the model's is what ran. False: it has none. */
static bool owner_address(struct xring_owner *owner, const struct service *service)
{
	const struct backend *b = service_backend(service, owner->backend);

	if (owner->family)
		return true;
	if (!b)
		return false;
	memcpy(owner->addr, b->address.bytes, sizeof(owner->addr));
	owner->port = b->port;
	owner->family = b->address.family;
	return true;
}

/*
 * One id that is taken. Where the model has no such backend, or has it at
 * another address, the one that was there is leaving.
 */
static int adopt_backend(struct live *live, const struct model *m, uint16_t id, uint64_t now)
{
	struct xring_owner *owner = &live->dp->owners[id];
	const struct service *service = model_service(m, owner->service);
	struct live_service *s = service ? live_service_get(live, owner->service) : NULL;
	bool leaving;

	if (!service || !owner_address(owner, service))
		return stale_id(live, id);
	if (!s)
		return -ENOMEM;
	leaving = !is_of(owner, service_backend(service, owner->backend)) ||
		  live_node(s, owner->backend);
	if (leaving && !owner->drain_until)
		owner->drain_until = now + service->drain_ms * NS_PER_MS;
	return node_adopt(live, s, id, leaving);
}

static int adopt_backends(struct live *live, const struct model *m, uint64_t now)
{
	for (uint32_t id = 1; id < live->dp->backend_count; id++) {
		int err;

		if (!live->dp->owners[id].service[0])
			continue;
		err = adopt_backend(live, m, id, now);
		if (err)
			return err;
		live->id_cursor = id % (live->dp->backend_count - 1);
	}
	return 0;
}

/* The bucket of one word; false where it makes no sense. */
static bool mark_spill(const struct live *live, uint64_t word, uint8_t *used)
{
	uint32_t bucket = word;

	if ((word >> 32 & XRING_ID_MASK) != XRING_SPILL)
		return true;
	if (bucket >= live->dp->spill_count || used[bucket])
		return false;
	used[bucket] = 1;
	return true;
}

/* The buckets that these cells name, and the old ones of those that move. */
static bool mark_spills(const struct live *live, const struct extent *e, uint8_t *used)
{
	const uint64_t *words = live->dp->cells + e->base, *old = words + ((size_t)1 << e->bits);

	for (size_t i = 0; i < (size_t)1 << e->bits; i++)
		if (!mark_spill(live, words[i], used) ||
		    (words[i] & XRING_MOVING && !mark_spill(live, old[i], used)))
			return false;
	return true;
}

/* The ring of one slot, if it is one that nobody has claimed. */
static int adopt_extent(struct live *live, const struct xring_slot *slot, uint8_t *used)
{
	struct extent e = { slot->ring_base, 32 - slot->ring_shift };
	struct extent *foreign;
	int err;

	if (slot->ring_shift < 32 - CELLS_BITS_MAX || e.bits < CELLS_BITS_MIN)
		return 0;
	err = arena_claim(&live->arena, e.base, e.bits + 1);
	if (err)
		return err == -EEXIST ? 0 : err;	/* of another VIP of this service */
	if (!mark_spills(live, &e, used)) {
		log_warn("cells %u to %u make no sense: they are written anew", e.base,
			 e.base + (1u << e.bits) - 1);
		memset(live->dp->cells + e.base, 0, sizeof(uint64_t) << (e.bits + 1));
	}
	foreign = reallocarray(live->foreign, live->foreign_count + 1, sizeof(*foreign));
	if (!foreign)
		return -ENOMEM;
	live->foreign = foreign;
	foreign[live->foreign_count++] = e;
	return 0;
}

/* Gives a service the extent that its VIP names. */
static void adopt_ring(struct live *live, struct live_service *s, const struct xring_slot *slot,
		       uint64_t now)
{
	for (size_t i = 0; i < live->foreign_count && !s->has_extent; i++) {
		struct extent e = live->foreign[i];

		if (e.base != slot->ring_base)
			continue;
		s->base = e.base;
		s->cells = (struct cells){
			.words = live->dp->cells + e.base,
			.since = live->since + e.base / 2,
			.bits = e.bits,
			.spills = &live->spills,
		};
		cells_adopt(&s->cells, now / (NS_PER_S / 10));
		s->look = 1;	/* until a walk knows better */
		s->has_extent = s->reconcile = true;
		live->foreign[i] = live->foreign[--live->foreign_count];
	}
}

/* The entries of its hot keys know it by that. Versions before 0.3 had none. */
static void adopt_number(struct live *live, struct live_service *s, uint32_t number)
{
	for (size_t i = 0; number && i < live->service_count; i++)
		if (live->services[i]->number == number)
			live->services[i]->number = s->number;
	if (number)
		s->number = number;
}

static int adopt_rings(struct live *live, const struct model *m, uint64_t now)
{
	const struct xring_slot *half = dp_vips_live(live->dp);
	_free_ uint8_t *used = calloc(live->dp->spill_count, 1);
	uint32_t seed = live->dp->config->vips;
	int err = used ? 0 : -ENOMEM;

	for (size_t i = 0; i < XRING_VIP_SLOTS && !err; i++) {
		uint32_t kind = half[i].port >> 24;

		if (kind == XRING_SLOT_SERVICE4 || kind == XRING_SLOT_SERVICE6)
			err = adopt_extent(live, &half[i], used);
	}
	if (err)
		return err;
	spill_pool_claim(&live->spills, used);
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *service = &m->services[i];
		struct live_service *s = live_service_get(live, service->name);

		if (!s)
			return -ENOMEM;
		s->key = service->key;
		for (size_t v = 0; v < service->vip_count && !s->has_extent; v++) {
			const struct vip *vip = &service->vips[v];
			const struct xring_slot *slot;
			struct xring_slot wanted = {};

			slot_address(&vip->address, vip->port, vip->protocol,
				     vip->address.family == AF_INET ? XRING_SLOT_SERVICE4 :
								      XRING_SLOT_SERVICE6,
				     &wanted);
			slot = vips_find(half, seed, wanted.addr, wanted.port);
			if (!slot)
				continue;
			adopt_number(live, s, slot->ports_mask >> XRING_SLOT_NUMBER);
			adopt_ring(live, s, slot, now);
		}
	}
	return 0;
}

int live_adopt(struct live *live, const struct model *m, uint64_t now)
{
	int err = adopt_backends(live, m, now);

	/* Rings of another layout are made anew, as they were: they follow from the model. */
	if (err || (live->dp->abi_found && live->dp->abi_found != XRING_ABI))
		return err;
	return adopt_rings(live, m, now) ?: live_keys_adopt(live, now);
}
