/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_ARENA_H
#define XRING_CORE_RING_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who has which part of the cell map. An extent is 2^bits cells that begin at a
 * multiple of their number; the lowest gap that takes it is taken.
 */
struct extent {
	uint32_t base;
	unsigned bits;
};

struct arena {
	uint32_t size;			/* cells */
	struct extent *extents;		/* sorted by base */
	size_t count;
};

void arena_clear(struct arena *a);
int arena_copy(const struct arena *from, struct arena *ret);
int arena_alloc(struct arena *a, unsigned bits, uint32_t *ret_base);	/* -ENOSPC, -ENOMEM */
int arena_claim(struct arena *a, uint32_t base, unsigned bits);	/* -EEXIST where it overlaps */
void arena_free(struct arena *a, uint32_t base);
uint32_t arena_used(const struct arena *a);		/* cells */

#endif
