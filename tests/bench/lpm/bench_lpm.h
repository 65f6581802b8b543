/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_LPM_H
#define XRING_BENCH_LPM_H

#include <linux/types.h>

/* What lpm.bpf.c shares with the program that runs it. */
#define CLIENTS (1u << 20)
#define LOOKUPS 256

/* The lengths that binary search on lengths looks among, and its hash table. */
#define LENGTHS 64
#define BUCKET_WAYS 4

struct bench {
	__u32 roots[2];			/* of the tables in lines */
	__u32 mask;			/* clients - 1 */
	__u32 at;
	__u32 answer;
	__u32 wait;			/* 1: for an answer before the next client is known */
	__u32 lengths;
	__u32 bucket_mask;
	__u64 sum;			/* of the answers */
	__u64 elapsed_ns;
	__u64 length_mask[LENGTHS];
};

/* Prefixes and markers of one length in each entry: the first 64 bits are enough here. */
struct bucket {
	struct {
		__u64 key;
		__u32 length;		/* index; from 1 */
		__u32 value;		/* best match of the key, 0: none */
	} way[BUCKET_WAYS];
};

struct client6 {
	__u64 word[2];
};

static inline __u32 bucket_hash(__u64 key, __u32 length)
{
	__u64 sum = (key ^ length) * 0x9e3779b97f4a7c15ULL;

	sum ^= sum >> 29;
	return sum * 0xbf58476d1ce4e5b9ULL >> 32;
}

#endif
