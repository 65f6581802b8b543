// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a ring's answers into its cells. The points of the ring are sorted, so one pass
 * over the points and the cells, side by side, gives each cell its answer:
 *
 *     cells     |       c       |     c + 1     |     c + 2     |
 *     points    ----A----------------B----C------------D---------
 *     owners    AAAABBBBBBBBBBBBBBBBBCCCCCDDDDDDDDDDDDDEEEEEEEEE
 *
 * Cell c is A before the split at point A, and B from there on. Cell c + 1 has two splits, and
 * is a spill bucket.
 */
#include "core/ring/cells.h"

#include <errno.h>

#include "base/step.h"
#include "core/ring/cell.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"

unsigned cells_bits(size_t points)
{
	unsigned bits = CELLS_BITS_MIN;

	while (bits < CELLS_BITS_MAX &&
	       (size_t)1 << bits < points + (bits < CELLS_BITS_LARGE ? points : points / 2))
		bits++;
	return bits;
}

bool cells_fit(const struct ring *ring, unsigned bits)
{
	unsigned shift = 32 - bits;

	for (size_t i = XRING_CELL_SPLITS; i < ring->point_count; i++)
		if (ring->points[i].position >> shift ==
		    ring->points[i - XRING_CELL_SPLITS].position >> shift)
			return false;
	return true;
}

/*
 * The answer of cell c. *at is the index of the first point after the cell's first hash; it
 * is moved on to that of the next cell.
 */
static void cell_answer(const struct ring *ring, const uint16_t *id_of, unsigned shift,
			uint32_t c, size_t *at, struct answer *ret)
{
	uint64_t end = ((uint64_t)c + 1) << shift;
	size_t n = ring->point_count, i = *at;

	ret->count = 0;
	if (!n) {
		ret->owner[0] = 0;
		return;
	}
	ret->owner[0] = id_of[ring->points[i == n ? 0 : i].node];
	while (i < n && ring->points[i].position < end) {
		uint32_t position = ring->points[i].position;
		uint16_t next;

		while (i < n && ring->points[i].position == position)
			i++;
		next = id_of[ring->points[i == n ? 0 : i].node];
		if (next == ret->owner[ret->count])
			continue;
		ret->split[ret->count++] = position;
		ret->owner[ret->count] = next;
	}
	while (i < n && ring->points[i].position == end)
		i++;
	*at = i;
}

static bool cell_says(const struct cells *cells, uint64_t word, const struct answer *a)
{
	struct answer now;

	answer_read(cells->spills, word, &now);
	return answer_equal(&now, a);
}

/*
 * The flags of a cell whose answer changes. If the cell moves already, flows may be pinned
 * to the answer that is replaced, so that the cell must look for pins from now on.
 */
static uint64_t flags_after(uint64_t word, enum cells_how how)
{
	if (word & XRING_MOVING)
		return XRING_MOVING | XRING_LOOK;
	return (word & XRING_LOOK) | (how == CELLS_KEEP ? XRING_MOVING : 0);
}

/*
 * Returns 1 if the word was written, 0 if the cell had that answer already. The old answer
 * is stored before the cell is seen to move. The word itself is exchanged by
 * compare-and-swap, because the datapath may set LOOK at any moment.
 */
