/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VIP_SLOTS_H
#define XRING_CORE_VIP_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/value/vip.h"

struct model;
struct service;

/*
 * The entries that a model needs in the VIP table: one for each VIP, or for each block of its
 * ports; one for each address or network that has VIPs; and in mode nat one more for each address
 * and port, or block of ports, from which a backend's replies come.
 */
size_t slots_count(const struct model *m);	/* an upper bound of their number */

/* How many the VIPs of a service need at the most, if it has so many backends. */
size_t slots_of_vips(const struct service *s, size_t backends);

/* What a VIP's slot says of its service that the model does not know. */
struct slot_ring {
	/* first cell of the service's ring; with rules, its class */
	uint32_t base;
	uint8_t shift;			/* 32 less the logarithm of the number of cells */
	uint32_t number;		/* the service's number in the datapath */
	bool hot;			/* some keys have entries of their own */
	bool rules;			/* its clients are told apart, by classes */
	bool lives;			/* a backend of it does, and echo requests are answered */
	const uint16_t *ids;		/* of its backends, 0: none; NULL: none has one */
};

/* Fills the entries of one service; returns how many. */
size_t slots_fill(const struct service *s, const struct slot_ring *ring, struct xring_slot *ret);

/* Makes the entries of the addresses of those VIPs, as many at the most. -ENOMEM: it fails. */
int slots_addresses(const struct xring_slot *slots, size_t count, struct xring_slot *ret,
		    size_t *ret_count);

/* The address and the port word of a VIP's entry, of a range that of the block; the rest is 0. */
void slot_vip(const struct vip *vip, const struct port_block *block, struct xring_slot *ret);

/*
 * The entries of the replies that a backend of that id (0: none yet) at an address and port (0: the
 * VIP's) sends in answer to what came by the VIP. Returns how many.
 */
size_t slots_reply(const struct vip *vip, const struct address *address, uint16_t port, uint16_t id,
		   struct xring_slot ret[PORT_BLOCKS_MAX]);

/* The flags of a table with these entries: XRING_VIPS_ANY_PORT and others. */
uint64_t slots_flags(const struct xring_slot *slots, size_t count);

#endif
