/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_CELL_H
#define XRING_CORE_RING_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

struct spill_pool;

/* The word of one cell (struct xring_cell): taking it apart and putting it together. */
#define CELL_FLAGS (XRING_BEFORE_FLAG | XRING_AFTER_FLAG)

static inline uint32_t cell_split(uint64_t word)
{
	return (uint32_t)word;
}

static inline uint16_t cell_before(uint64_t word)
{
	return word >> 32 & XRING_ID_MASK;
}

static inline uint16_t cell_after(uint64_t word)
{
	return word >> 48 & XRING_ID_MASK;
}

static inline bool cell_spilled(uint64_t word)
{
	return cell_before(word) == XRING_SPILL;
}

static inline uint64_t cell_word(uint32_t split, uint16_t before, uint16_t after)
{
	return split | (uint64_t)before << 32 | (uint64_t)after << 48;
}

/*
 * What one cell answers: owner[i] for hashes below split[i], owner[count] from the last
 * split on.
 */
struct answer {
	unsigned count;
	uint32_t split[XRING_CELL_SPLITS];
	uint16_t owner[XRING_CELL_SPLITS + 1];
};

void answer_read(const struct spill_pool *pool, uint64_t word, struct answer *ret);
bool answer_equal(const struct answer *a, const struct answer *b);
uint16_t answer_owner(const struct answer *a, uint32_t hash);

/*
 * The word for an answer, without flags. Takes buckets of the pool if the answer has
 * several splits: -ENOSPC.
 */
int answer_word(struct spill_pool *pool, const struct answer *a, uint64_t *ret);
/* Retires the buckets that a word names, or frees them at once, as no reader ever saw them. */
void word_retire(struct spill_pool *pool, uint64_t word);
void word_give(struct spill_pool *pool, uint64_t word);

/* The part of an answer that holds for the hashes from first to last. */
void answer_restrict(const struct answer *a, uint32_t first, uint32_t last, struct answer *ret);

#endif
