// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/ring/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void arena_clear(struct arena *a)
{
	free(a->extents);
	a->extents = NULL;
	a->count = 0;
}

int arena_copy(const struct arena *from, struct arena *ret)
{
	struct extent *extents = malloc((from->count ?: 1) * sizeof(*extents));

	if (!extents)
		return -ENOMEM;
	if (from->count)
		memcpy(extents, from->extents, from->count * sizeof(*extents));
	*ret = (struct arena){ from->size, extents, from->count };
	return 0;
}

static uint64_t extent_end(const struct extent *e)
{
	return e->base + (1ULL << e->bits);
}

static int insert(struct arena *a, size_t at, uint32_t base, unsigned bits)
{
	struct extent *extents = reallocarray(a->extents, a->count + 1, sizeof(*extents));

	if (!extents)
		return -ENOMEM;
	a->extents = extents;
	memmove(extents + at + 1, extents + at, (a->count - at) * sizeof(*extents));
	extents[at] = (struct extent){ base, bits };
	a->count++;
	return 0;
}

int arena_alloc(struct arena *a, unsigned bits, uint32_t *ret_base)
{
	uint64_t size = 1ULL << bits, base = 0;
	size_t i = 0;
	int err;

	while (i < a->count && base + size > a->extents[i].base) {
		base = (extent_end(&a->extents[i]) + size - 1) / size * size;
		i++;
	}
	if (base + size > a->size)
		return -ENOSPC;
	err = insert(a, i, base, bits);
	if (!err)
		*ret_base = base;
	return err;
}

int arena_claim(struct arena *a, uint32_t base, unsigned bits)
{
	struct extent wanted = { base, bits };
	size_t i = 0;

	while (i < a->count && a->extents[i].base < base)
		i++;
	if (extent_end(&wanted) > a->size ||
	    (i && extent_end(&a->extents[i - 1]) > base) ||
	    (i < a->count && extent_end(&wanted) > a->extents[i].base))
		return -EEXIST;
	return insert(a, i, base, bits);
}

void arena_free(struct arena *a, uint32_t base)
{
	for (size_t i = 0; i < a->count; i++) {
		if (a->extents[i].base != base)
			continue;
		memmove(a->extents + i, a->extents + i + 1,
			(a->count - i - 1) * sizeof(*a->extents));
		a->count--;
		return;
	}
}

uint32_t arena_used(const struct arena *a)
{
	uint32_t used = 0;

	for (size_t i = 0; i < a->count; i++)
		used += 1u << a->extents[i].bits;
	return used;
}
