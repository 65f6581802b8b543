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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xring_told);
} xring_told SEC(".maps");

/* Not static: the verifier walks it once. */
__noinline int told(__u32 step, __u64 a, __u64 b)
{
	__u32 zero = 0;
	struct xring_told *told = bpf_map_lookup_elem(&xring_told, &zero);
	__u64 i;

	if (!told)
		return 0;
	i = told->count++;
	if (i >= XRING_STEPS)
		return 0;
	told->step[i].step = step;
	told->step[i].a = a;
	told->step[i].b = b;
	return 0;
}

#define tell(step, a, b) told(XRING_STEP_##step, a, b)

/*
 * Keeps an argument of a function that is not static in use, where only what is left out would use it: else clang
 * leaves it out of the calls too, and the verifier refuses them.
 */
#define tell_uses(argument) asm volatile("" : : "r"(argument))

/* The packet is read again from its beginning. */
static __always_inline void tell_again(void)
{
	__u32 zero = 0;
	struct xring_told *told = bpf_map_lookup_elem(&xring_told, &zero);

	if (told)
		told->count = 0;
}

#else

#define serves 1
#define tell(step, a, b) ((void)0)
#define tell_again() ((void)0)
#define tell_uses(argument) ((void)0)

#endif

#endif
