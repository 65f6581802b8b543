/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_BACKEND_HEALTH_H
#define XRING_CORE_BACKEND_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check;

/*
 * What the results of its checks make of one backend. All zero is a backend that
 * was never checked, which counts as alive. Its first result decides at once;
 * after that it takes `fall` bad results in a row to bring it down and `rise`
 * good ones to bring it up again.
 */
enum health_state {
	HEALTH_UNKNOWN,
	HEALTH_UP,
	HEALTH_DOWN,
};

struct health {
	enum health_state state;
	uint32_t streak;		/* results in a row, up to the last, against the state */
	uint64_t since_ns;		/* when the state began; 0 for unknown */
};

/* True where the state is another one now, also from unknown to up. */
bool health_result(struct health *h, const struct check *how, bool good, uint64_t now_ns);
static inline bool health_alive(const struct health *h)
{
	return h->state != HEALTH_DOWN;
}
const char *health_print(enum health_state state);	/* unknown, up, down */

/*
 * How long to wait, from the start of one check to the start of the next: the
 * interval, give or take its jitter. Before the first one: nothing, or where
 * others are checked already, up to a millisecond for each of them but at most a
 * tenth of the interval, so that a large file loaded at once is no burst.
 * *random is the state of the caller's generator, any number to begin with.
 */
uint64_t health_wait_ns(const struct check *how, uint64_t *random);
uint64_t health_first_wait_ns(const struct check *how, size_t others, uint64_t *random);

#endif
