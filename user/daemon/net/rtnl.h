/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_RTNL_H
#define XRING_DAEMON_NET_RTNL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/value/address.h"
#include "daemon/net/devices.h"

/*
 * Questions to the kernel by rtnetlink: 0, or a negative errno of the kernel's answer or of the
 * way there. nl: a bound socket that does not block, for the answer is there when the question
 * has been sent; one that is not is lost (-EAGAIN).
 */
#define RTNL_MESSAGE 512			/* bytes of the longest question */
struct rtnl_route {
	uint8_t type;			/* RTN_UNICAST and the like */
	uint32_t ifindex;
	uint32_t mtu;			/* the route's own; 0: that of the link */
	struct address gateway;		/* family 0: none, the address is on the link */
	struct address source;
};

struct rtnl_link {
	uint16_t type;			/* ARPHRD_ETHER and the like */
	unsigned flags;
	uint8_t mac[6];
	uint32_t mtu;
};

struct rtnl_device {
	struct device is;
	bool gone;
};

struct rtnl_neighbour {
	uint16_t state;			/* NUD_REACHABLE and the like; NUD_NONE */
	uint8_t mac[6];
};

int rtnl_route_get(struct mnl_socket *nl, const struct address *to, struct rtnl_route *ret);
/* Opens such a socket. */
int rtnl_open(struct mnl_socket **ret);
/* The same for another protocol of netlink. */
int netlink_open(int protocol, struct mnl_socket **ret);
/* Sends one request and gives its answer to cb, but not answers left from questions before. */
int netlink_ask(struct mnl_socket *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data);

/* A question about a device, in buf, which has room for attributes; or about all: 0 and NLM_F_DUMP. */
struct nlmsghdr *rtnl_link_message(char buf[RTNL_MESSAGE], uint32_t ifindex, uint16_t flags);

/* Gives each network device of the host to on_device. */
int rtnl_devices(struct mnl_socket *nl,
		 void (*on_device)(void *context, const struct rtnl_device *device), void *context);
/* Reads a message about a device, also one that nobody asked for. False: it is about none. */
bool rtnl_device_read(const struct nlmsghdr *nlh, struct rtnl_device *ret);

int rtnl_link_get(struct mnl_socket *nl, uint32_t ifindex, struct rtnl_link *ret);
int rtnl_neighbour_get(struct mnl_socket *nl, uint32_t ifindex, const struct address *address,
		       struct rtnl_neighbour *ret);

/*
 * As if the host had sent a packet to the neighbour: the kernel resolves it, or proves it
 * again.
 */
int rtnl_neighbour_use(struct mnl_socket *nl, uint32_t ifindex, const struct address *address);

#endif
