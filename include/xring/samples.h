/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_SAMPLES_H
#define XRING_ABI_SAMPLES_H

#include <linux/types.h>

/*
 * The first bytes of some dropped packets, for people who look for them: the ring buffer xring_samples. Of
 * each reason a CPU gives XRING_SAMPLES of them a turn. A turn begins when the daemon says so, which
 * is each tenth of a second; without a daemon there is none. What finds no room is counted, and lost.
 */
#define XRING_SAMPLES       16			/* by a CPU, of a reason, in a turn */
#define XRING_SAMPLE_BYTES  128
#define XRING_SAMPLES_ROOM  (256 << 10)		/* bytes of the ring buffer */

struct xring_sample {
	__u32 whose;			/* as in XRING_DROPS_KEY() */
	__u32 reason;			/* enum xring_counter */
	__u32 ifindex;			/* of the device that received it */
	__u32 queue;			/* of that device */
	__u32 len;			/* bytes of the frame, from its Ethernet header on, without its tags */
	__u32 bytes_len;		/* of them here */
	/* The tags that were taken off the frame: behind its MAC addresses, as they stood there. */
	__u32 tags;			/* 0 to 2 */
	__u8 tag[2][4];
	__u8 bytes[XRING_SAMPLE_BYTES];
};

_Static_assert(sizeof(struct xring_sample) == 36 + XRING_SAMPLE_BYTES, "no hidden padding");
_Static_assert(!(XRING_SAMPLE_BYTES & (XRING_SAMPLE_BYTES - 1)), "the datapath masks by it");

/* How many samples a CPU still gives of a reason: xring_tokens, by enum xring_counter. */
struct xring_tokens {
	__u32 turn;			/* in which `left` was counted */
	__u32 left;
	__u64 lost;			/* in all turns */
};

/* xring_turn: the number of the turn; 0: none has begun. The daemon writes it. */

#endif
