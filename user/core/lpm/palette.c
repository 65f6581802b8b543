// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A palette (struct xring_lpm_palette) says of each IPv4 network of 24 bits what the trie
 * answers, in two bits, where that is one of three values. It is painted from the trie of
 * prefixes like the words of a node, after them. A lookup of an address finds its old two
 * bits or its new ones, and so the old answer or the new one. A value that gets a place in
 * the palette keeps the place as long as the palette lives: a reader that has just read two
 * bits may still come for it.
 */
#include "core/lpm/node.h"

#include <string.h>

#define NETWORK_BITS 24
#define PREFIXES_LEAST (1u << 16)	/* with fewer, the trie stays in the cache itself */
#define NO_PLACE UINT32_MAX		/* of a palette's word: not a value, and no trie's root */

/* A write to the two bits of some networks. */
struct paint {
	const struct trie *trie;
	struct xring_lpm_palette *palette;
	uint32_t *words;		/* the two bits of all networks */
	uint32_t from, to;		/* the networks to write: from `from` to before `to` */
};

/* The place of a value in the palette, which may be a new one. */
static uint32_t place_of(struct xring_lpm_palette *p, uint32_t value)
{
	for (uint32_t i = 0; i < XRING_LPM_ASK; i++) {
		if (p->word[i] == NO_PLACE)
			word_store(&p->word[i], value);
		if (p->word[i] == value)
			return i;
	}
	return XRING_LPM_ASK;
}

/* Sets the two bits of the networks from first to before end, a word at a time. */
static void fill(uint32_t *words, uint32_t first, uint32_t end, uint32_t bits)
{
	while (first < end) {
		uint32_t *word = &words[first / XRING_LPM_INDEX_EACH], next;
		uint32_t low = first % XRING_LPM_INDEX_EACH, mask = ~0u << 2 * low;
		uint32_t stop = first - low + XRING_LPM_INDEX_EACH;

		if (stop > end)
			mask &= ~0u >> 2 * (stop - end);
		next = (*word & ~mask) | (bits * 0x55555555u & mask);
		if (next != *word)
			word_store(word, next);
		first = stop;
	}
}

/*
 * Writes the networks from first to before first + size, where size is a power of two. n is
 * the first trie node at or below the prefix that they have in common, and cover the value of
 * the longest prefix above.
 */
static void paint_networks(const struct paint *paint, uint32_t n, uint32_t cover, uint32_t first,
			   uint32_t size)
{
	uint32_t from = first > paint->from ? first : paint->from;
	uint32_t to = first + size < paint->to ? first + size : paint->to;
	const struct trie_node *node = &paint->trie->nodes[n];
	unsigned depth = NETWORK_BITS - (unsigned)__builtin_ctz(size);
	uint32_t below[2] = {};

	if (from >= to)
		return;
	if (n && node->bits == depth) {
		cover = node->value ?: cover;
		memcpy(below, node->child, sizeof(below));
	} else if (n && depth < NETWORK_BITS) {
		below[trie_bit(&node->key, depth)] = n;
	} else if (n) {
		below[0] = n;
	}
	if (!below[0] && !below[1])
		fill(paint->words, from, to, place_of(paint->palette, cover));
	else if (size == 1)
		fill(paint->words, from, to, XRING_LPM_ASK);
	else
		for (uint32_t i = 0; i < 2; i++)
			paint_networks(paint, below[i], cover, first + i * (size / 2), size / 2);
}

void palette_update(const struct lpm_tree *tree, uint32_t root)
{
	struct xring_lpm_palette *palette = palette_of(tree->pool, root);
	unsigned bits = tree->bits < NETWORK_BITS ? tree->bits : NETWORK_BITS;
	uint32_t first = tree->key.word[0] >> (64 - NETWORK_BITS);
	struct paint paint = {
		.trie = tree->trie,
		.palette = palette,
		.from = first,
		.to = first + (1u << (NETWORK_BITS - bits)),
	};

	if (!palette)
		return;
	paint.words = tree->pool->lines[palette->index].word;
	paint_networks(&paint, tree->trie->root, 0, 0, 1u << NETWORK_BITS);
}

bool palette_valid(const struct xring_lpm_palette *p)
{
	for (uint32_t i = 0; i < XRING_LPM_ASK; i++)
		if (word_is_node(p->word[i]) && p->word[i] != NO_PLACE)
			return false;
	return !word_is_palette(p->word[XRING_LPM_ASK]);
}

void palette_put(struct lpm *t)
{
	const struct trie *trie = &t->tries[LPM_IPV4];
	uint32_t count = trie->root ? trie->nodes[trie->root].count : 0, line, index;
	struct lpm_tree all = { .pool = t->pool, .trie = trie };
	struct blocks *blocks = &t->pool->blocks;
	struct xring_lpm_palette *palette;

	if (count < PREFIXES_LEAST || blocks_take(blocks, 0, &line))
		return;
	if (blocks_take(blocks, XRING_LPM_INDEX_ORDER, &index)) {
		blocks_give(blocks, line);
		return;
	}
	palette = &t->pool->lines[line].palette;
	*palette = (struct xring_lpm_palette){
		.word = { NO_PLACE, NO_PLACE, NO_PLACE, t->roots[LPM_IPV4] },
		.index = index,
	};
	t->roots[LPM_IPV4] = XRING_LPM_NODE | XRING_LPM_PALETTE << XRING_LPM_LINE_BITS | line;
	palette_update(&all, t->roots[LPM_IPV4]);
}
