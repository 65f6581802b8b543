/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_BACKEND_H
#define XRING_ABI_BACKEND_H

#include <linux/types.h>

/* How a backend is reached. */
enum xring_kind {
	XRING_NONE,			/* the id has no backend */
	XRING_UNRESOLVED,		/* the next hop is not known (yet) */
	XRING_L2,			/* direct return: MAC addresses only */
	XRING_NAT4,
	XRING_NAT6,
	XRING_IPIP4,			/* outer header IPv4 (RFC 2003, RFC 4213) */
	XRING_IPIP6,			/* outer header IPv6 (RFC 2473) */
	XRING_IPIP4_BY_FLOW,		/* as XRING_IPIP4; the outer source varies by flow */
	XRING_SECOND = 8,		/* the second template counts; a kind of its own bit */
	XRING_GUE4_0 = 16,		/* UDP and an outer IPv4 header (GUE), variant 0 */
	XRING_GUE6_0 = 17,
	XRING_GUE4_1 = 18,		/* the same, variant 1 */
	XRING_GUE6_1 = 19,
	XRING_TAGGED = 128,		/* VLAN tags are put in front; beside any kind of the others */
};

/*
 * From here on a kind is rare: the common packet knows nothing of it. In the head the MTU is 0, so
 * that the datapath comes to it by a branch which packets that are too long take anyway.
 */
#define XRING_RARE XRING_IPIP4_BY_FLOW

/*
 * The ready-made headers of one backend. The daemon writes them, the datapath copies them.
 * `ip` holds the outer IPv4 or IPv6 header for an inner packet of IPv4, without the length;
 * the checksum field of an IPv4 header holds the plain folded sum of the other words. In
 * mode nat, `ip` starts with the new destination (struct xring_nat). What a rare kind needs beside
 * that is a struct xring_rare, where `ip` has room for it (xring_rare_at()); with XRING_IPIP4_BY_FLOW
 * `ip` is a struct xring_by_flow.
 */

struct xring_template {
	union {
		struct {
			__u32 ifindex;	/* the interface at which packets leave */
			__u8 kind;	/* enum xring_kind */
			__u8 dscp;	/* bits of the traffic class that the outer header has, too; nat: is there an mss? */
			__u16 mtu;	/* bytes of IP packet that fit after these headers */
		};
		__u64 head;		/* the four in one word */
	};
	__u16 generation;		/* of the id; 0: the backend is dead and keeps no flow */
	__u8 eth[14];			/* Ethernet header with the type of the outer packet */
	__u8 ip[40];
};

_Static_assert(sizeof(struct xring_template) == 64, "one cache line");
_Static_assert(__builtin_offsetof(struct xring_template, ip) ==
		       __builtin_offsetof(struct xring_template, eth) + 14,
	       "the headers are copied in one piece");

struct xring_nat {
	__be32 addr[4];			/* IPv4 in addr[0] */
	__be16 port;			/* 0: the packet keeps its port */
	__u16 mss;			/* the greatest that a SYN may say; 0: any */
};

/* Of an outer IPv6 header the first 6 bytes are made by packet: `port` is none of it there. */
struct xring_rare {
	__u32 tags;			/* with XRING_TAGGED: XRING_TAGS() of frames that leave */
	__u16 mtu;			/* as in struct xring_template */
	__be16 port;			/* of an outer UDP header */
};

/* The offset in `ip` of the struct xring_rare of a kind. */
static __always_inline __u32 xring_rare_at(__u8 kind)
{
	kind &= ~XRING_TAGGED;
	return kind == XRING_IPIP6 || kind == XRING_GUE6_0 || kind == XRING_GUE6_1 ? 0 : 20;
}

/*
 * Generic UDP encapsulation: what follows the UDP header is, of variant 0, a struct xring_gue
 * and then the packet (draft-ietf-intarea-gue, section 3); of variant 1 the packet, whose first
 * bits say so: they are 01 in each IP version (section 4). `port` of struct xring_rare is where
 * the UDP header goes to; of an outer IPv6 header, next header and hop limit are made by packet.
 */
struct xring_gue {
	__u8 bits;			/* version (2), control message (1), words that follow (5) */
	__u8 proto;			/* what follows: 4 for IPv4, 41 for IPv6 */
	__be16 flags;
};
#define XRING_GUE_PORT 6080		/* that the IANA has for it */
#define XRING_GUE_VARIANT(bits) ((bits) >> 6)

/* What stands between the outer IP header and the packet, in bytes. */
static __always_inline __u32 xring_gue_bytes(__u8 kind)
{
	return (kind & ~XRING_TAGGED) >= XRING_GUE4_1 ? 8 : 8 + sizeof(struct xring_gue);
}

struct xring_by_flow {
	__u8 ip[20];			/* outer header; bits of the source that vary are 0 */
	struct xring_rare rare;
	__be32 varying;			/* the bits of the source that vary by flow */
};

/*
 * An element of xring_templates, by id. The first template counts, unless its kind is
 * XRING_SECOND (and its MTU 0). The daemon fills the template that does not count, and then
 * writes the head of the first with one store, so that no packet sees half a template, and
 * the common packet, which reads that head anyway, pays nothing for it.
 */
struct xring_backend {
	struct xring_template t[2];
};

/* The template that counts. */
static __always_inline const struct xring_template *xring_template(const struct xring_backend *b)
{
	return &b->t[*(const volatile __u8 *)&b->t[0].kind == XRING_SECOND];
}

_Static_assert(sizeof(struct xring_backend) == 128, "two cache lines");

/*
 * An element of xring_traffic, by CPU and id. The datapath counts; the daemon reads.
 */
struct xring_traffic {
	__u64 packets;
	__u64 bytes;			/* of frames as they came in */
	__u64 flows;			/* TCP: SYNs without ACK; UDP: always 0 */
};

/*
 * An element of xring_loads, by id, is a backend's load in thousandths of its bound, which
 * the daemon writes. Above XRING_LOAD_FULL a new flow goes elsewhere: the datapath tries so
 * many other positions on the ring.
 */
#define XRING_LOAD_FULL 1000u
#define XRING_SHED_ATTEMPTS 4u

#endif
