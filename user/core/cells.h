/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CELLS_H
#define XRING_CELLS_H

#include <xring/abi.h>

#include "core/ring.h"

/*
 * A ring as the datapath reads it: split cells (struct xring_cell). The circle
 * is cut into 2^k equal cells, 4 to 8 for each virtual node; a cell is the answer
 * for all its hashes, or two answers with the split between them, or names a
 * spill bucket with up to XRING_SPILL_POINTS splits. Words are written one atomic store each, so
 * that a reader always has the old answer or the new one.
 *
 * Spill buckets come from a pool. A bucket that is no longer named may still be
 * read: it is retired, and free again only after spill_pool_reclaim(), which the
 * caller calls when a grace period has passed.
 */
struct spill_pool {
	struct xring_spill *buckets;	/* the map */
	uint32_t count;
	uint32_t *free;			/* stack */
	uint32_t free_count;
	uint32_t *retired;
	uint32_t retired_count;
};

int spill_pool_new(struct xring_spill *buckets, uint32_t count, struct spill_pool *ret);
void spill_pool_clear(struct spill_pool *pool);
void spill_pool_reclaim(struct spill_pool *pool);
/* Takes the buckets with used[bucket] set out of the free ones: tables adopted. */
void spill_pool_claim(struct spill_pool *pool, const uint8_t *used);

struct cells {
	uint64_t *words;		/* 2^bits of them, in the map */
	unsigned bits;
	struct spill_pool *spills;
};

#define CELLS_BITS_MIN 6
#define CELLS_BITS_MAX 24

/* k for that many points: at least 4 cells a point. */
unsigned cells_bits(size_t points);

/* Does every cell of 2^bits hold its splits? If not, more bits are needed. */
bool cells_fit(const struct ring *ring, unsigned bits);

/*
 * Writes the cells of ring whose content differs from what is there, id_of[node]
 * being the datapath's id of a node. A cell's two flags stay as they are.
 * Returns the number of words written, or -EOVERFLOW where the ring does not fit
 * (nothing is written), or -ENOSPC where the pool is empty (some cells may be).
 */
long cells_write(struct cells *cells, const struct ring *ring, const uint16_t *id_of);

/*
 * The same for cells that held the ring before the change that ring_update()
 * listed in delta: only those that it touched are looked at.
 */
long cells_update(struct cells *cells, const struct ring *ring, const uint16_t *id_of,
		  const struct ring_point *delta, size_t delta_count);

/* Retires every bucket that these cells name. */
void cells_release(struct cells *cells);

/* The datapath's answer, computed here: bpf/ring.h's twin. */
uint32_t cells_lookup(const struct cells *cells, uint32_t hash);

#endif
