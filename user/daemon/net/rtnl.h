/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_RTNL_H
#define XRING_DAEMON_NET_RTNL_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "core/value/address.h"


/*
 * Questions to the kernel by rtnetlink, each with its answer awaited: 0, or what
 * the kernel says as a negative errno. nl is a bound, blocking socket.
 */
struct rtnl_route {
	uint8_t type;			/* RTN_UNICAST and the like */
	uint32_t ifindex;
	uint32_t mtu;			/* the route's own; 0: the link's */
	struct address gateway;		/* family 0: none, it is on the link */
	struct address source;
};

struct rtnl_link {
	uint16_t type;			/* ARPHRD_ETHER and the like */
	unsigned flags;
	uint8_t mac[6];
	uint32_t mtu;
};

struct rtnl_neighbour {
	uint16_t state;			/* NUD_REACHABLE and the like; NUD_NONE */
	uint8_t mac[6];
};

int rtnl_route_get(struct mnl_socket *nl, const struct address *to, struct rtnl_route *ret);
int rtnl_link_get(struct mnl_socket *nl, uint32_t ifindex, struct rtnl_link *ret);
int rtnl_neighbour_get(struct mnl_socket *nl, uint32_t ifindex, const struct address *address,
		       struct rtnl_neighbour *ret);

/* As if the host had sent a packet there: the kernel resolves, or proves it again. */
int rtnl_neighbour_use(struct mnl_socket *nl, uint32_t ifindex, const struct address *address);

#endif
