/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_ORDER_H
#define XRING_BPF_ORDER_H

/*
 * The order of loads. Of two words that the daemon writes one after the other, the datapath may
 * see the second new and the first old only where its loads may be done out of order. x86 does
 * not do that (XRING_LOADS_IN_ORDER). Elsewhere a load comes after another only if its address is
 * computed from what the other has read: a branch alone orders no loads. So these pairs are
 * ordered, first load and second:
 *
 *     word of the VIP table       slot               the word selects the half
 *     slot, class, root           ring, line         the first has the index of the second
 *     cell                        spill, backend     likewise
 *     pin                         backend            likewise
 *     newest cell, newest class   the old one        after_word()
 *     head of a first template    its headers        after_head() in forward.h
 *     head of a first template    that of the second head_that_counts() there
 *
 * A change of xring_config.sources may be seen a packet late, and so may xring_config.alive, whose
 * writer waits for a grace period (say_alive() in the daemon's engine).
 *
 * What else is reused (an id, a spill, an entry of a key, a line, the other half or template) is
 * so only after a grace period, in which all packets under way have ended.
 */
#ifndef XRING_LOADS_IN_ORDER
#define XRING_LOADS_IN_ORDER 0
#endif

/* The index as it is, for a load that has to be done after that of the word. */
static __always_inline __u32 after_word(__u32 index, __u64 word)
{
	__u64 nothing = word;

	if (XRING_LOADS_IN_ORDER)
		return index;
	asm volatile("" : "+r"(nothing));	/* or clang knows what comes of it */
	return index + (__u32)(nothing ^ word);
}

#endif
