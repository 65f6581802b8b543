/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_MAC_H
#define XRING_ABI_MAC_H

#include <linux/types.h>

/*
 * The key of the map xring_macs, a set. With interface 0: a MAC address of this host. With an
 * interface's index and MAC 0: an interface at which frames to any MAC are taken (any_mac).
 */
struct xring_mac {
	__u64 mac;			/* XRING_MAC_WORD() */
	__u32 ifindex;
	__u32 pad;			/* 0 */
};

_Static_assert(sizeof(struct xring_mac) == 16, "no hidden padding: it is a key");

/* A MAC address as one word, from the first eight bytes of a frame to it, read as a number. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define XRING_MAC_WORD(first8) ((__u64)(first8) << 16)
#else
#define XRING_MAC_WORD(first8) ((__u64)(first8) >> 16)
#endif

#define XRING_MAC_NONE (~0ULL)		/* the word of no MAC address */

#endif
