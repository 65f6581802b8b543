// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/vip/slots.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/value/address.h"
#include "core/vip/template.h"

static size_t service_slots(const struct service *s)
{
	return s->vip_count * (2 + (mode_replies_return(s->mode) ? s->backend_count : 0));
}

size_t slots_count(const struct model *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->service_count; i++)
		count += service_slots(&m->services[i]);
	return count;
}

static bool is_strict(const struct service *s)
{
	const struct rule *rule = service_rule(s);

	return rule && rule->constraint_count;
}

static void fill_service(const struct service *s, const struct vip *vip,
			 const struct slot_ring *ring, struct xring_slot *ret)
{
	slot_address(&vip->address, vip->port, vip->protocol,
		     vip->address.family == AF_INET ? XRING_SLOT_SERVICE4 : XRING_SLOT_SERVICE6,
		     ret);
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

void slot_reply(const struct vip *vip, const struct address *address, uint16_t port, uint16_t id,
		struct xring_slot *ret)
{
	*ret = (struct xring_slot){};
	slot_address(address, port ?: vip->port, vip->protocol,
		     vip->address.family == AF_INET ? XRING_SLOT_REPLY4 : XRING_SLOT_REPLY6, ret);
	memcpy(ret->vip_addr, vip->address.bytes, sizeof(ret->vip_addr));
	ret->vip_port = htons(vip->port);
	ret->backend = id;
}

size_t slots_fill(const struct service *s, const struct slot_ring *ring, struct xring_slot *ret)
{
	size_t count = 0;

	for (size_t v = 0; v < s->vip_count; v++) {
		const struct vip *vip = &s->vips[v];

		fill_service(s, vip, ring, &ret[count++]);
		for (size_t b = 0; mode_replies_return(s->mode) && b < s->backend_count; b++)
			if (s->backends[b].address.family == vip->address.family)
				slot_reply(vip, &s->backends[b].address, s->backends[b].port,
					   ring->ids ? ring->ids[b] : 0, &ret[count++]);
	}
	return count;
}

static bool is_service(const struct xring_slot *slot)
{
	uint32_t kind = slot->port >> 24;

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

/* 2001:db8:: has the bytes of 32.1.13.184. */
static int by_address(const void *left, const void *right)
{
	const struct xring_slot *a = left, *b = right;
	uint32_t family = a->port >> 24, other = b->port >> 24;

	return family != other ? (family > other) - (family < other) :
				 memcmp(a->addr, b->addr, sizeof(a->addr));
}

size_t slots_addresses(const struct xring_slot *slots, size_t count, struct xring_slot *ret)
{
	size_t services = 0, addresses = 0;

	for (size_t i = 0; i < count; i++)
		if (is_service(&slots[i]))
			ret[services++] = slots[i];
	qsort(ret, services, sizeof(*ret), by_address);
	for (size_t i = 0, next; i < services; i = next) {
		struct xring_slot address = ret[i];
		bool alike = true;

		for (next = i; next < services && !by_address(&ret[i], &ret[next]); next++) {
			alike = alike && are_alike(&ret[i], &ret[next]);
			address.ports_mask |= ret[next].ports_mask & XRING_SLOT_ECHO;
		}
		address.port = XRING_SLOT_PORT(0, 0, address.port >> 24 == XRING_SLOT_SERVICE4 ?
					       XRING_SLOT_ADDRESS4 : XRING_SLOT_ADDRESS6);
		address.flags |= alike ? XRING_ADDRESS_ALIKE : 0;
		ret[addresses++] = address;
	}
	return addresses;
}

uint64_t slots_flags(const struct xring_slot *slots, size_t count)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t kind = slots[i].port >> 24;
		uint16_t port = slots[i].port;

		if (is_service(&slots[i]))
			flags |= port ? 0 : XRING_VIPS_ANY_PORT;
		else if (kind == XRING_SLOT_REPLY4 || kind == XRING_SLOT_REPLY6)
			flags |= XRING_VIPS_REPLIES | (port ? 0 : XRING_VIPS_REPLY_ANY);
	}
	return flags;
}