static int cell_store(struct cells *cells, uint32_t c, const struct answer *a,
		      const struct cells_change *change)
{
	uint64_t word = __atomic_load_n(&cells->words[c], __ATOMIC_ACQUIRE), fresh;
	bool opens = change->how == CELLS_KEEP && !(word & XRING_MOVING);
	int err;

	if (cell_says(cells, word, a))
		return 0;
	err = answer_word(cells->spills, a, &fresh);
	if (err)
		return err;
	step();
	if (opens) {
		cells->since[c] = change->now;
		__atomic_store_n(cells_old(cells, c), word & ~CELL_FLAGS, __ATOMIC_RELEASE);
		cells->moving++;
		step();
	}
	while (!__atomic_compare_exchange_n(&cells->words[c], &word,
					    fresh | flags_after(word, change->how), false,
					    __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
		;
	if (!opens)
		word_retire(cells->spills, word);
	return 1;
}

/* The index of the first point after the first hash of cell c. */
static size_t points_from(const struct ring *ring, unsigned shift, uint32_t c)
{
	size_t at = 0;

	if (c && ring->point_count) {
		at = ring_owner(ring, c << shift);
		return ring->points[at].position <= c << shift ? ring->point_count : at;
	}
	while (at < ring->point_count && ring->points[at].position == 0)
		at++;
	return at;
}

/* Writes the cells from first to last, both included. */
static long write_range(struct cells *cells, const struct cells_change *change, uint32_t first,
			uint32_t last)
{
	unsigned shift = 32 - cells->bits;
	size_t at = points_from(change->ring, shift, first);
	long written = 0;

	for (uint32_t c = first; c <= last; c++) {
		struct answer answer;
		int stored;

		cell_answer(change->ring, change->id_of, shift, c, &at, &answer);
		stored = cell_store(cells, c, &answer, change);
		if (stored < 0)
			return stored;
		written += stored;
	}
	return written;
}

long cells_write(struct cells *cells, const struct cells_change *change)
{
	if (!cells_fit(change->ring, cells->bits))
		return -EOVERFLOW;
	return write_range(cells, change, 0, cells_count(cells) - 1);
}

long cells_differ(const struct cells *cells, const struct ring *ring, const uint16_t *id_of)
{
	unsigned shift = 32 - cells->bits;
	size_t at = points_from(ring, shift, 0);
	long differ = 0;

	if (!cells_fit(ring, cells->bits))
		return -EOVERFLOW;
	for (uint32_t c = 0; c < cells_count(cells); c++) {
		struct answer answer;

		cell_answer(ring, id_of, shift, c, &at, &answer);
		differ += !cell_says(cells, cells->words[c], &answer);
	}
	return differ;
}

/*
 * Where the hashes that a point at `position` answers for begin: at the position of the
 * point before it.
 */
static uint32_t arc_start(const struct ring *ring, uint32_t position)
{
	size_t low = 0, count = ring->point_count;

	while (count) {
		size_t half = count / 2;

		if (ring->points[low + half].position < position) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return ring->points[(low ? low : ring->point_count) - 1].position;
}

/*
 * A point at p that came or went changes the answer for the hashes in [predecessor, p) and for no
 * others. The predecessor in the new ring serves: if it is nearer to p than the predecessor in
 * the old ring, it is a point that came, is in delta itself, and covers the rest.
 */
long cells_update(struct cells *cells, const struct cells_change *change,
		  const struct ring_point *delta, size_t delta_count)
{
	const struct ring *ring = change->ring;
	uint32_t cell_max = cells_count(cells) - 1;
	unsigned shift = 32 - cells->bits;
	long written = 0, more = 0;

	if (!cells_fit(ring, cells->bits))
		return -EOVERFLOW;
	if (!ring->point_count)
		return delta_count ? cells_write(cells, change) : 0;
	for (size_t i = 0; i < delta_count && more >= 0; i++) {
		uint32_t position = delta[i].position;
		uint32_t first = arc_start(ring, position) >> shift;
		uint32_t last = (position - 1) >> shift;

		if (first <= last && arc_start(ring, position) < position) {
			more = write_range(cells, change, first, last);
		} else {
			more = write_range(cells, change, first, cell_max);
			if (more >= 0 && position) {
				written += more;
				more = write_range(cells, change, 0, last);
			}
		}
		written += more;
	}
	return more < 0 ? more : written;
}

void cells_release(struct cells *cells)
{
	for (uint32_t c = 0; c < cells_count(cells); c++) {
		word_retire(cells->spills, cells->words[c]);
		if (cells->words[c] & XRING_MOVING)
			word_retire(cells->spills, *cells_old(cells, c));
	}
}

static uint32_t word_lookup(const struct cells *cells, uint64_t word, uint32_t hash)
{
	struct answer answer;

	answer_read(cells->spills, word, &answer);
	return answer_owner(&answer, hash);
}

uint32_t cells_lookup(const struct cells *cells, uint32_t hash)
{
	return word_lookup(cells, cells->words[hash >> (32 - cells->bits)], hash);
}

uint32_t cells_lookup_old(const struct cells *cells, uint32_t hash)
{
	return word_lookup(cells, *cells_old(cells, hash >> (32 - cells->bits)), hash);
}
