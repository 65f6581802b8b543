// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/vip/slots.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/value/prefix.h"
#include "core/value/vip.h"
#include "core/vip/shapes.h"
#include "core/vip/template.h"

size_t slots_of_vips(const struct service *s, size_t backends)
{
	size_t count = 0;

	for (size_t v = 0; v < s->vip_count; v++)
		count += vip_block_count(&s->vips[v]) *
			 (1 + (mode_replies_return(s->mode) ? backends : 0));
	return count + s->vip_count;	/* and the addresses */
}

size_t slots_count(const struct model *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->service_count; i++)
		count += slots_of_vips(&m->services[i], m->services[i].backend_count);
	return count;
}

static bool is_strict(const struct service *s)
{
	const struct rule *rule = service_rule(s);

	return rule && rule->constraint_count;
}

void slot_vip(const struct vip *vip, const struct port_block *block, struct xring_slot *ret)
{
	*ret = (struct xring_slot){};
	slot_address(&vip->address, vip->port, vip->protocol,
		     vip->address.family == AF_INET ? XRING_SLOT_SERVICE4 : XRING_SLOT_SERVICE6,
		     ret);
	if (vip->port_last)
		slot_set_block(block, ret);
	if (vip->bits)
		slot_set_network(vip->bits, ret);
}

static void fill_service(const struct service *s, const struct vip *vip,
			 const struct port_block *block, const struct slot_ring *ring,
			 struct xring_slot *ret)
{
	slot_vip(vip, block, ret);
	slot_set_key(&s->key, vip->address.family, ret);
	ret->ports_mask |= (uint64_t)ring->number << XRING_SLOT_NUMBER |
			   (s->too_big ? XRING_SLOT_SILENT : 0) | (ring->lives ? XRING_SLOT_ECHO : 0);
	ret->ring_base = ring->base;
	ret->ring_shift = ring->shift;
	ret->flags = (s->all_down == ALL_DOWN_PASS ? XRING_SERVICE_PASS : 0) |
		     (s->bound ? XRING_SERVICE_BOUND : 0) |
		     (is_strict(s) && !ring->rules ? XRING_SERVICE_STRICT : 0) |
		     (ring->hot ? XRING_SERVICE_HOT : 0) |
		     (ring->rules ? XRING_SERVICE_RULES : 0) |
		     (key_is_packet(&s->key) ? XRING_SERVICE_PACKET : 0);
	ret->udp_idle = s->udp_idle_ms / 100;
	ret->tcp_idle = s->tcp_idle_ms;
}

size_t slots_reply(const struct vip *vip, const struct address *address, uint16_t port, uint16_t id,
		   struct xring_slot ret[PORT_BLOCKS_MAX])
{
	struct port_block blocks[PORT_BLOCKS_MAX];
	size_t count = port ? 1 : vip_blocks(vip, blocks);

	for (size_t i = 0; i < count; i++) {
		struct xring_slot *slot = &ret[i];

		*slot = (struct xring_slot){};
		slot_address(address, port ?: vip->port, vip->protocol,
			     vip->address.family == AF_INET ? XRING_SLOT_REPLY4 : XRING_SLOT_REPLY6,
			     slot);
		if (!port && vip->port_last)
			slot_set_block(&blocks[i], slot);
		memcpy(slot->vip_addr, vip->address.bytes, sizeof(slot->vip_addr));
		slot->vip_port = vip->port_last ? 0 : htons(vip->port);
		slot->backend = id;
	}
	return count;
}

static size_t fill_vip(const struct service *s, const struct vip *vip,
		       const struct slot_ring *ring, struct xring_slot *ret)
{
	struct port_block blocks[PORT_BLOCKS_MAX];
	size_t block_count = vip_blocks(vip, blocks), count = 0;

	for (size_t i = 0; i < block_count; i++)
		fill_service(s, vip, &blocks[i], ring, &ret[count++]);
	block_count = count;
	for (size_t b = 0; mode_replies_return(s->mode) && b < s->backend_count; b++)
		if (s->backends[b].address.family == vip->address.family)
			count += slots_reply(vip, &s->backends[b].address, s->backends[b].port,
					     ring->ids ? ring->ids[b] : 0, &ret[count]);
	for (size_t i = block_count; i < count; i++)
		ret[i].mss = s->mss;
	return count;
}

