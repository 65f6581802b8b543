/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VIP_SHAPES_H
#define XRING_CORE_VIP_SHAPES_H

#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/value/vip.h"

/*
 * Entries of the VIP table for networks and for blocks of ports. Such an entry says in its own
 * address and port word for how many of them it is (XRING_SLOT_NETWORK and the others). All
 * entries of one length and size have one shape, and the datapath makes one look-up a shape:
 * networks in a trie would take one walk, whatever their lengths, but ports need another search
 * then, and a packet whose port the longest network does not take must go back to a shorter one.
 */

/*
 * Makes a slot of one address that of the network, which begins there; and one of a port that of
 * a block.
 */
void slot_set_network(unsigned bits, struct xring_slot *slot);
void slot_set_block(const struct port_block *block, struct xring_slot *slot);

/* The network of a slot; of one address, with all bits of it. */
struct prefix slot_prefix(const struct xring_slot *slot);

/* The ports of a slot of a VIP or of a reply. */
struct port_block slot_block(const struct xring_slot *slot);

/*
 * Lists the shapes of entries, as struct xring_shape says, and ends the list by one of kind 0 if
 * there is room. -ENOSPC: there are more than XRING_SHAPES.
 */
int slots_shapes(const struct xring_slot *slots, size_t count, struct xring_shape ret[XRING_SHAPES]);

#endif
