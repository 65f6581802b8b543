// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/lpm/runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/lpm/lpm.h"
#include "core/value/address.h"
#include "core/value/prefix.h"

#define BITS 128
#define LAST (~(position)0)

position position_of(const struct address *a)
{
	uint64_t words[2];

	memcpy(words, a->bytes, sizeof(words));
	return (position)be64toh(words[0]) << 64 | be64toh(words[1]);
}

/* The last position that shares its first `bits` bits with p. */
static position last_of(position p, unsigned bits)
{
	return bits < BITS ? p | LAST >> bits : p;
}

void runs_clear(struct runs *r)
{
	free(r->list);
	*r = (struct runs){};
}

/* ---- building a list ---- */

static int runs_new(size_t room, struct runs *ret)
{
	struct run *list = reallocarray(NULL, room, sizeof(*list));

	if (!list)
		return -ENOMEM;
	*ret = (struct runs){ .list = list };
	return 0;
}

/* Says that the value is `value` from `first` on. Calls must come in the order of first. */
static void put(struct runs *r, position first, uint32_t value)
{
	if (r->count && r->list[r->count - 1].first == first)
		r->count--;
	if (r->count && r->list[r->count - 1].value == value)
		return;
	r->list[r->count++] = (struct run){ first, value };
}

/* Gives back the unused room of the list. */
static struct runs shrunk(struct runs r)
{
	r.list = reallocarray(r.list, r.count, sizeof(*r.list)) ?: r.list;
	return r;
}

/* ---- from prefixes ---- */

/*
 * The prefixes that contain the current position, the innermost last. around[0] stands for
 * the whole address space, with value 0.
 */
struct nest {
	struct {
		position last;
		uint32_t value;
		unsigned bits;
	} around[BITS + 2];
	unsigned depth;
};

/*
 * Leaves the prefixes that end before `next`: from the end of each on, the prefix around it
 * answers again.
 */
static void leave(struct nest *nest, position next, struct runs *r)
{
	while (nest->around[nest->depth].last < next) {
		position after = nest->around[nest->depth--].last + 1;

		put(r, after, nest->around[nest->depth].value);
	}
}

static void enter(struct nest *nest, const struct lpm_entry *e, struct runs *r)
{
	position first = position_of(&e->prefix.address);
	unsigned bits = e->prefix.bits;

	leave(nest, first, r);
	/* If the same prefix comes again, the later value stands. */
	if (!nest->depth || nest->around[nest->depth].bits < bits)
		nest->depth++;
	nest->around[nest->depth].last = last_of(first, bits);
	nest->around[nest->depth].value = e->value;
	nest->around[nest->depth].bits = bits;
	put(r, first, e->value);
}

int runs_of_prefixes(const struct lpm_entry *entries, size_t count, int family,
		     struct runs *ret)
{
	struct nest nest = { .around = { { .last = LAST } } };
	struct runs r;

	/* Each prefix begins at most one run at its first address and one after its last. */
	if (runs_new(2 * count + 1, &r))
		return -ENOMEM;
	put(&r, 0, 0);
	for (size_t i = 0; i < count; i++)
		if (entries[i].prefix.address.family == family)
			enter(&nest, &entries[i], &r);
	/*
	 * A prefix that reaches the last address hides the prefixes around it up to the
	 * end, so there is nothing left to put.
	 */
	leave(&nest, LAST, &r);
	*ret = shrunk(r);
	return 0;
}

/* ---- two lists ---- */

static position begin_of(const struct runs *r, size_t i)
{
	return i < r->count ? r->list[i].first : LAST;
}

int runs_combine(const struct runs *a, const struct runs *b,
		 uint32_t (*combine)(void *context, uint32_t a, uint32_t b), void *context,
		 struct runs *ret)
{
	size_t i = 1, j = 1;
	position at = 0;
	struct runs r;

	if (runs_new(a->count + b->count, &r))
		return -ENOMEM;
	for (;;) {
		put(&r, at, combine(context, a->list[i - 1].value, b->list[j - 1].value));
		if (i == a->count && j == b->count)
			break;
		at = begin_of(a, i) < begin_of(b, j) ? begin_of(a, i) : begin_of(b, j);
		i += i < a->count && a->list[i].first == at;
		j += j < b->count && b->list[j].first == at;
	}
	*ret = shrunk(r);
	return 0;
}

/* ---- to prefixes ---- */

/*
 * For p not 0: length() is the number of bits up to the highest set one, zeros() the number
 * of zeros below the lowest.
 */
static unsigned length(position p)
{
	uint64_t high = p >> 64;

	return high ? BITS - (unsigned)__builtin_clzll(high) :
		      64 - (unsigned)__builtin_clzll((uint64_t)p);
}

static unsigned zeros(position p)
{
	uint64_t low = (uint64_t)p;

	return low ? (unsigned)__builtin_ctzll(low) :
		     64 + (unsigned)__builtin_ctzll((uint64_t)(p >> 64));
}

/* The length in bits of the largest prefix that begins at first and does not reach beyond last. */
static unsigned widest(position first, position last)
{
	position size = last - first + 1;	/* 0: all addresses, 2^128 of them */
	unsigned most = size ? length(size) - 1 : BITS;

	if (first && zeros(first) < most)
		most = zeros(first);
	return BITS - most;
}

static struct prefix prefix_at(position p, unsigned bits, int family)
{
	uint64_t words[2] = { htobe64((uint64_t)(p >> 64)), htobe64((uint64_t)p) };
	struct prefix prefix = { .address.family = family, .bits = (uint8_t)bits };

	memcpy(prefix.address.bytes, words, sizeof(words));
	return prefix;
}

/* Divides one run into prefixes. Returns how many, and writes them unless ret is NULL. */
static size_t divide(const struct run *run, position last, int family, struct lpm_entry *ret)
{
	position first = run->first, end;
	size_t count = 0;

	do {
		unsigned bits = widest(first, last);

		if (ret)
			ret[count] = (struct lpm_entry){ prefix_at(first, bits, family),
							 run->value };
		count++;
		end = last_of(first, bits);
		first = end + 1;
	} while (end != last);
	return count;
}

static size_t divide_all(const struct runs *r, int family, struct lpm_entry *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		position last = i + 1 < r->count ? r->list[i + 1].first - 1 : LAST;

		if (r->list[i].value)
			count += divide(&r->list[i], last, family, ret ? ret + count : NULL);
	}
	return count;
}

int runs_prefixes(const struct runs *r, int family, struct lpm_entry **ret, size_t *ret_count)
{
	size_t count = divide_all(r, family, NULL);
	struct lpm_entry *entries = reallocarray(NULL, count ?: 1, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	divide_all(r, family, entries);
	*ret = entries;
	*ret_count = count;
	return 0;
}

/* ---- looking ---- */

uint32_t runs_find(const struct runs *r, const struct address *a)
{
	position p = position_of(a);
	size_t from = 0, to = r->count;

	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;

		if (r->list[middle].first <= p)
			from = middle;
		else
			to = middle;
	}
	return r->list[from].value;
}
