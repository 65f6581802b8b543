/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_H
#define XRING_BENCH_H

#include <linux/types.h>

#define ignored __attribute__((unused))

/* What the bench's BPF programs share with bench.c. */

#define FRAME_BYTES 96			/* every frame, whatever its family */
#define FRAME_GROWN_MAX 64

enum shape {
	SHAPE_COMMON,
	SHAPE_OPTION,			/* the IP header has one of 4 bytes */
	SHAPE_FRAGMENTS,		/* every other is the second fragment of the one before */
	SHAPE_TAGGED,			/* with a VLAN tag */
};

/*
 * A stream of packets: one template and the tuples that vary. The index of a
 * packet's flow is `fresh` steps on from the last one's plus a random number
 * below `flows`, so that every kind of stream costs its maker the same. An IPv4
 * flow goes to one of the `services` VIPs from the template's on.
 */
struct stream {
	__u64 random;			/* xorshift's state, not 0 */
	__u64 sequence;
	__u32 flows;			/* 1: no choice */
	__u32 fresh;			/* 1: no flow comes twice */
	__u32 family;			/* 4 or 6 */
	__u32 spread;			/* of clients over addresses: an odd number, or 256 */
	__u32 services;
	__u32 shape;			/* enum shape; others than the first are of IPv4 */
	__u32 fragments;		/* so far */
	__u32 pad;
	__u8 frame[FRAME_BYTES];
};

/* One batch of the driver. Steps first to last are timed, those before warm up. */
struct drive {
	struct stream stream;
	__u64 step;
	__u64 first;
	__u64 last;
	__u64 start_ns;
	__u64 stop_ns;
	__u64 grown;			/* bytes that the tested program has put in front */
	__u64 strange;			/* packets it left in a shape we cannot restore */
	__u64 shift;			/* shift the head back even where it did not move */
};

/* The client's end of the real path. */
struct sink {
	__u64 packets;
	__u64 bytes;
};

/* One run of a loop of lookups. */
#define LOOKUPS 512
#define ARRAY_SLOTS 65537		/* a prime, as Maglev wants it */
struct lookups {
	__u32 base;			/* the ring: first cell, 32 - k */
	__u32 shift;
	__u32 random;
	__u32 sum;			/* of the answers, so that they are used */
	__u64 elapsed_ns;
};

#endif
