// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int spill_pool_new(struct xring_spill *buckets, uint32_t count, struct spill_pool *ret)
{
	uint32_t *free_list = malloc(count * sizeof(*free_list));
	uint32_t *retired = malloc(count * sizeof(*retired));

	if (!free_list || !retired) {
		free(free_list);
		free(retired);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		free_list[i] = count - 1 - i;
	*ret = (struct spill_pool){
		.buckets = buckets,
		.count = count,
		.free = free_list,
		.free_count = count,
		.retired = retired,
	};
	return 0;
}

void spill_pool_clear(struct spill_pool *pool)
{
	free(pool->free);
	free(pool->retired);
	*pool = (struct spill_pool){};
}

void spill_pool_reclaim(struct spill_pool *pool)
{
	memcpy(pool->free + pool->free_count, pool->retired,
	       pool->retired_count * sizeof(*pool->free));
	pool->free_count += pool->retired_count;
	pool->retired_count = 0;
}

void spill_pool_claim(struct spill_pool *pool, const uint8_t *used)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pool->free_count; i++)
		if (!used[pool->free[i]])
			pool->free[kept++] = pool->free[i];
	pool->free_count = kept;
}

/* What one cell says: owner[i] before split[i], owner[count] after the last. */
struct answer {
	unsigned count;
	uint32_t split[XRING_SPILL_POINTS];
	uint16_t owner[XRING_SPILL_POINTS + 1];
};

static uint32_t cell_split(uint64_t word)
{
	return (uint32_t)word;
}

static uint16_t cell_before(uint64_t word)
{
	return word >> 32 & XRING_ID_MASK;
}

static uint16_t cell_after(uint64_t word)
{
	return word >> 48 & XRING_ID_MASK;
}

static uint64_t cell_word(uint32_t split, uint16_t before, uint16_t after)
{
	return split | (uint64_t)before << 32 | (uint64_t)after << 48;
}

#define FLAGS ((uint64_t)XRING_FLAG << 32 | (uint64_t)XRING_FLAG << 48)

unsigned cells_bits(size_t points)
{
	unsigned bits = CELLS_BITS_MIN;

	while (bits < CELLS_BITS_MAX && (size_t)1 << bits < 4 * points)
		bits++;
	return bits;
}

bool cells_fit(const struct ring *ring, unsigned bits)
{
	unsigned shift = 32 - bits;

	for (size_t i = XRING_SPILL_POINTS; i < ring->point_count; i++)
		if (ring->points[i].position >> shift ==
		    ring->points[i - XRING_SPILL_POINTS].position >> shift)
			return false;
	return true;
}

/*
 * The answer of cell c. *at is the first point behind the cell's first hash; it is
 * moved on to that of the next cell.
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

static bool bucket_says(const struct xring_spill *bucket, const struct answer *a)
{
	for (unsigned i = 0; i < XRING_SPILL_POINTS; i++) {
		uint32_t split = i < a->count ? a->split[i] : UINT32_MAX;
		uint16_t owner = a->owner[i < a->count ? i + 1 : a->count];

		if (bucket->split[i] != split || bucket->owner[i + 1] != owner)
			return false;
	}
	return bucket->owner[0] == a->owner[0];
}

static void bucket_fill(struct xring_spill *bucket, const struct answer *a)
{
	bucket->owner[0] = a->owner[0];
	for (unsigned i = 0; i < XRING_SPILL_POINTS; i++) {
		bucket->split[i] = i < a->count ? a->split[i] : UINT32_MAX;
		bucket->owner[i + 1] = a->owner[i < a->count ? i + 1 : a->count];
	}
}

/* 1 where the word was written, 0 where it said so already. */
static int cell_store(struct cells *cells, uint32_t c, const struct answer *a)
{
	struct spill_pool *pool = cells->spills;
	uint64_t old = cells->words[c], word;
	bool spilled = cell_before(old) == XRING_SPILL;

	if (a->count <= 1) {
		word = a->count ? cell_word(a->split[0], a->owner[0], a->owner[1]) :
				  cell_word(0, a->owner[0], a->owner[0]);
	} else {
		uint32_t bucket;

		if (spilled && bucket_says(&pool->buckets[cell_split(old)], a))
			return 0;
		if (!pool->free_count)
			return -ENOSPC;
		bucket = pool->free[--pool->free_count];
		bucket_fill(&pool->buckets[bucket], a);
		word = cell_word(bucket, XRING_SPILL, XRING_SPILL);
	}
	word |= old & FLAGS;
	if (word == old)
		return 0;
	__atomic_store_n(&cells->words[c], word, __ATOMIC_RELEASE);
	if (spilled)
		pool->retired[pool->retired_count++] = cell_split(old);
	return 1;
}

