/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_STEPS_H
#define XRING_BENCH_STEPS_H

#include <stdint.h>

struct world;

/* What one packet makes the processor do, as far as that can be counted without hardware. */
struct steps {
	uint32_t verdict;
	unsigned instructions;		/* BPF instructions, as the verifier left them */
	unsigned stack;			/* of these, loads and stores of the stack */
	unsigned helpers;		/* calls that the verifier has not replaced by instructions */
};

/*
 * Executes the program of a world for a frame of an IPv4 TCP flow to a VIP, instruction by
 * instruction. Does not return where it meets what it does not know.
 */
void steps_count(const struct world *world, const uint8_t *frame, unsigned bytes,
		 struct steps *ret);

#endif
