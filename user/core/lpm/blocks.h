/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_BLOCKS_H
#define XRING_CORE_LPM_BLOCKS_H

#include <stdint.h>

/*
 * An allocator of numbered lines of memory (core/lpm/lpm.h) in blocks of 2^order lines,
 * each at a multiple of its size: a binary buddy system (Knuth, The Art of Computer
 * Programming, 2.5), so that neighbouring blocks that are given back grow together again.
 * Readers may still be in a block that no word names any more: such a block is retired, and
 * free again only after blocks_reclaim(), which the caller calls when a grace period has
 * passed.
 */
#define BLOCKS_ORDERS 27

struct blocks {
	uint32_t count;			/* lines in all */
	uint32_t used;			/* lines of blocks in use, with those of retired blocks */
	uint32_t retired_lines;
	/* for each block's first line: log2 of its size, with flags */
	uint8_t *order;
	/* for each block's first line: links in the list that it is in */
	uint32_t *next;
	uint32_t *prev;
	/* for each block's first line: a number of the block's owner (core/lpm/node.c) */
	uint32_t *note;
	uint32_t free[BLOCKS_ORDERS];	/* for each order: first line of the list of free blocks */
	uint32_t retired;		/* first line of the list of retired blocks */
};

/* All lines are free at first. count: at most 2^26. -ENOMEM. */
int blocks_new(uint32_t count, struct blocks *ret);
void blocks_clear(struct blocks *b);
int blocks_copy(const struct blocks *from, struct blocks *ret);		/* -ENOMEM */

/* Takes a block and returns its first line; the content is undefined. -ENOSPC. */
int blocks_take(struct blocks *b, unsigned order, uint32_t *ret);
/*
 * Takes a certain block, which a former process had taken. -EEXIST: some of its lines are
 * taken; -EINVAL: no block can be there.
 */
int blocks_claim(struct blocks *b, uint32_t line, unsigned order);
void blocks_give(struct blocks *b, uint32_t line);	/* frees a block that no reader ever saw */
void blocks_retire(struct blocks *b, uint32_t line);
void blocks_reclaim(struct blocks *b);

#endif
