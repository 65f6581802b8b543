/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_ARRAY_H
#define XRING_BASE_ARRAY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * Arrays that grow by one and know only their count: there is always room for
 * the next power of two, so a full one is known by its count. Elements may be
 * taken away at will; whoever makes such an array by hand makes it with
 * array_copy().
 */

/* Room for one more; the array, perhaps moved, or NULL and the old one is kept. */
static inline void *array_grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

/* A copy that can grow; NULL: no memory. */
static inline void *array_copy(const void *array, size_t count, size_t size)
{
	size_t room = 1;
	void *copy;

	while (room < count)
		room *= 2;
	copy = reallocarray(NULL, room, size);
	if (copy && count)
		memcpy(copy, array, count * size);
	return copy;
}

#endif
