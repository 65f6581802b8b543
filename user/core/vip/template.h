/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VIP_TEMPLATE_H
#define XRING_CORE_VIP_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/model/mode.h"
#include "core/value/address.h"


/* The way to a backend, as the kernel's routes and neighbours say. */
struct next_hop {
	uint32_t ifindex;		/* 0: not known */
	uint16_t mtu;			/* bytes of IP packet */
	uint8_t mac[6];			/* of the next hop */
	uint8_t own_mac[6];		/* of the interface */
	struct address source;		/* for the outer header */
};

/*
 * A backend's ready-made headers (struct xring_template) for the mode. port is
 * the backend's own, 0 to keep the packet's. live stays 0: it is the map's.
 * With hop->ifindex 0 the template says XRING_UNRESOLVED.
 */
void template_fill(enum mode mode, const struct address *to, uint16_t port,
		   const struct next_hop *hop, struct xring_template *ret);

/* Do two templates lead to one backend in one way, whatever the next hop? */
bool template_same_target(const struct xring_template *a, const struct xring_template *b);

/* The address and port words of a slot; port in host byte order, 0 for any. */
void slot_address(const struct address *address, uint16_t port, uint8_t protocol,
		  enum xring_slot_kind kind, struct xring_slot *ret);

#endif
