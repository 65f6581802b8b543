/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_STEP_H
#define XRING_BASE_STEP_H

#include <signal.h>
#include <stdint.h>

/*
 * The numbered steps of the daemon's writes: one before each store that another
 * life of it, or a packet, may find or miss. A test has it killed at one of them.
 */
extern uint64_t step_fatal;		/* steps until then; 0: never */

static inline void step(void)
{
	if (__builtin_expect(step_fatal != 0, 0) && !--step_fatal)
		raise(SIGKILL);
}

#endif
