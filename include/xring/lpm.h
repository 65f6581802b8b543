/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_LPM_H
#define XRING_LPM_H

#include <linux/types.h>

/*
 * The longest prefix that matches an address, as the datapath finds it. Tables are
 * multibit tries whose nodes are as wide as their prefixes are dense (level and
 * path compressed: Nilsson and Karlsson, IEEE JSAC 1999) and whose leaves are
 * pushed down (Srinivasan and Varghese, ACM TOCS 1999), so that nothing is looked
 * back for. They live in lines of 16 words; a table is known by its root, one word
 * a family. A word is
 *
 *     0 | value (31)                 the answer; 0: no prefix matches
 *     1 | stride (5) | line (26)     more to look at
 *
 * stride 1 and up: that many bits of the address, from where the last node ended,
 * are the index of the next word, counted from that line; stride 0: the line is a
 * struct xring_lpm_test, which steps over bits that all prefixes below share.
 *
 * A writer fills a node before it stores the word that names it, and each word is
 * one atomic store: a reader finds the old answer or the new one. A node that no
 * word names any more stays as it is until its readers have gone (core/blocks.h).
 */
#define XRING_LPM_LINE_WORDS 16u
#define XRING_LPM_NODE       (1u << 31)
#define XRING_LPM_VALUE_MAX  (XRING_LPM_NODE - 1)
#define XRING_LPM_LINE_BITS  26
#define XRING_LPM_LINE_MASK  ((1u << XRING_LPM_LINE_BITS) - 1)
#define XRING_LPM_STRIDE(word) ((word) >> XRING_LPM_LINE_BITS & 31)

/*
 * Nodes on the longest way to an answer: each steps over 4 bits at least, but for a
 * stride that ends at bit 64, which none crosses, or at the last bit.
 */
#define XRING_LPM_STEPS4 8
#define XRING_LPM_STEPS6 32

/* A node of one prefix: which addresses are in it. Two words of 64 bits are an address. */
struct xring_lpm_test {
	__u64 key[2];
	__u64 mask[2];
	__u32 match;			/* words, of the kind above */
	__u32 other;			/* never a node */
	__u32 bits;			/* of the address, used up after a match */
	__u32 pad[5];
};

union xring_lpm_line {
	__u32 word[XRING_LPM_LINE_WORDS];
	struct xring_lpm_test test;
};

_Static_assert(sizeof(union xring_lpm_line) == 64, "one cache line");

/*
 * The line of that number, or NULL. In memory, as here, there are always enough; a
 * BPF program defines it, before it includes this, as the element of its map.
 */
#ifndef XRING_LPM_LINE
#define XRING_LPM_LINE(lines, line) ((const union xring_lpm_line *)(lines) + (line))
#endif

static __always_inline __u32 lpm_read(const __u32 *word)
{
	return *(const volatile __u32 *)word;
}

/*
 * The value for an address, host byte order, its first bit the highest of hi; IPv4
 * stands in the high half of hi. root: the word of its family; steps: its
 * XRING_LPM_STEPS, a constant. 0 where nothing matches; XRING_LPM_NODE, which is no value,
 * where the table makes no sense: whoever is to be dropped then is not let through.
 */
static __always_inline __u32 lpm_walk(const void *lines, __u32 word, __u64 hi, __u64 lo, int steps)
{
	const int wide = steps > XRING_LPM_STEPS4;
	__u32 depth = 0;

	for (int i = 0; i < steps && word & XRING_LPM_NODE; i++) {
		__u32 stride = XRING_LPM_STRIDE(word), line = word & XRING_LPM_LINE_MASK;
		const union xring_lpm_line *at;

		if (stride) {
			__u64 bits = wide && depth & 64 ? lo : hi;
			__u32 index = bits << (depth & 63) >> ((64 - stride) & 63);

			at = XRING_LPM_LINE(lines, line + index / XRING_LPM_LINE_WORDS);
			if (!at)
				return XRING_LPM_NODE;
			word = lpm_read(&at->word[index % XRING_LPM_LINE_WORDS]);
			depth += stride;
		} else {
			__u64 differ;

			at = XRING_LPM_LINE(lines, line);
			if (!at)
				return XRING_LPM_NODE;
			differ = (hi ^ at->test.key[0]) & at->test.mask[0];
			if (wide)
				differ |= (lo ^ at->test.key[1]) & at->test.mask[1];
			word = lpm_read(differ ? &at->test.other : &at->test.match);
			depth = at->test.bits;
		}
	}
	return word & XRING_LPM_NODE ? XRING_LPM_NODE : word;
}

/* address: in network byte order. */
static __always_inline __u32 lpm_lookup4(const void *lines, __u32 root, __be32 address)
{
	return lpm_walk(lines, root, (__u64)__builtin_bswap32(address) << 32, 0,
			XRING_LPM_STEPS4);
}

/* address: 16 bytes in network byte order, as two words of memory. */
static __always_inline __u32 lpm_lookup6(const void *lines, __u32 root, const __u64 address[2])
{
	return lpm_walk(lines, root, __builtin_bswap64(address[0]), __builtin_bswap64(address[1]),
			XRING_LPM_STEPS6);
}

#endif
