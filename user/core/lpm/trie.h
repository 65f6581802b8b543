/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_TRIE_H
#define XRING_CORE_LPM_TRIE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Prefixes of one family with their values, as a binary trie without nodes of one
 * child (Morrison's PATRICIA, J. ACM 1968): a node is a prefix of the set, or the
 * place where two of them part. What a prefix table (core/lpm/lpm.h) is compiled from.
 *
 * A key is 128 bits in host byte order, the first bit the highest of word[0];
 * IPv4 is in that word's high half. Nodes are known by their index; 0 is none.
 */
struct trie_key {
	uint64_t word[2];
};

struct trie_node {
	struct trie_key key;		/* 0 beyond its bits */
	uint32_t child[2];		/* by the bit after its own */
	uint32_t count;			/* of prefixes, here and below */
	uint32_t value;			/* 0: no prefix, it has two children */
	unsigned bits;
};

struct trie {
	struct trie_node *nodes;
	uint32_t room;
	uint32_t made;			/* nodes ever used, with nodes[0] */
	uint32_t unused;		/* list by child[0] */
	uint32_t root;
};

void trie_clear(struct trie *t);

/* value: not 0. *ret_old: the value that it had, 0: none. -ENOMEM. */
int trie_set(struct trie *t, const struct trie_key *key, unsigned bits, uint32_t value,
	     uint32_t *ret_old);
void trie_remove(struct trie *t, const struct trie_key *key, unsigned bits);
uint32_t trie_get(const struct trie *t, const struct trie_key *key, unsigned bits);

/* All prefixes by address, the shorter first where addresses are one; none may change. */
struct trie_walk {
	uint32_t ahead[130];		/* nodes: one for each bit, and the last one's second child */
	unsigned count;
};

void trie_walk(const struct trie *t, struct trie_walk *ret);
const struct trie_node *trie_next(const struct trie *t, struct trie_walk *walk);	/* or NULL */

static inline unsigned trie_bit(const struct trie_key *key, unsigned i)
{
	return key->word[i >> 6] >> (63 - (i & 63)) & 1;
}

/* The first bits of a key, the rest 0. */
static inline struct trie_key trie_mask(unsigned bits)
{
	return (struct trie_key){ {
		bits >= 64 ? ~0ULL : bits ? ~0ULL << (64 - bits) : 0,
		bits >= 128 ? ~0ULL : bits > 64 ? ~0ULL << (128 - bits) : 0,
	} };
}

/* Do two keys share their first bits? */
static inline bool trie_same(const struct trie_key *a, const struct trie_key *b, unsigned bits)
{
	struct trie_key mask = trie_mask(bits);

	return !((a->word[0] ^ b->word[0]) & mask.word[0]) &&
	       !((a->word[1] ^ b->word[1]) & mask.word[1]);
}

#endif
