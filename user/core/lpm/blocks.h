/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_BLOCKS_H
#define XRING_CORE_LPM_BLOCKS_H

#include <stdint.h>

/*
 * Numbered lines of memory (core/lpm/lpm.h), handed out in blocks of 2^order at
 * multiples of their size: a binary buddy system (Knuth, The Art of Computer
 * Programming, 2.5), so that what comes back grows together again. A block that is no longer named may
 * still be read: it is retired, and free again only after blocks_reclaim(), which
 * the caller calls when a grace period has passed.
 */
#define BLOCKS_ORDERS 27

struct blocks {
	uint32_t count;
	uint32_t used;			/* lines, the retired ones too */
	uint32_t retired_lines;
	uint8_t *order;			/* by first line */
	uint32_t *next;			/* by first line, of a list */
	uint32_t *prev;
	uint32_t *note;			/* by first line, for whoever has the block */
	uint32_t free[BLOCKS_ORDERS];
	uint32_t retired;		/* list */
};

/* All lines free. count: at most 2^26. -ENOMEM. */
int blocks_new(uint32_t count, struct blocks *ret);
void blocks_clear(struct blocks *b);

/* The first line of a block; what it holds is not said. -ENOSPC. */
int blocks_take(struct blocks *b, unsigned order, uint32_t *ret);
/*
 * That very block, which a former process took. -EEXIST: some of it is taken;
 * -EINVAL: there is no such block.
 */
int blocks_claim(struct blocks *b, uint32_t line, unsigned order);
void blocks_give(struct blocks *b, uint32_t line);	/* no reader ever saw it */
void blocks_retire(struct blocks *b, uint32_t line);
void blocks_reclaim(struct blocks *b);

#endif
