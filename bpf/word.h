/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_WORD_H
#define XRING_BPF_WORD_H

/* The low 32 bits, in one instruction: clang, left alone, shifts a word left and right. */
static __always_inline __u32 low_half(__u64 word)
{
	__u32 half;

	asm volatile("%0 = %1" : "=w"(half) : "w"((__u32)word));
	return half;
}

#endif
