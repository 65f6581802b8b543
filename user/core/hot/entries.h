/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_ENTRIES_H
#define XRING_CORE_HOT_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

/*
 * Keys with an entry of their own (struct xring_hot), as the datapath reads them:
 * bpf/hot.h's twin, and the life of an entry. An answer is one word, written by one
 * atomic store; its newest side is what the key's flows get, its old side what they had
 * before the first change of the last settle time. HELD alone is the datapath's to set.
 */

/* A place in the table: bucket * XRING_HOT_WAYS + way. */
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

/* -ENOENT where the key has no entry. */
int hot_find(struct xring_hot *table, uint32_t number, uint32_t hash, uint32_t *ret_place);

/*
 * Takes a place; its answer stays 0 until hot_change(). A place that was freed is taken
 * again only behind a grace period, which is the caller's to keep. -ENOSPC where the
 * key's bucket is full.
 */
int hot_take(struct xring_hot *table, uint32_t number, uint32_t hash, uint32_t *ret_place);

/* The key's newest side from now on; the key is moving thereafter. True where it began to. */
bool hot_change(uint64_t *answer, uint64_t side);

/* UDP flows without a pin are new ones from now on. */
void hot_udp_new(uint64_t *answer);

/*
 * old := newest. False where flows found no room for a pin: then it moves for another
 * settle time.
 */
bool hot_settle(uint64_t *answer);

#endif
