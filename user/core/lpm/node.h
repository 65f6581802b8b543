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

/* What core/lpm/lpm.c and its like make tables with; nobody else's. */

/* ---- prefixes and keys ---- */

static inline uint64_t key_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return be64toh(word);
}

/* The last bytes of an IPv4 address are 0. */
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

/* tries: one a family, of the entries, in any order. -EINVAL, -ENOMEM: they are in part. */
int tries_fill(struct trie *tries, const struct lpm_entry *entries, size_t count);

/* Makes nodes fit that lpm_adopt() found. No answer changes; -ENOSPC: some do not fit. */
int lpm_tighten(struct lpm *t);

/* ---- words and nodes ---- */

/* Where a reader may see it. */
static inline void word_store(uint32_t *at, uint32_t word)
{
	step();
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
}

static inline bool word_is_node(uint32_t word)
{
	return word & XRING_LPM_NODE;
}

#define LPM_STRIDE_MIN 4		/* a line of words */

static inline unsigned stride_order(unsigned stride)
{
	return stride > LPM_STRIDE_MIN ? stride - LPM_STRIDE_MIN : 0;
}

/* Stores a word, if it differs; the nodes that the old one named are retired. */
void word_replace(struct lpm_pool *pool, uint32_t *at, uint32_t word);
/* The nodes that a word names, which no reader ever saw, are free. */
void word_discard(struct lpm_pool *pool, uint32_t word);

/* A trie, and the prefix of it whose words are to follow what it now says. */
struct lpm_tree {
	struct lpm_pool *pool;
	const struct trie *trie;
	struct trie_key key;
	unsigned bits;
	unsigned bits_max;
	bool *loose;			/* only for tree_survey() */
};

/*
 * Brings the words from that root on up to date. -ENOSPC, where prefixes were
 * added: nothing was stored.
 */
int tree_update(const struct lpm_tree *tree, uint32_t *root);

/*
 * Of words that answer as the trie does, but were not made from it: notes what their
 * nodes are good for. False where one would have to be another before tree_update()
 * can rely on it.
 */
bool tree_survey(const struct lpm_tree *tree, uint32_t *root);

#endif
