/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VIP_TEMPLATE_H
#define XRING_CORE_VIP_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/model/mode.h"
#include "core/value/address.h"


/* How to reach a backend, as the kernel's routes and neighbours say; filled by daemon/net. */
struct next_hop {
	uint32_t ifindex;		/* 0: not known */
	uint16_t mss;			/* mode nat: the greatest that a SYN may say; 0: any */
	uint16_t gue_port;		/* to where mode gue sends */
	uint8_t gue_variant;		/* 0 or 1 */
	uint32_t tags;			/* VLAN tags of frames there: XRING_TAGS(); 0: none */
	uint16_t mtu;			/* the longest IP packet, in bytes */
	uint8_t mac[6];			/* MAC address of the next hop */
	uint8_t own_mac[6];		/* MAC address of the interface */
	struct address source;		/* source address of the outer header */
	bool dscp_zero;			/* the outer header does not have the DSCP of the packet */
	uint32_t tunnel_source;		/* where flows get others from; 0: nowhere (tunnel_source.h) */
};

/*
 * Makes a backend's template: the ready-made headers (struct xring_template) of a mode.
 * port: the backend's own; 0: packets keep theirs. With hop->ifindex 0 the template says
 * XRING_UNRESOLVED.
 */
void template_fill(enum mode mode, const struct address *to, uint16_t port,
		   const struct next_hop *hop, struct xring_template *ret);

/* Do two templates lead to the same backend in the same mode, whatever the next hops? */
bool template_same_target(const struct xring_template *a, const struct xring_template *b);

/*
 * Fills a slot's address and port words, which are what the table is searched for. port:
 * host byte order, 0 for any.
 */
void slot_address(const struct address *address, uint16_t port, uint8_t protocol,
		  enum xring_slot_kind kind, struct xring_slot *ret);

#endif
