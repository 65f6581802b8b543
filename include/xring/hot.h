/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_HOT_H
#define XRING_ABI_HOT_H

#include <linux/types.h>

#include <xring/cell.h>

/*
 * Keys that are not answered by the ring alone: split over shards, or given to one backend.
 * xring_hot is a table of buckets; the entry of a key is in the bucket XRING_HOT_BUCKET(),
 * in any of its places. An entry's answer is one word, 0 where the place is free:
 *
 *     newest: shards (14) backend (15) | old: shards (14) backend (15) | flags
 *
 * A side with neither shards nor a backend says that the ring answers. MOVING and the flags
 * after it mean what they mean on a cell and on its old word (xring/cell.h): for one
 * settle time from the first change, `old` is where the key's flows were before the change.
 *
 * The daemon writes entries. The datapath reads them, and sets HELD by an atomic OR.
 */
#define XRING_HOT_BUCKETS 4096u
#define XRING_HOT_WAYS 4u
#define XRING_HOT_KEYS 1024u		/* entries at most: so a bucket is hardly ever full */
#define XRING_HOT_BUCKET(hash, number) \
	(((hash) ^ (number) * 0x9e3779b1u) & (XRING_HOT_BUCKETS - 1))
#define XRING_HOT_SHARDS 0x3fffu
#define XRING_HOT_SIDE(shards, backend) ((__u64)(shards) | (__u64)(backend) << 14)
#define XRING_HOT_SIDE_MASK ((1ULL << 29) - 1)
#define XRING_HOT_OLD 29		/* the bit at which the old side begins */
#define XRING_HOT_MOVING  (1ULL << 60)
#define XRING_HOT_UDP_NEW (1ULL << 61)
#define XRING_HOT_HELD    (1ULL << 62)
#define XRING_HOT_THERE   (1ULL << 63)	/* always set: no entry has the answer 0 */

struct xring_hot {
	struct {
		__u32 hash;		/* of the partition key */
		__u32 number;		/* of the service */
		__u64 answer;
	} key[XRING_HOT_WAYS];
};

_Static_assert(sizeof(struct xring_hot) == 64, "one cache line");

/* side: the newest or the old side of an answer, in its low bits. */
static inline __u32 xring_hot_shards(__u64 side)
{
	return side & XRING_HOT_SHARDS;
}

static inline __u32 xring_hot_backend(__u64 side)
{
	return side >> 14 & XRING_ID_MASK;
}

#endif
