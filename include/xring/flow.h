/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_FLOW_H
#define XRING_ABI_FLOW_H

#include <linux/types.h>

/* The 5-tuple of a packet, as a key of maps. The datapath writes it, the daemon reads it. */
struct xring_flow {
	__be32 src[4];			/* IPv4 in src[0], the rest 0 */
	__be32 dst[4];
	__u32 ports;			/* as in the packet: source, destination */
	__u8 proto;
	__u8 family;			/* 4 or 6 */
	__u16 claim;			/* in xring_pins: enum xring_claim; elsewhere 0 */
};

_Static_assert(sizeof(struct xring_flow) == 40, "no hidden padding: it is a key");

/* Source port and destination port (network byte order) and protocol, as one word to hash. */
#define XRING_PORTS(sport, dport, proto)                                       \
	((__u64)(sport) | (__u64)(dport) << 16 | (__u64)(proto) << 32)

#endif
