/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_LPM_H
#define XRING_LPM_H

#include <linux/types.h>

/*
 * The longest prefix that matches an address, as the datapath finds it. A table is a
 * multibit trie. Its nodes are as wide as their prefixes are dense (level and path
 * compression: Nilsson and Karlsson, IEEE JSAC 1999), and its leaves are pushed down
 * (Srinivasan and Varghese, ACM TOCS 1999), so that a search never goes back. Tables are
 * stored in lines of 16 words. The root of a table is one word for each family. A word is
 *
 *     0 | value (31)                 the answer; 0: no prefix matches
 *     1 | stride (5) | line (26)     the next node
 *
 * With a stride of 1 and up, the next so many bits of the address are the index of the next
 * word, counted from the first word of the line. With stride 0 the line is a struct
 * xring_lpm_test, which steps over bits that all prefixes below it share. The root of a large
 * IPv4 table may also have the stride XRING_LPM_PALETTE, and its line is a struct
 * xring_lpm_palette.
 *
 * The daemon fills a node before it stores the word that names the node, and each word is
 * one atomic store: a reader finds the old answer or the new one. A node that no word names
 * any more stays unchanged until its readers have gone (user/core/lpm/blocks.h).
 */
#define XRING_LPM_LINE_WORDS 16u
#define XRING_LPM_NODE       (1u << 31)
#define XRING_LPM_VALUE_MAX  (XRING_LPM_NODE - 1)
#define XRING_LPM_LINE_BITS  26
#define XRING_LPM_LINE_MASK  ((1u << XRING_LPM_LINE_BITS) - 1)
/* A node of which no map has the line. */
#define XRING_LPM_NOWHERE (XRING_LPM_NODE | XRING_LPM_LINE_MASK)
#define XRING_LPM_STRIDE(word) ((word) >> XRING_LPM_LINE_BITS & 31)

/*
 * How many nodes the longest search visits. A node steps over 4 bits at least, unless its
 * stride ends at bit 64, which no stride crosses, or at the last bit.
 */
#define XRING_LPM_STEPS4 8
#define XRING_LPM_STEPS6 32

/*
 * A node that tests whether an address is in one prefix. Addresses are two words of 64 bits,
 * as lpm_walk() has them.
 */
struct xring_lpm_test {
	__u64 key[2];
	__u64 mask[2];
	__u32 match;			/* the next word, if the address is in the prefix */
	__u32 other;			/* the next word, if not; never a node */
	__u32 bits;			/* of the address, that a match has used up */
	__u32 pad[5];
};

/*
 * A first level that stays in the cache where the trie does not. For each network of 24 bits it
 * has two bits, in the order of addresses (the lowest of a word first): the index of the
 * network's answer in word[]. The last of these is the root of the trie, for networks whose
 * addresses differ, or whose answer has no place here.
 */
struct xring_lpm_palette {
	__u32 word[4];
	__u32 index;			/* first of the XRING_LPM_INDEX_LINES lines with the bits */
	__u32 pad[11];
};
#define XRING_LPM_PALETTE 31u		/* a stride that no node has */
#define XRING_LPM_ASK 3u		/* the index of the trie's root */
#define XRING_LPM_INDEX_ORDER 16
#define XRING_LPM_INDEX_LINES (1u << XRING_LPM_INDEX_ORDER)
#define XRING_LPM_INDEX_EACH 16u	/* networks of a word */

union xring_lpm_line {
	__u32 word[XRING_LPM_LINE_WORDS];
	struct xring_lpm_test test;
	struct xring_lpm_palette palette;
};

_Static_assert(sizeof(union xring_lpm_line) == 64, "one cache line");

/*
 * The line with a number, or NULL. In memory, as here, every line exists; a BPF program
 * defines the macro before it includes this header, as a look-up in its map.
 */
#ifndef XRING_LPM_LINE
#define XRING_LPM_LINE(lines, line) ((const union xring_lpm_line *)(lines) + (line))
#endif

/* Reads a word in one load, as the daemon may write it. */
static __always_inline __u32 lpm_read(const __u32 *word)
{
	return *(const volatile __u32 *)word;
}

/*
 * The value for an address in host byte order: its first bit is the highest of hi, and an
 * IPv4 address is in the high half of hi. word: the root for the family; steps: XRING_LPM_STEPS4
 * or 6, a constant. The answer is 0 if no prefix matches, and XRING_LPM_NODE, which is no
 * value, if the table is damaged: then no client is taken for one that no prefix names.
 */
static __always_inline __u32 lpm_walk(const void *lines, __u32 word, __u64 hi, __u64 lo, int steps)
{
	const int wide = steps > XRING_LPM_STEPS4;
	__u32 depth = 0;

	for (int i = 0; i < steps && word & XRING_LPM_NODE; i++) {
		__u32 stride = XRING_LPM_STRIDE(word), line = word & XRING_LPM_LINE_MASK;
		const union xring_lpm_line *at;

		/* In this order the verifier walks a third less. */
		if (__builtin_expect(stride != 0, 0)) {
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

/*
 * The step over the palette, if the root has one: the word that stands there for an IPv4
 * address, in host byte order. The answer is a value or the root of a trie, which is
 * XRING_LPM_NOWHERE if the palette is damaged.
 */
static __always_inline __u32 lpm_palette(const void *lines, __u32 root, __u32 address)
{
	const union xring_lpm_line *line, *bits;
	__u32 index = address >> 8;

	if (root >> XRING_LPM_LINE_BITS != (XRING_LPM_NODE >> XRING_LPM_LINE_BITS | XRING_LPM_PALETTE))
		return root;
	line = XRING_LPM_LINE(lines, root & XRING_LPM_LINE_MASK);
	if (!line)
		return XRING_LPM_NOWHERE;
	bits = XRING_LPM_LINE(lines, line->palette.index + index / XRING_LPM_INDEX_EACH /
					     XRING_LPM_LINE_WORDS);
	if (!bits)
		return XRING_LPM_NOWHERE;
	index = lpm_read(&bits->word[index / XRING_LPM_INDEX_EACH % XRING_LPM_LINE_WORDS]) >>
		index % XRING_LPM_INDEX_EACH * 2;
	return lpm_read(&line->palette.word[index & 3]);
}

/* address: network byte order. */
static __always_inline __u32 lpm_lookup4(const void *lines, __u32 root, __be32 address)
{
	__u32 host = __builtin_bswap32(address);

	return lpm_walk(lines, lpm_palette(lines, root, host), (__u64)host << 32, 0,
			XRING_LPM_STEPS4);
}

/* address: 16 bytes in network byte order, as two words. */
static __always_inline __u32 lpm_lookup6(const void *lines, __u32 root, const __u64 address[2])
{
	return lpm_walk(lines, root, __builtin_bswap64(address[0]), __builtin_bswap64(address[1]),
			XRING_LPM_STEPS6);
}

#endif
