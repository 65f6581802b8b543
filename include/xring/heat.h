/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_HEAT_H
#define XRING_ABI_HEAT_H

#include <linux/types.h>

#include <xring/flow.h>

/*
 * How often each key is seen, by CPU: a sketch of one row (HeavyKeeper, Gong et al., USENIX
 * ATC 2018). The daemon opens a window and closes it some ms later; between the two the
 * datapath counts. Then the daemon reads the sketch and clears it. A word is
 *
 *     print (32) | number of the service (12) | count (20)
 *
 * and stands at the index XRING_HEAT_PLACE(). The window is a random number, so that two
 * keys which share a word in one window share none in the next.
 *
 * Where packets are very many, a window may ask to count a part of them only, which costs the
 * others little: with XRING_HEAT_BLOCKS in it, 64 of each 256 packets of a CPU.
 */
#define XRING_HEAT_BLOCKS 1u
#define XRING_HEAT_BLOCK_SHARE 4	/* one packet in so many is counted then */
#define XRING_HEAT_SKIPS(seen) ((seen) & 192)
#define XRING_HEAT_BITS 12
#define XRING_HEAT_WORDS (1u << XRING_HEAT_BITS)
#define XRING_HEAT_COUNT_BITS 20
#define XRING_HEAT_COUNT ((1u << XRING_HEAT_COUNT_BITS) - 1)
#define XRING_HEAT_NUMBER 0xfffu
#define XRING_HEAT_PRINT(hash, number) ((__u32)((hash) + (number) * 0x85ebca6bu))
#define XRING_HEAT_PLACE(print, window) \
	((((print) ^ (window)) * 0x9e3779b1u) >> (32 - XRING_HEAT_BITS))
/* The bits of a word above its count: which key the word belongs to. */
#define XRING_HEAT_OWNER(print, number) ((__u64)(print) << 12 | ((number) & XRING_HEAT_NUMBER))
/*
 * One packet in 32 that a word counts is kept beside the word, the fourth first. The two after it
 * are compared with it: one of the same TCP flow, whose bytes go on a little further, is proof of
 * a flow. Whoever only sends in another's name has no such flows, unless he makes them up whole.
 */
#define XRING_HEAT_KEPT 4u
#define XRING_HEAT_SAMPLE(count) ((__u32)((count) & 31) - XRING_HEAT_KEPT <= 2)
#define XRING_FORWARD (1u << 24)	/* bytes: less is a little further */

/* A packet of the key that a word counts: so the daemon shows addresses, not hashes. */
struct xring_heat_key {
	struct xring_flow flow;
	__u32 number;			/* of the service */
	__u32 hash;			/* of the partition key */
	__u32 next;			/* TCP: the sequence number after the packet */
	__u16 sampled;			/* packets kept since the word is the key's */
	__u16 proven;			/* of them proven, as UDP always is */
};

_Static_assert(sizeof(struct xring_heat_key) == 56, "no hidden padding");

/* The one element of the map that a CPU has in xring_heat. */
struct xring_heat {
	__u64 random;			/* state of a linear congruential generator */
	__u64 seen;			/* packets, in windows with XRING_HEAT_BLOCKS */
	__u64 pad[6];
	__u64 word[XRING_HEAT_WORDS];
	struct xring_heat_key key[XRING_HEAT_WORDS];	/* key[i]: a packet of word[i] */
};

#endif
