/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_CELL_H
#define XRING_ABI_CELL_H

#include <linux/types.h>

/*
 * A cell is 1/2^k of the circle of 32-bit hashes, stored as one 64-bit word:
 *
 *     split (32) | before (15) flag (1) | after (15) flag (1)
 *
 *     owner = hash < split ? before : after
 *
 * before and after are ids of backends. XRING_SPILL as both of them says that the cell
 * holds more than one split; `split` is then the index of a spill bucket.
 *
 * A ring is two tables of 2^k cells, one after the other: the newest answers, and the old
 * ones, which count only where the newest cell is MOVING. In the steady state both flags
 * of a newest cell are 0; bpf/pins.h has the rule for the others.
 *
 * The daemon writes a cell with one atomic store. The datapath reads it, and sets LOOK and
 * HELD by an atomic OR.
 */
struct xring_cell {
	__u32 split;
	__u16 before;
	__u16 after;
};

_Static_assert(sizeof(struct xring_cell) == 8, "a cell is one word");

#define XRING_ID_MASK 0x7fffu
#define XRING_SPILL   0x7fffu		/* not an id: the largest id is one less */
#define XRING_FLAG    0x8000u
#define XRING_BEFORE_FLAG (1ULL << 47)
#define XRING_AFTER_FLAG  (1ULL << 63)
/* On a newest cell: a change altered the cell less than one settle time ago. */
#define XRING_MOVING XRING_BEFORE_FLAG
/* On a newest cell: some flow of the cell has a pin that is not the newest answer. */
#define XRING_LOOK   XRING_AFTER_FLAG
/* On an old cell: a UDP flow without a pin counts as a new flow from now on. */
#define XRING_UDP_NEW XRING_BEFORE_FLAG
/* On an old cell: the old answer must stay, as a flow found no room for its pin. */
#define XRING_HELD    XRING_AFTER_FLAG

/*
 * A cell with several splits. owner[i] owns the hashes from split[i - 1] on; unused splits
 * are ~0. If the last two owners are XRING_SPILL, the hashes that they would own are in
 * another bucket, whose number is the last split. The daemon fills a bucket before it stores
 * the cell that names the bucket.
 */
#define XRING_SPILL_POINTS 5
#define XRING_CELL_SPLITS (2 * XRING_SPILL_POINTS - 1)	/* of a cell, in two buckets */
struct xring_spill {
	__u32 split[XRING_SPILL_POINTS];
	__u16 owner[XRING_SPILL_POINTS + 1];
};

_Static_assert(sizeof(struct xring_spill) == 32, "half a cache line");

#endif
