// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/ring/cell.h"

#include <errno.h>
#include <string.h>

#include "core/ring/spills.h"

/*
 * The unused splits of a bucket are ~0 with the same owner on both sides; they are left out
 * here.
 */
void answer_read(const struct spill_pool *pool, uint64_t word, struct answer *ret)
{
	const struct xring_spill *bucket;

	*ret = (struct answer){ .owner[0] = cell_before(word) };
	if (!cell_spilled(word)) {
		if (cell_before(word) == cell_after(word))
			return;
		ret->count = 1;
		ret->split[0] = cell_split(word);
		ret->owner[1] = cell_after(word);
		return;
	}
	bucket = &pool->buckets[cell_split(word)];
	ret->owner[0] = bucket->owner[0];
	for (unsigned i = 0; i < XRING_SPILL_POINTS; i++) {
		if (bucket->owner[i + 1] == ret->owner[ret->count])
			continue;
		ret->split[ret->count++] = bucket->split[i];
		ret->owner[ret->count] = bucket->owner[i + 1];
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

static void bucket_fill(struct xring_spill *bucket, const struct answer *a)
{
	bucket->owner[0] = a->owner[0];
	for (unsigned i = 0; i < XRING_SPILL_POINTS; i++) {
		bucket->split[i] = i < a->count ? a->split[i] : UINT32_MAX;
		bucket->owner[i + 1] = a->owner[i < a->count ? i + 1 : a->count];
	}
}

int answer_word(struct spill_pool *pool, const struct answer *a, uint64_t *ret)
{
	uint32_t bucket;

	if (a->count <= 1) {
		*ret = a->count ? cell_word(a->split[0], a->owner[0], a->owner[1]) :
				  cell_word(0, a->owner[0], a->owner[0]);
		return 0;
	}
	if (!pool->free_count)
		return -ENOSPC;
	bucket = pool->free[--pool->free_count];
	bucket_fill(&pool->buckets[bucket], a);
	*ret = cell_word(bucket, XRING_SPILL, XRING_SPILL);
	return 0;
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
