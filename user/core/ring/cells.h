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
 * A ring as the datapath reads it: split cells (struct xring_cell). The circle is cut into
 * 2^k equal cells, 2 to 4 for each virtual node. A cell holds the answer for all its
 * hashes; or two answers with the split between them; or the number of a spill bucket: up to
 * XRING_CELL_SPLITS splits are in one or two of these. Each word is written with one atomic store, so that a
 * reader always finds the old answer or the new one.
 *
 *     words:   0 ... 2^k - 1            newest answers, with the flags MOVING and LOOK
 *              2^k ... 2 * 2^k - 1      old answers, with the flags UDP_NEW and HELD
 *
 * A cell whose answer changes is MOVING from then on for one settle time. The answer that
 * the cell had when it began to move is kept in the old table, whatever changes meanwhile
 * (core/ring/moving_cells.c). Times are in tenths of a second of one clock.
 */
struct cells {
	uint64_t *words;		/* 2 * 2^bits words in the cell map */
	uint32_t *since;		/* 2^bits times: when a moving cell began to move */
	unsigned bits;
	uint32_t moving;		/* number of cells that are MOVING */
	struct spill_pool *spills;
};

#define CELLS_BITS_MIN 6
#define CELLS_BITS_MAX 24
#define CELLS_BITS_LARGE 18		/* a table of 2 MiB */

static inline uint32_t cells_count(const struct cells *cells)
{
	return (uint32_t)1 << cells->bits;
}

static inline uint64_t *cells_old(const struct cells *cells, uint32_t c)
{
	return &cells->words[cells_count(cells) + c];
}

/*
 * The k for a ring of that many points: two cells a point or more; for a table of 2 MiB or more
 * one and a half. With fewer cells more of them spill; with more, a large ring leaves the cache
 * (docs/performance.md, "Scale").
 */
unsigned cells_bits(size_t points);

/* Does every one of 2^bits cells have room for its splits? If not, more bits are needed. */
bool cells_fit(const struct ring *ring, unsigned bits);

/* What happens to the flows of a cell whose answer changes. */
enum cells_how {
	/* The flows go to the new answer at once: there are none yet, or their backend has gone. */
	CELLS_CUT,
	/* The flows stay where they are: the cell moves. */
	CELLS_KEEP,
};

struct cells_change {
	const struct ring *ring;
	const uint16_t *id_of;		/* the datapath's id of each node of ring */
	enum cells_how how;
	uint32_t now;			/* the time for CELLS_KEEP */
};

/*
 * Writes each cell whose answer differs from the ring's. Returns the number of words
 * written; -EOVERFLOW: the ring does not fit into the cells, and nothing is written;
 * -ENOSPC: the pool of spill buckets is empty, and some cells may be written.
 */
long cells_write(struct cells *cells, const struct cells_change *change);

/*
 * Like cells_write(), for cells that held the ring before the change that ring_update()
 * listed in delta. Only the cells that the change touched are compared.
 */
long cells_update(struct cells *cells, const struct cells_change *change,
		  const struct ring_point *delta, size_t delta_count);

/* How many words cells_write() would write. */
long cells_differ(const struct cells *cells, const struct ring *ring, const uint16_t *id_of);

/* Sets ids[id] = 1 for each backend that a cell names, also in the old answer of a moving cell. */
void cells_names(const struct cells *cells, uint8_t *ids);

/* Retires every spill bucket that these cells name. */
void cells_release(struct cells *cells);

/* The datapath's newest answer, computed here: the twin of bpf/ring.h. */
uint32_t cells_lookup(const struct cells *cells, uint32_t hash);
/* The answer for an unpinned flow that is older than the change; only valid for a moving cell. */
uint32_t cells_lookup_old(const struct cells *cells, uint32_t hash);

#endif
