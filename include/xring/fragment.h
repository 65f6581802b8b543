/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_FRAGMENT_H
#define XRING_ABI_FRAGMENT_H

#include <linux/types.h>

/*
 * Of which datagram a fragment is (RFC 791, RFC 8200 section 4.5): the key of xring_fragments. The
 * datapath writes it and its value; the daemon sets the size of the map (limits.fragments).
 */
struct xring_datagram {
	__be32 src[4];			/* IPv4 in src[0], the rest 0 */
	__be32 dst[4];
	__u32 id;			/* as in the packet */
	__u8 family;			/* 4 or 6 */
	__u8 proto;			/* IPv4; 0 for IPv6, whose fragments need not agree in it */
	__u16 pad;
};

_Static_assert(sizeof(struct xring_datagram) == 40, "no hidden padding: it is a key");

/* What the first fragment said. */
struct xring_fragment {
	__u32 ports;			/* as in the packet: source, destination */
	__u8 proto;
	__u8 pad;
	__u16 generation;		/* of the backend's id */
	__u32 backend;			/* id; 0: the datagram comes from a nat backend */
	__u32 seen;			/* when, CLOCK_MONOTONIC, XRING_FRAGMENT_MS() */
};

/*
 * Later fragments follow the first for so long; and for so long no other first fragment can say
 * otherwise. Their sender may use an id again after 65,536 other datagrams.
 */
#define XRING_FRAGMENT_TIME 2000u	/* ms, nearly */
#define XRING_FRAGMENT_MS(ns) ((__u32)((ns) >> 20))

#endif
