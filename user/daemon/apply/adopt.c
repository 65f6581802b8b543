// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a new daemon takes over running maps. Backends are found by the owner records, rings by
 * the VIP table, or, where rules tell clients apart, by classes and ring records. All are
 * taken over as they are. The first live_apply() then compares every cell with the model and
 * writes what differs, whatever the last daemon had half done.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "core/ring/arena.h"
#include "core/ring/spills.h"
#include "core/vip/slots.h"
#include "core/vip/vips.h"
#include "daemon/apply/apply.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/ingress.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "dp/dp.h"
#include "dp/write.h"

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

/*
 * Layout 1 kept no addresses in owner records; there the model's address is the one that ran.
 * False: the model has no such backend.
 */
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
 * Takes over one id that is taken. If the model has no such backend, or has it at another
 * address, the backend in the maps is leaving.
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
		  live_backend(s, owner->backend);
	if (leaving && !owner->drain_until)
		owner->drain_until = now + service->drain_ms * NS_PER_MS;
	return backend_adopt(live, s, id, leaving);
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

/* Marks the spill buckets that a word names; false: the word makes no sense. */
static bool mark_spill(const struct live *live, uint64_t word, uint8_t *used)
{
	bool spilled = (word >> 32 & XRING_ID_MASK) == XRING_SPILL;
	uint32_t bucket = word;

	for (int more = 0; spilled && more < 2; more++) {
		const struct xring_spill *spill = &live->dp->spills[bucket];

		if (bucket >= live->dp->spill_count || used[bucket])
			return false;
		used[bucket] = 1;
		spilled = spill->owner[XRING_SPILL_POINTS] == XRING_SPILL;
		bucket = spill->split[XRING_SPILL_POINTS - 1];
	}
	return !spilled;
}

/* Marks the buckets that the cells of an extent name, old words included where a cell moves. */
static bool mark_spills(const struct live *live, const struct extent *e, uint8_t *used)
{
	const uint64_t *words = live->dp->cells + e->base, *old = words + ((size_t)1 << e->bits);

	for (size_t i = 0; i < (size_t)1 << e->bits; i++)
		if (!mark_spill(live, words[i], used) ||
		    (words[i] & XRING_MOVING && !mark_spill(live, old[i], used)))
			return false;
	return true;
}

/* Puts the extent of 2^(32 - shift) cells on live->foreign, unless another user has claimed it. */
static int adopt_extent(struct live *live, uint32_t base, uint8_t shift, uint8_t *used)
{
	struct extent e = { base, 32 - shift };
	struct extent *foreign;
	int err;

	if (shift < 32 - CELLS_BITS_MAX || e.bits < CELLS_BITS_MIN)
		return 0;
	err = arena_claim(&live->arena, e.base, e.bits + 1);
	if (err)
		return err == -EEXIST ? 0 : err;	/* claimed by another VIP of this service */
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

/* Claims the extents that slots, classes and ring records name. */
static int adopt_extents(struct live *live, uint8_t *used)
{
	const struct xring_slot *half = dp_vips_live(live->dp);
	int err = 0;

	for (size_t i = 0; i < XRING_VIP_SLOTS && !err; i++) {
		uint32_t kind = XRING_SLOT_KIND(half[i].port);

		if ((kind == XRING_SLOT_SERVICE4 || kind == XRING_SLOT_SERVICE6) &&
		    !(half[i].flags & XRING_SERVICE_RULES))
			err = adopt_extent(live, half[i].ring_base, half[i].ring_shift, used);
	}
	for (uint32_t i = 1; i < XRING_CLASSES && !err; i++) {
		const struct xring_class *class = &live->dp->classes[i];

		if (!class->number)
			continue;
		err = adopt_extent(live, xring_class_base(class->newest),
				   xring_class_shift(class->newest), used);
		if (!err && class->newest & XRING_CLASS_MOVING)
			err = adopt_extent(live, xring_class_base(class->old),
					   xring_class_shift(class->old), used);
	}
	/*
	 * Records come after the classes: a class's word is written as a whole, but a
	 * record's base and shift may come from two daemons.
	 */
	for (uint32_t i = 0; i < XRING_ROUTES && !err; i++)
		if (live->dp->routes[i].service[0])
			err = adopt_extent(live, live->dp->routes[i].base,
					   live->dp->routes[i].shift, used);
	return err;
}

/* The slot of a service in the maps; NULL: none of its VIPs is there. */
static const struct xring_slot *slot_of(const struct live *live, const struct service *service)
{
	const struct xring_slot *half = dp_vips_live(live->dp), *slot = NULL;

	for (size_t v = 0; v < service->vip_count && !slot; v++) {
		const struct vip *vip = &service->vips[v];
		struct port_block blocks[PORT_BLOCKS_MAX];
		struct xring_slot wanted;

		vip_blocks(vip, blocks);
		slot_vip(vip, &blocks[0], &wanted);
		slot = vips_find(half, live->dp->config->vips, wanted.addr, wanted.port);
	}
	return slot;
}

static int adopt_rings(struct live *live, const struct model *m, uint64_t since)
{
	_free_ uint8_t *used = calloc(live->dp->spill_count, 1);
	int err = used ? adopt_extents(live, used) : -ENOMEM;

	if (err)
		return err;
	spill_pool_claim(&live->spills, used);
	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct service *service = &m->services[i];
		struct live_service *s = live_service_get(live, service->name);
		const struct xring_slot *slot = slot_of(live, service);

		if (!s)
			return -ENOMEM;
		s->key = service->key;
		if (!slot)
			continue;
		s->tcp_idle_ms = slot->tcp_idle;
		s->udp_idle_ms = slot->udp_idle * 100;
		/* Versions before 0.3 had no number. */
		service_number_set(live, s, XRING_SLOT_NUMBER_OF(slot->ports_mask));
		if (slot->flags & XRING_SERVICE_RULES)
			err = classes_adopt(live, s, slot->ring_base, since);
		else
			ring_adopt(live, s->main, slot->ring_base, since);
	}
	return err ?: classes_strange(live);
}

/* Whatever moves began to move when the last daemon was there, if not later. */
static uint64_t moving_since(const struct live *live, uint64_t now)
{
	uint64_t alive = live->dp->config->alive;

	return alive && alive < now ? alive : now;
}

int live_adopt(struct live *live, const struct model *m, uint64_t now)
{
	uint64_t since = moving_since(live, now);
	int err = adopt_backends(live, m, now);

	live_ingresses_adopt(live, m);
	/*
	 * Rings of another layout version are built again from the model, which gives the
	 * same rings.
	 */
	if (err || live->dp->rings_strange)
		return err;
	return adopt_rings(live, m, since) ?: live_keys_adopt(live, since);
}
