/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_CLOCK_H
#define XRING_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull
/* a tenth of a second: the unit of times in maps and state files */
#define NS_PER_TENTH (NS_PER_S / 10)

/* CLOCK_MONOTONIC in nanoseconds: the clock of the loop's timers. */
static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* CLOCK_REALTIME in milliseconds: for people, and for the hours of a schedule. */
static inline uint64_t clock_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / NS_PER_MS;
}

/* Sets *next to the earlier of *next and at; in both, 0 stands for never. */
static inline void sooner(uint64_t *next, uint64_t at)
{
	if (at && (!*next || at < *next))
		*next = at;
}

#endif
