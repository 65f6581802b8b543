// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/ring/cell.h"

#include <errno.h>
#include <string.h>

#include "core/ring/spills.h"

/* How many splits a bucket holds, used or not. */
static unsigned bucket_points(const struct xring_spill *bucket)
{
	return bucket->owner[XRING_SPILL_POINTS] == XRING_SPILL ? XRING_SPILL_POINTS - 1 :
								 XRING_SPILL_POINTS;
}

/* The bucket that goes on where this one ends; NULL: there is none. */
static const struct xring_spill *bucket_next(const struct spill_pool *pool,
					     const struct xring_spill *bucket)
{
	return bucket_points(bucket) < XRING_SPILL_POINTS ?
		       &pool->buckets[bucket->split[XRING_SPILL_POINTS - 1]] : NULL;
}

static const struct xring_spill *bucket_of(const struct spill_pool *pool, uint64_t word)
{
	return cell_spilled(word) ? &pool->buckets[cell_split(word)] : NULL;
}

/*
 * The unused splits of a bucket are ~0 with the same owner on both sides; they are left out
 * here.
 */
void answer_read(const struct spill_pool *pool, uint64_t word, struct answer *ret)
{
	const struct xring_spill *bucket = bucket_of(pool, word), *next;

	*ret = (struct answer){ .owner[0] = bucket ? bucket->owner[0] : cell_before(word) };
	if (!bucket && cell_before(word) != cell_after(word)) {
		ret->count = 1;
		ret->split[0] = cell_split(word);
		ret->owner[1] = cell_after(word);
	}
	for (; bucket; bucket = next) {
		next = bucket_next(pool, bucket);
		for (unsigned i = 0; i < bucket_points(bucket); i++) {
			uint16_t owner = bucket->owner[i + 1];

			if (owner == XRING_SPILL)
				owner = next->owner[0];
			if (owner == ret->owner[ret->count])
				continue;
			ret->split[ret->count++] = bucket->split[i];
			ret->owner[ret->count] = owner;
		}
	}
}

bool answer_equal(const struct answer *a, const struct answer *b)
{
	return a->count == b->count &&
	       !memcmp(a->split, b->split, a->count * sizeof(*a->split)) &&
	       !memcmp(a->owner, b->owner, (a->count + 1) * sizeof(*a->owner));
}

uint16_t answer_owner(const struct answer *a, uint32_t hash)
{
	unsigned i = 0;

	while (i < a->count && hash >= a->split[i])
		i++;
	return a->owner[i];
}

/* Fills a bucket with the splits of an answer from number `first` on, as many as it holds. */
static void bucket_fill(struct xring_spill *bucket, const struct answer *a, unsigned first)
{
	bucket->owner[0] = a->owner[first];
	for (unsigned i = 0; i < XRING_SPILL_POINTS; i++) {
		unsigned at = first + i;

		bucket->split[i] = at < a->count ? a->split[at] : UINT32_MAX;
		bucket->owner[i + 1] = a->owner[at < a->count ? at + 1 : a->count];
	}
}

int answer_word(struct spill_pool *pool, const struct answer *a, uint64_t *ret)
{
	const unsigned last = XRING_SPILL_POINTS - 1;
	struct xring_spill *bucket;
	uint32_t number;

	if (a->count <= 1) {
		*ret = a->count ? cell_word(a->split[0], a->owner[0], a->owner[1]) :
				  cell_word(0, a->owner[0], a->owner[0]);
		return 0;
	}
	if (pool->free_count < 1u + (a->count > XRING_SPILL_POINTS))
		return -ENOSPC;
	number = pool->free[--pool->free_count];
	bucket = &pool->buckets[number];
	bucket_fill(bucket, a, 0);
	if (a->count > XRING_SPILL_POINTS) {
		bucket->split[last] = pool->free[--pool->free_count];
		bucket->owner[last] = bucket->owner[last + 1] = XRING_SPILL;
		bucket_fill(&pool->buckets[bucket->split[last]], a, last);
	}
	*ret = cell_word(number, XRING_SPILL, XRING_SPILL);
	return 0;
}

/* Lists the numbers of the buckets that a word names; returns how many. */
static uint32_t buckets_of(const struct spill_pool *pool, uint64_t word, uint32_t *ret)
{
	uint32_t count = 0;

	for (const struct xring_spill *b = bucket_of(pool, word); b; b = bucket_next(pool, b))
		ret[count++] = b - pool->buckets;
	return count;
}

void word_retire(struct spill_pool *pool, uint64_t word)
{
	pool->retired_count += buckets_of(pool, word, pool->retired + pool->retired_count);
}

void word_give(struct spill_pool *pool, uint64_t word)
{
	pool->free_count += buckets_of(pool, word, pool->free + pool->free_count);
}

void answer_restrict(const struct answer *a, uint32_t first, uint32_t last, struct answer *ret)
{
	struct answer part = { .owner[0] = answer_owner(a, first) };

	for (unsigned i = 0; i < a->count; i++) {
		if (a->split[i] <= first || a->split[i] > last)
			continue;
		part.split[part.count++] = a->split[i];
		part.owner[part.count] = a->owner[i + 1];
	}
	*ret = part;
}
