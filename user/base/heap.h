/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_HEAP_H
#define XRING_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * A priority queue: the item with the least key is at the top. The caller owns the items.
 * Each item stores its own index in the heap, so that any item can be taken out, not only
 * the top.
 */
struct heap_item {
	uint64_t key;
	size_t index;
};

struct heap {
	struct heap_item **items;
	size_t count;
	size_t room;
};

void heap_clear(struct heap *h);			/* frees the array, not the items */
/* makes room for `count` items in all; 0 or -ENOMEM */
int heap_reserve(struct heap *h, size_t count);
void heap_put(struct heap *h, struct heap_item *item, uint64_t key);	/* needs reserved room */
void heap_take(struct heap *h, struct heap_item *item);
static inline struct heap_item *heap_top(const struct heap *h)
{
	return h->count ? h->items[0] : NULL;
}

#endif
