/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_BACKEND_HEALTH_H
#define XRING_CORE_BACKEND_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check;

/*
 * What the results of health checks say about one backend. All zero is a backend that was
 * never checked; it counts as alive. The first result decides at once. After that, `fall`
 * bad results in a row bring the backend down, and `rise` good results in a row bring it up
 * again.
 */
enum health_state {
	HEALTH_UNKNOWN,
	HEALTH_UP,
	HEALTH_DOWN,
};

struct health {
	enum health_state state;
	uint32_t streak; /* results in a row, up to the last one, that speak against the state */
	uint64_t since_ns;		/* when the state began, caller's clock; 0: unknown */
};

/* Counts one result. Returns true if the state has changed, also from unknown to up. */
bool health_result(struct health *h, const struct check *how, bool good, uint64_t now_ns);
static inline bool health_alive(const struct health *h)
{
	return h->state != HEALTH_DOWN;
}
const char *health_print(enum health_state state);	/* unknown, up, down */

/*
 * How long to wait from the start of one check to the start of the next: the interval, plus
 * or minus its jitter. Before the first check: nothing; or, if `others` are checked
 * already, a random time up to a millisecond for each of them but at most a tenth of the
 * interval, so that a large file that is loaded at once makes no burst. *random is the
 * state of the caller's generator, which may begin with any number.
 */
uint64_t health_wait_ns(const struct check *how, uint64_t *random);
uint64_t health_first_wait_ns(const struct check *how, size_t others, uint64_t *random);

#endif