size_t slots_fill(const struct service *s, const struct slot_ring *ring, struct xring_slot *ret)
{
	size_t count = 0;

	for (size_t v = 0; v < s->vip_count; v++)
		count += fill_vip(s, &s->vips[v], ring, &ret[count]);
	return count;
}

static bool is_service(const struct xring_slot *slot)
{
	uint32_t kind = XRING_SLOT_KIND(slot->port);

	return kind == XRING_SLOT_SERVICE4 || kind == XRING_SLOT_SERVICE6;
}

/* What does not say at which address, port and protocol the VIP is. */
static bool are_alike(const struct xring_slot *a, const struct xring_slot *b)
{
	struct xring_slot other = *b;

	memcpy(other.addr, a->addr, sizeof(other.addr));
	other.port = a->port;
	return !(uint32_t)a->ports_mask && !memcmp(a, &other, sizeof(other));
}

/* A VIP's slot, with the network that it is for. */
struct at {
	struct prefix prefix;
	struct xring_slot slot;
};

/* Networks, and addresses as networks of one, of which VIPs are; and all VIPs that those have. */
struct nest {
	struct prefix prefix;
	const struct xring_slot *first;	/* of the VIPs */
	bool alike;			/* are all? */
	uint64_t echo;			/* XRING_SLOT_ECHO, if one of them has it */
};

static size_t services_sorted(const struct xring_slot *slots, size_t count, struct at *ret)
{
	size_t services = 0;

	for (size_t i = 0; i < count; i++)
		if (is_service(&slots[i]))
			ret[services++] = (struct at){ slot_prefix(&slots[i]), slots[i] };
	if (services)
		qsort(ret, services, sizeof(*ret), prefix_order);
	return services;
}

static struct xring_slot address_slot(const struct nest *nest)
{
	struct xring_slot slot = *nest->first;
	uint32_t kind = XRING_SLOT_KIND(slot.port) == XRING_SLOT_SERVICE4 ? XRING_SLOT_ADDRESS4 :
									    XRING_SLOT_ADDRESS6;

	slot.port = XRING_SLOT_PORT(0, 0, kind | (slot.port >> 24 & XRING_SLOT_NETWORK));
	slot.ports_mask |= nest->echo;
	slot.flags |= nest->alike ? XRING_ADDRESS_ALIKE : 0;
	return slot;
}

/*
 * Networks come before what they have, so that those around one are a stack. What is true of a network's
 * VIPs is true of each part of it: these VIPs take packets there that no other takes.
 */
int slots_addresses(const struct xring_slot *slots, size_t count, struct xring_slot *ret,
		    size_t *ret_count)
{
	_free_ struct at *services = calloc(count + 1, sizeof(*services));
	struct nest stack[129];
	size_t total, addresses = 0, depth = 0;

	if (!services)
		return -ENOMEM;
	total = services_sorted(slots, count, services);
	for (size_t i = 0, next; i < total; i = next) {
		struct nest nest = { services[i].prefix, &services[i].slot, true, 0 };

		while (depth && !prefix_covers(&stack[depth - 1].prefix, &nest.prefix.address))
			depth--;
		if (depth) {
			const struct nest *around = &stack[depth - 1];

			nest.alike = around->alike && are_alike(nest.first, around->first);
			nest.echo = around->echo;
		}
		for (next = i; next < total && !prefix_compare(&services[next].prefix, &nest.prefix);
		     next++) {
			nest.alike = nest.alike && are_alike(nest.first, &services[next].slot);
			nest.echo |= services[next].slot.ports_mask & XRING_SLOT_ECHO;
		}
		ret[addresses++] = address_slot(&nest);
		stack[depth++] = nest;
	}
	*ret_count = addresses;
	return 0;
}

uint64_t slots_flags(const struct xring_slot *slots, size_t count)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t kind = XRING_SLOT_KIND(slots[i].port);
		bool shaped = kind != slots[i].port >> 24;	/* by flags */
		bool more = shaped || !(uint16_t)slots[i].port;

		flags |= shaped ? XRING_VIPS_SHAPES : 0;
		if (is_service(&slots[i]))
			flags |= more ? XRING_VIPS_ANY_PORT : 0;
		else if (kind == XRING_SLOT_REPLY4 || kind == XRING_SLOT_REPLY6)
			flags |= XRING_VIPS_REPLIES | (more ? XRING_VIPS_REPLY_ANY : 0);
	}
	return flags;
}
