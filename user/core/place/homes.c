// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of homes. The entries are one array, for homes_judge(), which looks at all of
 * them; a hash table with open addressing finds the entry of a prefix. Nothing is ever
 * deleted from the hash table: entries are forgotten many at a time, and then the whole
 * hash table is built again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "core/place/homes_parts.h"

#define SLOTS_FIRST 64

struct homes *homes_new(uint64_t seed)
{
	struct homes *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->seed = seed;
	h->room = HOME_CANDIDATES;
	h->slots = calloc(SLOTS_FIRST, sizeof(*h->slots));
	h->slot_count = SLOTS_FIRST;
	if (!h->slots) {
		free(h);
		return NULL;
	}
	return h;
}

void homes_free(struct homes *h)
{
	if (!h)
		return;
	free(h->entries);
	free(h->slots);
	free(h);
}

/* ---- the hash ---- */

/* The finalizer of MurmurHash3: each bit of the input changes about half of the output bits. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

static uint64_t hash_of(const struct homes *h, const struct prefix *p)
{
	uint64_t words[2];

	memcpy(words, p->address.bytes, sizeof(words));
	return mix(mix(mix(h->seed ^ (uint64_t)p->address.family << 8 ^ p->bits) ^ words[0]) ^
		   words[1]);
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && address_equal(&a->address, &b->address);
}

/* The slot of the hash table where the prefix is, or the free slot where the prefix would be. */
static uint32_t *slot_of(const struct homes *h, const struct prefix *p)
{
	size_t mask = h->slot_count - 1, at = hash_of(h, p) & mask;

	while (h->slots[at] && !same_prefix(&h->entries[h->slots[at] - 1].record.prefix, p))
		at = (at + 1) & mask;
	return &h->slots[at];
}

void homes_index(struct homes *h)
{
	memset(h->slots, 0, h->slot_count * sizeof(*h->slots));
	for (size_t i = 0; i < h->count; i++)
		*slot_of(h, &h->entries[i].record.prefix) = (uint32_t)i + 1;
}

static struct home_entry *entry_find(const struct homes *h, const struct prefix *p)
{
	uint32_t number = *slot_of(h, p);

	return number ? &h->entries[number - 1] : NULL;
}

static int grow(struct homes *h)
{
	struct home_entry *entries = array_grow(h->entries, h->count, sizeof(*entries));
	uint32_t *slots;

	if (!entries)
		return -ENOMEM;
	h->entries = entries;
	if (2 * (h->count + 1) <= h->slot_count)
		return 0;
	slots = calloc(2 * h->slot_count, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(h->slots);
	h->slots = slots;
	h->slot_count *= 2;
	homes_index(h);
	return 0;
}

static struct home_entry *entry_add(struct homes *h, const struct prefix *p)
{
	struct home_entry *e;

	if (grow(h))
		return NULL;
	e = &h->entries[h->count++];
	*e = (struct home_entry){ .record.prefix = *p };
	*slot_of(h, p) = (uint32_t)h->count;
	return e;
}

/* ---- what is seen ---- */

/*
 * The part of a region; or, for a region that has none, a part that is free or has less
 * than `packets`, which the region takes over. NULL: all parts have more.
 */
static struct home_part *part_of(struct home_entry *e, unsigned region, float packets)
{
	struct home_part *least = e->parts;

	for (struct home_part *part = e->parts; part < e->parts + HOME_PARTS; part++) {
		if (part->region == region)
			return part;
		if (part->packets + part->sum < least->packets + least->sum)
			least = part;
	}
	if (least->region && least->packets + least->sum >= packets)
		return NULL;
	*least = (struct home_part){ .region = (uint8_t)region };
	return least;
}

int homes_seen(struct homes *h, const struct prefix *p, unsigned region, uint64_t packets)
{
	struct home_entry *e = entry_find(h, p);
	struct home_part *part;

	if (!packets)
		return 0;
	if (!e && h->count - h->homes >= h->room) {
		h->full = true;
		return -ENOSPC;
	}
	if (!e)
		e = entry_add(h, p);
	if (!e)
		return -ENOMEM;
	part = part_of(e, region, (float)packets);
	if (part)
		part->packets += (float)packets;
	e->packets += (float)packets;
	return 0;
}

/* ---- homes ---- */

const struct home_record *homes_next(const struct homes *h, size_t *i)
{
	while (*i < h->count) {
		const struct home_record *record = &h->entries[(*i)++].record;

		if (record->region)
			return record;
	}
	return NULL;
}

const struct home_record *homes_find(const struct homes *h, const struct prefix *p)
{
	const struct home_entry *e = entry_find(h, p);

	return e && e->record.region ? &e->record : NULL;
}

size_t homes_count(const struct homes *h)
{
	return h->homes;
}

int homes_put(struct homes *h, const struct home_record *record)
{
	struct home_entry *e = entry_find(h, &record->prefix);

	if (!e)
		e = entry_add(h, &record->prefix);
	if (!e)
		return -ENOMEM;
	h->homes += !e->record.region;
	e->record = *record;
	return 0;
}
