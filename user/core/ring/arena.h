/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_ARENA_H
#define XRING_CORE_RING_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which ring has which part of the cell map. An extent is 2^bits cells whose first cell is
 * a multiple of their number. arena_alloc() takes the lowest gap that is large enough.
 */
struct extent {
	uint32_t base;
	unsigned bits;
};

struct arena {
	uint32_t size;			/* cells of the whole map */
	struct extent *extents;		/* sorted by base */
	size_t count;
};

void arena_clear(struct arena *a);
int arena_copy(const struct arena *from, struct arena *ret);
int arena_alloc(struct arena *a, unsigned bits, uint32_t *ret_base);	/* -ENOSPC, -ENOMEM */
/* -EEXIST: overlaps another extent, or the map's end */
int arena_claim(struct arena *a, uint32_t base, unsigned bits);
void arena_free(struct arena *a, uint32_t base);
uint32_t arena_used(const struct arena *a);		/* cells */

#endif