/* Cells first to last, both included. */
static long write_range(struct cells *cells, const struct ring *ring, const uint16_t *id_of,
			uint32_t first, uint32_t last)
{
	unsigned shift = 32 - cells->bits;
	size_t at = 0;
	long written = 0;

	if (first && ring->point_count) {
		at = ring_owner(ring, first << shift);
		if (ring->points[at].position <= first << shift)
			at = ring->point_count;		/* it wrapped */
	} else {
		while (at < ring->point_count && ring->points[at].position == 0)
			at++;
	}
	for (uint32_t c = first; c <= last; c++) {
		struct answer answer;
		int stored;

		cell_answer(ring, id_of, shift, c, &at, &answer);
		stored = cell_store(cells, c, &answer);
		if (stored < 0)
			return stored;
		written += stored;
	}
	return written;
}

long cells_write(struct cells *cells, const struct ring *ring, const uint16_t *id_of)
{
	if (!cells_fit(ring, cells->bits))
		return -EOVERFLOW;
	return write_range(cells, ring, id_of, 0, ((uint32_t)1 << cells->bits) - 1);
}

/* Where the answer of a change at `position` begins: its predecessor's position. */
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
 * A point at p that came or went answers for [predecessor, p) and no other hash;
 * the predecessor in the new ring is never nearer than that in the old one.
 */
long cells_update(struct cells *cells, const struct ring *ring, const uint16_t *id_of,
		  const struct ring_point *delta, size_t delta_count)
{
	uint32_t cell_max = ((uint32_t)1 << cells->bits) - 1;
	unsigned shift = 32 - cells->bits;
	long written = 0, more = 0;

	if (!cells_fit(ring, cells->bits))
		return -EOVERFLOW;
	if (!ring->point_count)
		return delta_count ? cells_write(cells, ring, id_of) : 0;
	for (size_t i = 0; i < delta_count && more >= 0; i++) {
		uint32_t position = delta[i].position;
		uint32_t first = arc_start(ring, position) >> shift;
		uint32_t last = (position - 1) >> shift;

		if (first <= last && arc_start(ring, position) < position) {
			more = write_range(cells, ring, id_of, first, last);
		} else {
			more = write_range(cells, ring, id_of, first, cell_max);
			if (more >= 0 && position) {
				written += more;
				more = write_range(cells, ring, id_of, 0, last);
			}
		}
		written += more;
	}
	return more < 0 ? more : written;
}

void cells_release(struct cells *cells)
{
	struct spill_pool *pool = cells->spills;

	for (size_t c = 0; c < (size_t)1 << cells->bits; c++)
		if (cell_before(cells->words[c]) == XRING_SPILL)
			pool->retired[pool->retired_count++] = cell_split(cells->words[c]);
}

uint32_t cells_lookup(const struct cells *cells, uint32_t hash)
{
	uint64_t word = cells->words[hash >> (32 - cells->bits)];
	const struct xring_spill *spill;
	uint32_t owner;

	if (cell_before(word) != XRING_SPILL)
		return hash < cell_split(word) ? cell_before(word) : cell_after(word);
	spill = &cells->spills->buckets[cell_split(word)];
	owner = spill->owner[0];
	for (int i = 0; i < XRING_SPILL_POINTS; i++)
		if (hash >= spill->split[i])
			owner = spill->owner[i + 1];
	return owner;
}
