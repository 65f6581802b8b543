/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_TELL_H
#define XRING_BPF_TELL_H

/*
 * One source, two objects. xring.bpf.o serves. explain.bpf.o, compiled from the same source with
 * -DXRING_TELL, is asked what would become of a packet: it reads the maps of the other and writes to none of
 * them, and tells its steps. So the answer is that of the code that serves, and not of a copy of it.
 *
 * Each write to a map that others read stands behind `if (serves)`, and each step that matters is told. Where
 * `serves` is 1, a compiler leaves nothing of either behind: the serving object is the same, instruction for
 * instruction, as without them.
 */
#ifdef XRING_TELL

#include <xring/told.h>

#define serves 0

/* What is told makes the stack of the common packet's way larger, which the way of others is not to bear. */
#define TELL_APART static __noinline

struct xring_told xring_told;

static __always_inline void told_here(__u32 step, __u64 a, __u64 b)
{
	__u64 i = xring_told.count++ % XRING_STEPS;

	xring_told.step[i].step = step;
	xring_told.step[i].a = a;
	xring_told.step[i].b = b;
}

/* Not static: the verifier walks it once. */
__noinline int told(__u32 step, __u64 a, __u64 b)
{
	told_here(step, a, b);
	return 0;
}

#define tell(step, a, b) told(XRING_STEP_##step, a, b)
/* The same without a call, for which the deepest chain of calls has no stack left on Linux 6.1. */
#define tell_here(step, a, b) told_here(XRING_STEP_##step, a, b)

/*
 * Keeps an argument of a function that is not static in use, where only what is left out would use it: else clang
 * leaves it out of the calls too, and the verifier refuses them.
 */
#define tell_uses(argument) asm volatile("" : : "r"(argument))

/* The packet is read again from its beginning. */
static __always_inline void tell_again(void)
{
	xring_told.count = 0;
}

#else

#define serves 1
#define TELL_APART static __always_inline
#define tell(step, a, b) ((void)0)
#define tell_here(step, a, b) ((void)0)
#define tell_again() ((void)0)
#define tell_uses(argument) ((void)0)

#endif

#endif
