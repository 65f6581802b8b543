/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_CELLS_H
#define XRING_CORE_RING_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;
struct ring_point;
struct spill_pool;

/*
 * A ring as the datapath reads it: split cells (struct xring_cell). The circle
 * is cut into 2^k equal cells, 4 to 8 for each virtual node; a cell is the answer
 * for all its hashes, or two answers with the split between them, or names a
 * spill bucket with up to XRING_SPILL_POINTS splits. Words are written one atomic
 * store each, so that a reader always has the old answer or the new one.
 *
 * There are two tables of 2^k words, the newest answers and behind them the old
 * ones. A cell whose answer changes is MOVING from then on for one settle time,
 * and what it said at the beginning stays in the old table, whatever changes
 * between (core/ring/moving_cells.c). Times are in tenths of a second of one clock.
 */
struct cells {
	uint64_t *words;		/* 2 * 2^bits of them, in the map */
	uint32_t *since;		/* 2^bits: when a moving cell began to move */
	unsigned bits;
	uint32_t moving;		/* cells that are MOVING */
	struct spill_pool *spills;
};

#define CELLS_BITS_MIN 6
#define CELLS_BITS_MAX 24

static inline uint32_t cells_count(const struct cells *cells)
{
	return (uint32_t)1 << cells->bits;
}

static inline uint64_t *cells_old(const struct cells *cells, uint32_t c)
{
	return &cells->words[cells_count(cells) + c];
}

/* k for that many points: at least 4 cells a point. */
unsigned cells_bits(size_t points);

/* Does every cell of 2^bits hold its splits? If not, more bits are needed. */
bool cells_fit(const struct ring *ring, unsigned bits);

/* What becomes of the flows of a cell whose answer changes. */
enum cells_how {
	CELLS_CUT,			/* they go to the new one: there are none, or they are cut */
	CELLS_KEEP,			/* they stay: the cell is moving */
};

struct cells_change {
	const struct ring *ring;
	const uint16_t *id_of;		/* the datapath's id of a node of ring */
	enum cells_how how;
	uint32_t now;			/* of CELLS_KEEP */
};

/*
 * Writes the cells whose answer differs from the ring's. Returns the number of
 * words written, or -EOVERFLOW where the ring does not fit (nothing is written),
 * or -ENOSPC where the pool is empty (some cells may be).
 */
long cells_write(struct cells *cells, const struct cells_change *change);

/*
 * The same for cells that held the ring before the change that ring_update()
 * listed in delta: only those that it touched are looked at.
 */
long cells_update(struct cells *cells, const struct cells_change *change,
		  const struct ring_point *delta, size_t delta_count);

/* How many words cells_write() would write. */
long cells_differ(const struct cells *cells, const struct ring *ring, const uint16_t *id_of);

/* ids[id] = 1 for each that a cell names, also the old ones of those that move. */
void cells_names(const struct cells *cells, uint8_t *ids);

/* Retires every bucket that these cells name. */
void cells_release(struct cells *cells);

/* The datapath's answer, computed here: bpf/ring.h's twin. */
uint32_t cells_lookup(const struct cells *cells, uint32_t hash);
/* What an unpinned flow older than the change gets; of a moving cell alone. */
uint32_t cells_lookup_old(const struct cells *cells, uint32_t hash);

#endif
