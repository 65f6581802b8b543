/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_UTIL_H
#define XRING_BASE_UTIL_H

#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Owning local variables carry their destructor: the variable's memory or descriptor is
 * released at the end of its scope.
 */
static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _free_ __attribute__((cleanup(freep)))
#define _close_ __attribute__((cleanup(closep)))

/*
 * Hands what an owning local variable owns to a new owner: returns the value and empties
 * the variable.
 */
#define take_ptr(p)                            \
	({                                     \
		__typeof__(p) *take_ = &(p);   \
		__typeof__(p) val_ = *take_;   \
		*take_ = NULL;                 \
		val_;                          \
	})

static inline int take_fd(int *fd)
{
	int val = *fd;

	*fd = -1;
	return val;
}

#endif
