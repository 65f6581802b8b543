// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A binary heap in an array: the children of i are 2i + 1 and 2i + 2, and no key
 * is less than its parent's.
 */
#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

void heap_clear(struct heap *h)
{
	free(h->items);
	*h = (struct heap){};
}

int heap_reserve(struct heap *h, size_t count)
{
	size_t room = h->room ?: 16;
	struct heap_item **items;

	if (count <= h->room)
		return 0;
	while (room < count)
		room *= 2;
	items = reallocarray(h->items, room, sizeof(struct heap_item *));
	if (!items)
		return -ENOMEM;
	h->items = items;
	h->room = room;
	return 0;
}

static void place(struct heap *h, struct heap_item *item, size_t index)
{
	h->items[index] = item;
	item->index = index;
}

/*
 * Puts an item into the heap: index i is free, and the item moves up (or down) to where its
 * key belongs.
 */
static void rise(struct heap *h, struct heap_item *item, size_t i)
{
	for (; i && h->items[(i - 1) / 2]->key > item->key; i = (i - 1) / 2)
		place(h, h->items[(i - 1) / 2], i);
	place(h, item, i);
}

static void sink(struct heap *h, struct heap_item *item, size_t i)
{
	size_t child;

	while ((child = 2 * i + 1) < h->count) {
		if (child + 1 < h->count && h->items[child + 1]->key < h->items[child]->key)
			child++;
		if (h->items[child]->key >= item->key)
			break;
		place(h, h->items[child], i);
		i = child;
	}
	place(h, item, i);
}

void heap_put(struct heap *h, struct heap_item *item, uint64_t key)
{
	item->key = key;
	rise(h, item, h->count++);
}

void heap_take(struct heap *h, struct heap_item *item)
{
	struct heap_item *last = h->items[--h->count];
	size_t i = item->index;

	if (last == item)
		return;
	if (i && h->items[(i - 1) / 2]->key > last->key)
		rise(h, last, i);
	else
		sink(h, last, i);
}
