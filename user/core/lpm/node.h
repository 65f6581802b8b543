/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_NODE_H
#define XRING_CORE_LPM_NODE_H

#include <endian.h>
#include <netinet/in.h>
#include <string.h>

#include <xring/lpm.h>

#include <xring/abi.h>

#include "base/step.h"
#include "core/lpm/lpm.h"

/* What the files of core/lpm make tables with. Only they include this header. */

/* ---- prefixes and keys ---- */

static inline uint64_t key_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return be64toh(word);
}

/* The last 12 bytes of an IPv4 address are 0, and so is the rest of its key. */
static inline struct trie_key key_of(const struct address *a)
{
	return (struct trie_key){ { key_word(a->bytes), key_word(a->bytes + 8) } };
}

static inline enum lpm_family family_of(const struct address *a)
{
	return a->family == AF_INET ? LPM_IPV4 : LPM_IPV6;
}

static inline unsigned family_bits(enum lpm_family f)
{
	return f == LPM_IPV4 ? 32 : 128;
}

static inline bool value_valid(uint32_t value)
{
	return value && value <= XRING_LPM_VALUE_MAX;
}

/*
 * Fills tries, one for each family, with the entries in any order. -EINVAL, -ENOMEM: the
 * tries are filled in part.
 */
int tries_fill(struct trie *tries, const struct lpm_entry *entries, size_t count);

/*
 * Replaces the adopted nodes that do not fit the trie. No answer changes. -ENOSPC: some
 * still do not fit.
 */
int lpm_tighten(struct lpm *t);

/* ---- words and nodes ---- */

/* Stores a word that a reader may look at. */
static inline void word_store(uint32_t *at, uint32_t word)
{
	step();
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
}

static inline bool word_is_node(uint32_t word)
{
	return word & XRING_LPM_NODE;
}

#define LPM_STRIDE_MIN 4		/* bits; the words of such a node fill one line */

static inline unsigned stride_order(unsigned stride)
{
	return stride > LPM_STRIDE_MIN ? stride - LPM_STRIDE_MIN : 0;
}

/*
 * Stores a word if it differs from the one that is there, and retires the nodes that the
 * old word named.
 */
void word_replace(struct lpm_pool *pool, uint32_t *at, uint32_t word);
/* Frees the nodes that a word names; no reader ever saw them. */
void word_discard(struct lpm_pool *pool, uint32_t word);

/* A trie, and a prefix of it: the words under that prefix are what an update brings up to date. */
struct lpm_tree {
	struct lpm_pool *pool;
	const struct trie *trie;
	struct trie_key key;
	unsigned bits;
	unsigned bits_max;
	/* out: a node was found that does not fit; only for tree_survey() */
	bool *loose;
};

/* ---- palettes (core/lpm/palette.c) ---- */

static inline bool word_is_palette(uint32_t word)
{
	return word_is_node(word) && XRING_LPM_STRIDE(word) == XRING_LPM_PALETTE;
}

/* The palette that a root word names; NULL: none. */
static inline struct xring_lpm_palette *palette_of(const struct lpm_pool *pool, uint32_t root)
{
	return word_is_palette(root) ? &pool->lines[root & XRING_LPM_LINE_MASK].palette : NULL;
}

/*
 * Brings the networks under the tree's prefix up to date in the palette, if the root has one.
 * The words of the trie are up to date already.
 */
void palette_update(const struct lpm_tree *tree, uint32_t root);
/* Are the values of a palette values? It may be anything. */
bool palette_valid(const struct xring_lpm_palette *p);
/* Puts a palette before the trie of a new table that no reader sees, if it is worth the room. */
void palette_put(struct lpm *t);

/* ---- trees ---- */

/*
 * Brings the words under the tree's prefix up to date, from the root word on. -ENOSPC,
 * possible only if prefixes were added: nothing was stored.
 */
int tree_update(const struct lpm_tree *tree, uint32_t *root);

/*
 * For words that answer as the trie does but were not made from it: notes for each node how
 * many prefixes it serves. False: some node must be replaced before tree_update() can rely
 * on it.
 */
bool tree_survey(const struct lpm_tree *tree, uint32_t *root);

#endif
