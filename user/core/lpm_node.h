/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_LPM_NODE_H
#define XRING_LPM_NODE_H

#include "core/lpm.h"

/* What core/lpm.c compiles its tables with; nobody else's. */

static inline void word_store(uint32_t *at, uint32_t word)
{
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
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
};

/*
 * Brings the words from that root on up to date. -ENOSPC, where prefixes were
 * added: nothing was stored.
 */
int tree_update(const struct lpm_tree *tree, uint32_t *root);

#endif
