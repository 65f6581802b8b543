/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_ARRAY_H
#define XRING_BASE_ARRAY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * Growing arrays that store only their element count. The allocated room is at least the
 * least power of two that holds the count, so only an array whose count is a power of two
 * (or 0) may be full. Elements may be removed at will. An array that was not built by
 * array_grow() must come from array_copy(), which allocates the same room.
 */

/*
 * Makes room for one more element. Returns the array, which may have moved, or NULL with
 * the old array kept.
 */
static inline void *array_grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

/* A copy that array_grow() can extend; NULL: no memory. */
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
