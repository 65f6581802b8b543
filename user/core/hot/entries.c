// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/hot/entries.h"

#include <errno.h>
#include <string.h>

#include "base/step.h"

int hot_find(struct xring_hot *table, uint32_t number, uint32_t hash, uint32_t *ret_place)
{
	uint32_t bucket = XRING_HOT_BUCKET(hash, number);

	for (uint32_t i = 0; i < XRING_HOT_WAYS; i++) {
		if (table[bucket].key[i].hash != hash || table[bucket].key[i].number != number ||
		    !table[bucket].key[i].answer)
			continue;
		*ret_place = bucket * XRING_HOT_WAYS + i;
		return 0;
	}
	return -ENOENT;
}

/*
 * Takes a free place; the place that the key had before, if there is one, so that no key
 * ever has two.
 */
int hot_take(struct xring_hot *table, uint32_t number, uint32_t hash, uint32_t *ret_place)
{
	uint32_t bucket = XRING_HOT_BUCKET(hash, number), found = XRING_HOT_WAYS;

	for (uint32_t i = 0; i < XRING_HOT_WAYS; i++) {
		bool same = table[bucket].key[i].hash == hash &&
			    table[bucket].key[i].number == number;

		if (!table[bucket].key[i].answer && (found == XRING_HOT_WAYS || same))
			found = i;
		if (same)
			break;
	}
	if (found == XRING_HOT_WAYS)
		return -ENOSPC;
	table[bucket].key[found].hash = hash;
	table[bucket].key[found].number = number;
	*ret_place = bucket * XRING_HOT_WAYS + found;
	return 0;
}

/* Changes the answer by compare-and-swap, because the datapath may set HELD at any moment. */
static void answer_swap(uint64_t *answer, uint64_t clear, uint64_t set)
{
	uint64_t word = __atomic_load_n(answer, __ATOMIC_ACQUIRE);

	step();
	while (!__atomic_compare_exchange_n(answer, &word, (word & ~clear) | set, false,
					    __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
		;
}

bool hot_change(uint64_t *answer, uint64_t side)
{
	uint64_t now = *answer;

	if (now & XRING_HOT_MOVING) {
		answer_swap(answer, XRING_HOT_SIDE_MASK, side);
		return false;
	}
	answer_swap(answer, ~0ULL, side | hot_newest(now) << XRING_HOT_OLD |
		    XRING_HOT_MOVING | XRING_HOT_THERE);
	return true;
}

void hot_udp_new(uint64_t *answer)
{
	if (!(*answer & XRING_HOT_UDP_NEW))
		answer_swap(answer, 0, XRING_HOT_UDP_NEW);
}

bool hot_settle(uint64_t *answer)
{
	uint64_t word = __atomic_load_n(answer, __ATOMIC_ACQUIRE), fresh;

	step();
	do
		fresh = word & XRING_HOT_HELD ?
			word & ~(XRING_HOT_HELD | XRING_HOT_UDP_NEW) :
			word & ~(XRING_HOT_MOVING | XRING_HOT_UDP_NEW |
				 XRING_HOT_SIDE_MASK << XRING_HOT_OLD);
	while (!__atomic_compare_exchange_n(answer, &word, fresh, false, __ATOMIC_RELEASE,
					    __ATOMIC_ACQUIRE));
	return !(word & XRING_HOT_HELD);
}
