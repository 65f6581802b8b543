// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/vip/vips.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <xring/hash.h>

#include "core/vip/shapes.h"

#define SEEDS 64
#define KICKS 256
#define SOURCE_PORTS 1024		/* consecutive ones, which share a bit (XRING_SOURCE_BIT) */

static uint32_t place(uint32_t seed, const struct xring_slot *slot, int which)
{
	uint64_t addr[2], places;

	memcpy(addr, slot->addr, sizeof(addr));
	places = hash_vip(seed, addr[0], addr[1], slot->port);
	return which ? places >> (64 - XRING_VIP_BITS) : places & (XRING_VIP_SLOTS - 1);
}

/*
 * Inserts one entry, and moves others to their other place as needed. A slot that was
 * filled stays filled.
 */
static bool insert(struct xring_slot *half, uint32_t seed, struct xring_slot entry)
{
	uint32_t at = place(seed, &entry, 0);

	if (half[at].port)
		at = place(seed, &entry, 1);
	for (int kick = 0; kick < KICKS; kick++) {
		struct xring_slot out = half[at];

		half[at] = entry;
		if (!out.port)
			return true;
		entry = out;
		at = at == place(seed, &entry, 0) ? place(seed, &entry, 1) :
						    place(seed, &entry, 0);
	}
	return false;
}

/* Like insert(), but does nothing if the address and port word are there already. */
static bool put(struct xring_slot *half, uint32_t seed, const struct xring_slot *entry)
{
	return vips_find(half, seed, entry->addr, entry->port) || insert(half, seed, *entry);
}

int vips_build(struct xring_slot *half, const struct xring_slot *entries, size_t count,
	       uint32_t *ret_seed)
{
	if (count > XRING_VIP_SLOTS / 2)
		return -ENOSPC;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		size_t done = 0;

		memset(half, 0, XRING_VIP_SLOTS * sizeof(*half));
		while (done < count && put(half, seed, &entries[done]))
			done++;
		if (done == count) {
			*ret_seed = seed;
			return 0;
		}
	}
	return -ENOSPC;
}

const struct xring_slot *vips_find(const struct xring_slot *half, uint32_t seed,
				   const __be32 addr[4], uint32_t port)
{
	struct xring_slot wanted = { .port = port };

	memcpy(wanted.addr, addr, sizeof(wanted.addr));
	for (int which = 0; which < 2; which++) {
		const struct xring_slot *slot = &half[place(seed, &wanted, which)];

		if (slot->port == port && !memcmp(slot->addr, addr, sizeof(slot->addr)))
			return slot;
		if (!slot->port)
			break;
	}
	return NULL;
}

uint64_t vips_sources(const struct xring_slot *entries, size_t count)
{
	uint64_t sources = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t kind = XRING_SLOT_KIND(entries[i].port);
		struct port_block block = slot_block(&entries[i]);
		uint32_t last = block.first + (1u << block.bits) - 1;

		if (kind != XRING_SLOT_SERVICE4 && kind != XRING_SLOT_SERVICE6)
			continue;
		if (block.bits == 16)
			sources = UINT64_MAX;
		for (uint32_t port = block.first; port <= last; port += SOURCE_PORTS)
			sources |= UINT64_C(1) << (XRING_SOURCE_BIT(htons(port)) & 63);
	}
	return sources;
}
