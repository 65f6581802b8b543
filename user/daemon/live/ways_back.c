// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/live/ways_back.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "core/model/model.h"
#include "core/vip/shapes.h"
#include "core/vip/slots.h"
#include "core/vip/vips.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "dp/dp.h"
#include "dp/write.h"

static int by_place(const void *left, const void *right)
{
	const struct xring_slot *a = &((const struct way_back *)left)->slot;
	const struct xring_slot *b = &((const struct way_back *)right)->slot;

	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

static bool same_vip(const struct xring_slot *a, const struct xring_slot *b)
{
	return a->vip_port == b->vip_port && !memcmp(a->vip_addr, b->vip_addr, sizeof(a->vip_addr));
}

/* Does the VIP table have this way back, and not one to another VIP? */
static bool is_in_table(const struct live *live, const struct xring_slot *slot)
{
	const struct xring_slot *found = vips_find(dp_vips_live(live->dp), live->dp->config->vips,
						   slot->addr, slot->port);

	return found && same_vip(found, slot);
}

static int ways_add(const struct live *live, const struct live_backend *backend,
		    const struct vip *vip, uint64_t until, struct ways_back *ways)
{
	struct xring_slot slots[PORT_BLOCKS_MAX];
	size_t count = slots_reply(vip, &backend->address, backend->port, backend->id, slots);

	for (size_t i = 0; i < count; i++) {
		struct way_back *list;

		if (!is_in_table(live, &slots[i]))
			continue;
		list = array_grow(ways->list, ways->count, sizeof(*list));
		if (!list)
			return -ENOMEM;
		ways->list = list;
		list[ways->count++] = (struct way_back){ .of = backend, .until = until,
							 .slot = slots[i] };
	}
	return 0;
}

/* Does the model keep the backend in its service, or bring it back? */
static bool stays(const struct service *s, const struct live_backend *backend)
{
	const struct backend *b = service_backend(s, backend->name);

	return b && backend->port == b->port && address_equal(&backend->address, &b->address);
}

/*
 * Until when (ns) a backend that is not in the model may have flows; 0: it has none. One that leaves
 * already has them until the datapath knows that it is dead.
 */
static uint64_t flows_until(const struct service *s, const struct live_backend *backend,
			    bool leaving, uint64_t now, bool cut)
{
	uint64_t until = backend->owner->drain_until;

	if (backend->dead || (cut && (!leaving || until <= now)))
		return 0;
	if (leaving)
		return until;
	until = until ?: now + s->drain_ms * NS_PER_MS;
	return until > now ? until : 0;
}

static int service_ways(const struct live *live, const struct live_service *ls,
			const struct service *s, uint64_t now, bool cut, struct ways_back *ways)
{
	int err = 0;

	for (size_t i = 0; i < ls->leaving_count + ls->backend_count && !err; i++) {
		bool leaving = i < ls->leaving_count;
		const struct live_backend *backend =
			leaving ? ls->leaving[i] : ls->backends[i - ls->leaving_count];
		uint64_t until = stays(s, backend) ? 0 : flows_until(s, backend, leaving, now, cut);

		for (size_t v = 0; until && v < s->vip_count && !err; v++)
			if (s->vips[v].address.family == backend->address.family)
				err = ways_add(live, backend, &s->vips[v], until, ways);
	}
	return err;
}

int ways_back_new(const struct live *live, const struct model *m, uint64_t now, bool cut,
		  struct ways_back *ret)
{
	struct ways_back ways = {};
	int err = 0;

	for (size_t i = 0; i < live->service_count && !err; i++) {
		const struct live_service *ls = live->services[i];
		const struct service *s = m ? model_service(m, ls->name) : ls->model;

		if (s && mode_replies_return(s->mode))	/* a removed service cuts its flows */
			err = service_ways(live, ls, s, now, cut, &ways);
	}
	if (err) {
		ways_back_clear(&ways);
		return err;
	}
	if (ways.count)
		qsort(ways.list, ways.count, sizeof(*ways.list), by_place);
	*ret = ways;
	return 0;
}

void ways_back_clear(struct ways_back *ways)
{
	free(ways->list);
	*ways = (struct ways_back){};
}

int ways_back_look(struct live *live, uint64_t now, bool cut)
{
	struct ways_back ways;
	int err = ways_back_new(live, NULL, now, cut, &ways);

	if (err)
		return err;
	ways_back_clear(&live->ways);
	live->ways = ways;
	return 0;
}

void ways_back_bury(struct live *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->ways.count; i++)
		if (!live->ways.list[i].of->dead)
			live->ways.list[kept++] = live->ways.list[i];
	live->ways.count = kept;
}

void ways_back_forget(struct live *live, const struct live_backend *backend)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->ways.count; i++)
		if (live->ways.list[i].of != backend)
			live->ways.list[kept++] = live->ways.list[i];
	live->ways.count = kept;
}

static bool is_block(const struct xring_slot *slot)
{
	return XRING_SLOT_KIND(slot->port) != slot->port >> 24;
}

static bool keeps_port(const struct xring_slot *slot)
{
	return !slot->vip_port || slot->vip_port == (__be16)slot->port;
}

/* Do two ways, of which one is for a block of ports, share a port from which replies would get two VIPs? */
static bool blocks_clash(const struct xring_slot *a, const struct xring_slot *b)
{
	struct port_block left = slot_block(a), right = slot_block(b);

	if (XRING_SLOT_KIND(a->port) != XRING_SLOT_KIND(b->port) ||
	    (a->port >> 16 & 0xff) != (b->port >> 16 & 0xff) || memcmp(a->addr, b->addr, sizeof(a->addr)) ||
	    left.bits == 16 || right.bits == 16)	/* any port: the others go before it */
		return false;
	if (left.first + (1u << left.bits) <= right.first || right.first + (1u << right.bits) <= left.first)
		return false;
	return memcmp(a->vip_addr, b->vip_addr, sizeof(a->vip_addr)) || !keeps_port(a) || !keeps_port(b);
}

/* Blocks are the last in the order, so that without any of them nothing is searched. */
static const struct way_back *find_block(const struct ways_back *ways, const struct xring_slot *slot)
{
	size_t i = ways->count;

	while (i && (is_block(slot) || is_block(&ways->list[i - 1].slot)))
		if (blocks_clash(&ways->list[--i].slot, slot))
			return &ways->list[i];
	return NULL;
}

static const struct way_back *find(const struct ways_back *ways, const struct xring_slot *slot)
{
	struct way_back key = { .slot = *slot };
	const struct way_back *found = ways->count ? bsearch(&key, ways->list, ways->count,
							     sizeof(key), by_place) : NULL;

	return found && !same_vip(&found->slot, slot) ? found : find_block(ways, slot);
}

bool way_back_is_taken(const struct ways_back *ways, const struct xring_slot *slot)
{
	return find(ways, slot);
}

const struct way_back *way_back_taken(const struct ways_back *ways, const struct service *s,
				      const struct address *address, uint16_t port)
{
	const struct way_back *found = NULL;

	if (!ways->count || !mode_replies_return(s->mode))
		return NULL;
	for (size_t v = 0; v < s->vip_count && !found; v++) {
		struct xring_slot slots[PORT_BLOCKS_MAX];
		size_t count = slots_reply(&s->vips[v], address, port, 0, slots);

		for (size_t i = 0; i < count && !found; i++)
			found = find(ways, &slots[i]);
	}
	return found;
}
