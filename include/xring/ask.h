/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_ABI_ASK_H
#define XRING_ABI_ASK_H

#include <linux/types.h>

/*
 * The key of the map xring_asks, a set: a next hop of a nat reply whose MAC address the kernel does
 * not know. The packet goes to the host, which asks for it, unless it would take the packet for a forgery
 * (xring_config.replies): then the packet is dropped. In both cases the daemon asks, too, keeps alive what
 * has answered, and empties the map.
 */
struct xring_ask {
	__u32 address[4];		/* IPv4 in the first word; network byte order */
	__u32 ifindex;
	__u32 family;			/* AF_INET, AF_INET6 */
};

_Static_assert(sizeof(struct xring_ask) == 24, "no hidden padding: it is a key");

#define XRING_ASKS 256

#endif
