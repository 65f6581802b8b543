/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_HEAP_H
#define XRING_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * What comes next: the item with the least key is at the top. Items are the
 * caller's and know their place, so that any of them can be taken out.
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

void heap_clear(struct heap *h);			/* frees what h holds, not the items */
int heap_reserve(struct heap *h, size_t count);		/* -ENOMEM; then so many fit in all */
void heap_put(struct heap *h, struct heap_item *item, uint64_t key);	/* into room reserved */
void heap_take(struct heap *h, struct heap_item *item);
static inline struct heap_item *heap_top(const struct heap *h)
{
	return h->count ? h->items[0] : NULL;
}

#endif
