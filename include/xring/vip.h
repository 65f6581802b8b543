/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_VIP_H
#define XRING_ABI_VIP_H

#include <linux/types.h>

#include <xring/config.h>
#include <xring/sizes.h>

enum xring_slot_kind {
	XRING_SLOT_EMPTY,
	XRING_SLOT_SERVICE4,		/* a VIP, found by a packet's destination */
	XRING_SLOT_SERVICE6,
	XRING_SLOT_REPLY4,		/* a nat backend, found by the source of its replies */
	XRING_SLOT_REPLY6,
	XRING_SLOT_ADDRESS4,		/* an address that has VIPs; port and protocol are 0 */
	XRING_SLOT_ADDRESS6,
};

/* port: network byte order, 0 for any port. The three are compared as one word. */
#define XRING_SLOT_PORT(port, proto, kind)                                     \
	((__u32)(port) | (__u32)(proto) << 16 | (__u32)(kind) << 24)

/* The kind of a port word, without the flags below. */
#define XRING_SLOT_KIND(port) ((port) >> 24 & 31)

/*
 * Flags of a kind. A slot may be that of a network; and that of a block of ports, which a range is made
 * of: of 2^k ports from a multiple of 2^k on. Such a slot says itself how long the network and how
 * large the block is: after the bits that all its addresses share, the address has a bit that is 1, and
 * then bits that are 0; the port likewise, if the block is of two ports at least. So slots of all
 * shapes (struct xring_shape) are in one table, and no two slots are taken for one another.
 */
#define XRING_SLOT_NETWORK 0x80u
#define XRING_SLOT_BLOCK   0x40u
#define XRING_SLOT_ONE     0x20u	/* a block of one port, which a VIP of that port goes before */

/*
 * A slot of the VIP table: a service's VIP (which key is hashed, which ring answers), or the
 * VIP that the replies of a nat backend must carry. The daemon writes slots, the datapath
 * reads them. A partition key is the 5-tuple under the masks of the slot, so that no kind
 * of key costs a branch.
 */
struct xring_slot {
	__be32 addr[4];			/* IPv4 in addr[0] */
	__u32 port;			/* XRING_SLOT_PORT() */
	__u32 ring_base;		/* the ring's first cell; with RULES the service's class */
	union {
		struct {		/* of a service */
			__u64 src_mask[2];	/* IPv4 in the first 4 bytes */
			__u64 dst_mask;		/* all ones or 0 */
			__u64 ports_mask;	/* 40 bits, of XRING_PORTS(); then the number */
			__u8 ring_shift;	/* 32 - k, of a ring with 2^k cells a table */
			__u8 flags;		/* XRING_SERVICE_PASS and the others */
			__u16 udp_idle;		/* tenths of a second */
			__u32 tcp_idle;		/* ms */
		};
		struct {		/* of a nat backend */
			__be16 vip_port;	/* 0: the packet keeps its port */
			__u16 backend;		/* its id; 0: not known, and nothing is asked of it */
			__be32 vip_addr[4];
			__u16 mss;	/* as in struct xring_nat */
		};
	};
};

_Static_assert(sizeof(struct xring_slot) == 64, "one cache line");

#define XRING_SERVICE_PASS  1u		/* without a backend, packets pass to the host */
#define XRING_SERVICE_HOT   2u		/* some keys have an entry of their own (xring_hot) */
#define XRING_SERVICE_BOUND 4u		/* new flows keep off backends above their bound */
#define XRING_SERVICE_STRICT 8u		/* the placement has constraints: it fails closed */
#define XRING_SERVICE_RULES 16u		/* the rules tell clients apart: see ring_base */
#define XRING_SERVICE_PACKET 32u	/* each packet goes by itself, to a random position */
/*
 * Of an address: all its VIPs have one ring and a key without ports, and else the same settings,
 * which are those of this slot. So a fragment without ports can be sent on.
 */
#define XRING_ADDRESS_ALIKE 64u
/* Some of these: the steady state does not answer all packets by the ring alone. */
#define XRING_SERVICE_SPECIAL (XRING_SERVICE_HOT | XRING_SERVICE_BOUND | XRING_SERVICE_RULES | \
			       XRING_SERVICE_PACKET)
/* The bit of ports_mask at which the service's number (1 and up) begins; it has 16 bits. */
#define XRING_SLOT_NUMBER 40
#define XRING_SLOT_NUMBER_OF(ports_mask) ((__u32)((ports_mask) >> XRING_SLOT_NUMBER) & 0xffff)
/* Above it, of a service: whoever sends what is too big is not told. */
#define XRING_SLOT_SILENT (1ULL << 56)
/* Of an address: a backend of one of its VIPs lives, so that echo requests are answered. */
#define XRING_SLOT_ECHO (1ULL << 57)

/*
 * The one element of the map xring_vips: the configuration and both halves of the VIP table.
 * As they are one value, a packet makes one look-up for both; and to find a slot then costs
 * a mask and an addition, where an element of an array costs a bounds check and more.
 */
struct xring_vips {
	struct xring_config config;
	struct xring_slot slot[2 * XRING_VIP_SLOTS];
};

/* Flags of `vips` in struct xring_config; its low 32 bits are the seed of hash_vip(). */
#define XRING_VIPS_HALF      (1ULL << 32)	/* the second half is live */
#define XRING_VIPS_ANY_PORT  (1ULL << 33)	/* some service takes more than a port of an address */
#define XRING_VIPS_REPLIES   (1ULL << 34)	/* there are nat backends that reply */
#define XRING_VIPS_REPLY_ANY (1ULL << 35)	/* some of them from more than one port */
#define XRING_VIPS_SHAPES    (1ULL << 36)	/* some slot is that of a network or of a block of ports */

/*
 * A shape: what slots of networks of one length, or of blocks of one size, have in common. With
 * XRING_VIPS_SHAPES the map xring_shapes lists all shapes that the table has: by their kind, and of one
 * kind the most specific first. That is, longer networks before shorter ones, of one length smaller blocks
 * before larger ones, and any port last. What has no slot of its own is searched for by one shape of its
 * kind after the other. The map has two halves of XRING_SHAPES elements, which change with the halves
 * of the table.
 */
struct xring_shape {
	__u64 mask[2];			/* of an address, and then the bit that it gets */
	__u64 mark[2];
	__u32 port_mask;		/* likewise of a port word; with the flags of its kind */
	__u32 port_mark;
	__u32 kind;			/* enum xring_slot_kind, without flags; 0: the list ends before */
	__u32 pad;
};

#endif
