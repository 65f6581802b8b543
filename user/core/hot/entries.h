/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_ENTRIES_H
#define XRING_CORE_HOT_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

/*
 * The table of keys with entries of their own (struct xring_hot): the twin of bpf/hot.h,
 * and the life of an entry. An entry's answer is one word, written by one atomic store. The
 * newest side of the word is what the key's flows get; the old side is what they got before
 * the first change of the last settle time. The flag HELD is set by the datapath, all else
 * by the daemon.
 *
 *     hot_take()  ->  hot_change()  ->  moving  ->  hot_settle()  ->  settled  ->  hot_change() ...
 */

/* The number of places of the table; a place is bucket * XRING_HOT_WAYS + way. */
#define HOT_PLACES (XRING_HOT_BUCKETS * XRING_HOT_WAYS)

static inline uint64_t *hot_word(struct xring_hot *table, uint32_t place)
{
	return (uint64_t *)&table[place / XRING_HOT_WAYS].key[place % XRING_HOT_WAYS].answer;
}

static inline uint64_t hot_newest(uint64_t answer)
{
	return answer & XRING_HOT_SIDE_MASK;
}

static inline uint64_t hot_old(uint64_t answer)
{
	return answer >> XRING_HOT_OLD & XRING_HOT_SIDE_MASK;
}

/* Finds a key's place. number: of the key's service. -ENOENT: the key has no entry. */
int hot_find(struct xring_hot *table, uint32_t number, uint32_t hash, uint32_t *ret_place);

/*
 * Takes a place for a key; its answer stays 0 until hot_change(). The caller must let a
 * grace period pass before a freed place is taken again. -ENOSPC: the bucket of the key is
 * full.
 */
int hot_take(struct xring_hot *table, uint32_t number, uint32_t hash, uint32_t *ret_place);

/* Sets the newest side; the key moves from now on. Returns true if the key did not move before. */
bool hot_change(uint64_t *answer, uint64_t side);

/* Sets UDP_NEW: from now on a UDP flow without a pin counts as new. */
void hot_udp_new(uint64_t *answer);

/*
 * Ends a move: old := newest. Returns false if flows found no room for a pin: then the key
 * moves for another settle time.
 */
bool hot_settle(uint64_t *answer);

#endif
