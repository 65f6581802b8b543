/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_DRIVE_H
#define XRING_TEST_DRIVE_H

#include <linux/types.h>

/* One TCP packet, and which backend it was sent to: 0 is none. */
struct drive_packet {
	__be32 addr;
	__be16 port;
	__u8 flags;
	__u8 pad;
	__u32 seq;
	__u32 backend;
};

#define DRIVE_PACKETS 200000u		/* in one list */

struct drive {
	__u64 step;
	__u64 random;			/* xorshift's state, not 0 */
	__u64 flags;			/* of the random packets */
};

/* Random packets come from every address but these. */
#define DRIVE_KNOWN 10			/* the first byte */

#endif
