// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/vip/shapes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/value/prefix.h"

/* ---- what a slot says of itself ---- */

static int family_of(const struct xring_slot *slot)
{
	switch (XRING_SLOT_KIND(slot->port)) {
	case XRING_SLOT_SERVICE4:
	case XRING_SLOT_REPLY4:
	case XRING_SLOT_ADDRESS4:
		return AF_INET;
	}
	return AF_INET6;
}

static void bit_flip(unsigned bit, void *address)
{
	((uint8_t *)address)[bit / 8] ^= 0x80 >> bit % 8;
}

static bool bit_is_set(unsigned bit, const void *address)
{
	return ((const uint8_t *)address)[bit / 8] & 0x80 >> bit % 8;
}

void slot_set_network(unsigned bits, struct xring_slot *slot)
{
	bit_flip(bits, slot->addr);
	slot->port |= XRING_SLOT_PORT(0, 0, XRING_SLOT_NETWORK);
}

void slot_set_block(const struct port_block *block, struct xring_slot *slot)
{
	uint16_t mark = block->bits ? 1u << (block->bits - 1) : 0;

	slot->port &= ~XRING_SLOT_PORT(0xffff, 0, 0);
	slot->port |= XRING_SLOT_PORT(htons(block->first | mark), 0,
				      block->bits ? XRING_SLOT_BLOCK : XRING_SLOT_ONE);
}

struct prefix slot_prefix(const struct xring_slot *slot)
{
	struct prefix p = { .address.family = family_of(slot) };

	p.bits = prefix_bits_max(p.address.family);
	memcpy(p.address.bytes, slot->addr, sizeof(p.address.bytes));
	if (!(slot->port >> 24 & XRING_SLOT_NETWORK))
		return p;
	while (!bit_is_set(--p.bits, p.address.bytes))
		continue;
	bit_flip(p.bits, p.address.bytes);
	return p;
}

struct port_block slot_block(const struct xring_slot *slot)
{
	uint16_t port = ntohs((uint16_t)slot->port);
	uint8_t bits = 0;

	if (slot->port >> 24 & XRING_SLOT_BLOCK) {
		bits = __builtin_ctz(port) + 1;
		port &= port - 1;
	} else if (!port) {
		bits = 16;
	}
	return (struct port_block){ port, bits };
}

/* ---- the list of shapes ---- */

static bool has_shape(const struct xring_slot *slot)
{
	uint32_t kind = XRING_SLOT_KIND(slot->port);

	if (kind == XRING_SLOT_ADDRESS4 || kind == XRING_SLOT_ADDRESS6)
		return kind != slot->port >> 24;
	return slot->port && (kind != slot->port >> 24 || !(uint16_t)slot->port);
}

/* Where a shape stands among those of its kind: the longest network first, and then the smallest block. */
struct ranked {
	struct xring_shape shape;
	unsigned bits, ports;
};

static int by_rank(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->shape.kind != b->shape.kind)
		return a->shape.kind < b->shape.kind ? -1 : 1;
	if (a->bits != b->bits)
		return a->bits > b->bits ? -1 : 1;
	if (a->ports != b->ports)
		return a->ports < b->ports ? -1 : 1;
	/* One port by itself goes before a block of one. */
	return (a->shape.port_mark > b->shape.port_mark) - (a->shape.port_mark < b->shape.port_mark);
}

static struct ranked shape_of(const struct xring_slot *slot)
{
	struct prefix p = slot_prefix(slot);
	struct port_block block = slot_block(slot);
	uint32_t flags = (slot->port >> 24) - XRING_SLOT_KIND(slot->port);
	uint16_t mark = flags & XRING_SLOT_BLOCK ? 1u << (block.bits - 1) : 0;
	struct ranked ret = { .shape.kind = XRING_SLOT_KIND(slot->port), .bits = p.bits,
			      .ports = block.bits };

	for (unsigned i = 0; i < p.bits; i++)
		bit_flip(i, ret.shape.mask);
	if (flags & XRING_SLOT_NETWORK)
		bit_flip(p.bits, ret.shape.mark);
	ret.shape.port_mask = ~XRING_SLOT_PORT(htons((1u << block.bits) - 1), 0, 0);
	ret.shape.port_mark = XRING_SLOT_PORT(htons(mark), 0, flags);
	return ret;
}

int slots_shapes(const struct xring_slot *slots, size_t count, struct xring_shape ret[XRING_SHAPES])
{
	struct ranked found[XRING_SHAPES];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct ranked one;
		size_t same = 0;

		if (!has_shape(&slots[i]))
			continue;
		one = shape_of(&slots[i]);
		while (same < n && memcmp(&found[same].shape, &one.shape, sizeof(one.shape)))
			same++;
		if (same < n)
			continue;
		if (n == XRING_SHAPES)
			return -ENOSPC;
		found[n++] = one;
	}
	if (n)
		qsort(found, n, sizeof(*found), by_rank);
	memset(ret, 0, XRING_SHAPES * sizeof(*ret));
	for (size_t i = 0; i < n; i++)
		ret[i] = found[i].shape;
	return 0;
}
