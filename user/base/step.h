/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_STEP_H
#define XRING_BASE_STEP_H

#include <signal.h>
#include <stdint.h>

/*
 * The numbered steps of the daemon's writes. step() is called before each store that a
 * packet, or the next daemon after a crash, may find or miss. A test sets step_fatal to
 * have the daemon killed at the step with that number.
 */
extern uint64_t step_fatal;		/* steps left until the kill; 0: never */

static inline void step(void)
{
	if (__builtin_expect(step_fatal != 0, 0) && !--step_fatal)
		raise(SIGKILL);
}

#endif
