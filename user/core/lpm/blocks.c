// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/lpm/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define IS_FREE 0x80u
#define INSIDE 0x40u			/* a line that is not the first line of a block */

static void *memory_copy(const void *from, size_t size)
{
	void *to = malloc(size);

	return to ? memcpy(to, from, size) : NULL;
}

static void list_put(struct blocks *b, unsigned order, uint32_t line)
{
	uint32_t next = b->free[order];

	b->order[line] = (uint8_t)(order | IS_FREE);
	b->next[line] = next;
	b->prev[line] = NONE;
	if (next != NONE)
		b->prev[next] = line;
	b->free[order] = line;
}

static void list_take(struct blocks *b, unsigned order, uint32_t line)
{
	uint32_t next = b->next[line], prev = b->prev[line];

	if (next != NONE)
		b->prev[next] = prev;
	if (prev != NONE)
		b->next[prev] = next;
	else
		b->free[order] = next;
	b->order[line] = INSIDE;
}

/* Divides all lines into free blocks, each the largest that fits at its line. */
static void free_all(struct blocks *b)
{
	unsigned order;

	for (uint32_t line = 0; line < b->count; line += (uint32_t)1 << order) {
		order = BLOCKS_ORDERS - 1;
		while (line & (((uint32_t)1 << order) - 1) ||
		       b->count - line < (uint32_t)1 << order)
			order--;
		list_put(b, order, line);
	}
}

int blocks_new(uint32_t count, struct blocks *ret)
{
	struct blocks b = {
		.count = count,
		.order = malloc(count),
		.next = malloc(count * sizeof(*b.next)),
		.prev = malloc(count * sizeof(*b.prev)),
		.note = malloc(count * sizeof(*b.note)),
		.retired = NONE,
	};

	if (!b.order || !b.next || !b.prev || !b.note) {
		blocks_clear(&b);
		return -ENOMEM;
	}
	for (unsigned order = 0; order < BLOCKS_ORDERS; order++)
		b.free[order] = NONE;
	for (uint32_t line = 0; line < count; line++)
		b.order[line] = INSIDE;
	free_all(&b);
	*ret = b;
	return 0;
}

void blocks_clear(struct blocks *b)
{
	free(b->order);
	free(b->next);
	free(b->prev);
	free(b->note);
	*b = (struct blocks){};
}

int blocks_copy(const struct blocks *from, struct blocks *ret)
{
	struct blocks b = *from;

	b.order = memory_copy(from->order, from->count);
	b.next = memory_copy(from->next, from->count * sizeof(*b.next));
	b.prev = memory_copy(from->prev, from->count * sizeof(*b.prev));
	b.note = memory_copy(from->note, from->count * sizeof(*b.note));
	if (!b.order || !b.next || !b.prev || !b.note) {
		blocks_clear(&b);
		return -ENOMEM;
	}
	*ret = b;
	return 0;
}

int blocks_take(struct blocks *b, unsigned order, uint32_t *ret)
{
	unsigned from = order;
	uint32_t line;

	while (from < BLOCKS_ORDERS && b->free[from] == NONE)
		from++;
	if (from >= BLOCKS_ORDERS)
		return -ENOSPC;
	line = b->free[from];
	list_take(b, from, line);
	while (from > order) {
		from--;
		list_put(b, from, line + ((uint32_t)1 << from));
	}
	b->order[line] = (uint8_t)order;
	b->used += (uint32_t)1 << order;
	*ret = line;
	return 0;
}

static uint32_t block_around(uint32_t line, unsigned order)
{
	return line & ~(((uint32_t)1 << order) - 1);
}

int blocks_claim(struct blocks *b, uint32_t line, unsigned order)
{
	unsigned from = order;
	uint32_t half;

	if (order >= BLOCKS_ORDERS || line >= b->count ||
	    b->count - line < (uint32_t)1 << order || line != block_around(line, order))
		return -EINVAL;
	while (from < BLOCKS_ORDERS && b->order[block_around(line, from)] != (from | IS_FREE))
		from++;
	if (from >= BLOCKS_ORDERS)
		return -EEXIST;
	list_take(b, from, block_around(line, from));
	/* The halves without the claimed line go back to the free lists. */
	while (from > order) {
		half = block_around(line, --from);
		list_put(b, from, half ^ (uint32_t)1 << from);
	}
	b->order[line] = (uint8_t)order;
	b->used += (uint32_t)1 << order;
	return 0;
}

void blocks_give(struct blocks *b, uint32_t line)
{
	unsigned order = b->order[line];

	b->used -= (uint32_t)1 << order;
	b->order[line] = INSIDE;
	for (; order < BLOCKS_ORDERS - 1; order++) {
		uint32_t buddy = line ^ (uint32_t)1 << order;

		if (buddy >= b->count || b->order[buddy] != (order | IS_FREE))
			break;
		list_take(b, order, buddy);
		line &= ~((uint32_t)1 << order);
	}
	list_put(b, order, line);
}

void blocks_retire(struct blocks *b, uint32_t line)
{
	b->next[line] = b->retired;
	b->retired = line;
	b->retired_lines += (uint32_t)1 << b->order[line];
}

void blocks_reclaim(struct blocks *b)
{
	while (b->retired != NONE) {
		uint32_t line = b->retired;

		b->retired = b->next[line];
		blocks_give(b, line);
	}
	b->retired_lines = 0;
}
