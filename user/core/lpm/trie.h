/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_TRIE_H
#define XRING_CORE_LPM_TRIE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The prefixes of one family with their values: a binary trie without nodes of one child
 * (Morrison's PATRICIA, J. ACM 1968). A trie node is a prefix of the set, or the place
 * where two prefixes part. Prefix tables (core/lpm/lpm.h) are compiled from such a trie.
 *
 *     10.0.0.0/8 = 1, 10.1.0.0/16 = 2, 10.2.0.0/16 = 3:
 *
 *         10.0.0.0/8 = 1
 *             10.0.0.0/14, no value: its two children part here
 *                 10.1.0.0/16 = 2
 *                 10.2.0.0/16 = 3
 *
 * A key is 128 bits in host byte order; its first bit is the highest of word[0], and an
 * IPv4 address is in the high half of word[0]. Nodes are known by their index; 0 is no
 * node.
 */
struct trie_key {
	uint64_t word[2];
};

struct trie_node {
	struct trie_key key;		/* the node's prefix; 0 after its first `bits` bits */
	uint32_t child[2];		/* indices, by the bit after the node's own bits */
	uint32_t count;			/* number of prefixes at this node and below */
	/* 0: not a prefix of the set; then the node has two children */
	uint32_t value;
	unsigned bits;			/* length of the node's prefix */
};

struct trie {
	struct trie_node *nodes;
	uint32_t room;			/* nodes allocated */
	uint32_t made;			/* nodes ever used, with nodes[0], which is no node */
	uint32_t unused;		/* first of the list of unused nodes, linked by child[0] */
	uint32_t root;
};

void trie_clear(struct trie *t);
int trie_copy(const struct trie *from, struct trie *ret);	/* -ENOMEM */

/* Sets a prefix's value, which must not be 0. *ret_old: the value before; 0: none. -ENOMEM. */
int trie_set(struct trie *t, const struct trie_key *key, unsigned bits, uint32_t value,
	     uint32_t *ret_old);
void trie_remove(struct trie *t, const struct trie_key *key, unsigned bits);
uint32_t trie_get(const struct trie *t, const struct trie_key *key, unsigned bits);

/*
 * A walk over all prefixes, by address and the shorter first, like prefix_compare(). The
 * trie must not change meanwhile.
 */
struct trie_walk {
	/*
	 * A stack of nodes to visit: at most one for each bit, and both children of the
	 * last node.
	 */
	uint32_t ahead[130];
	unsigned count;
};

void trie_walk(const struct trie *t, struct trie_walk *ret);
/* NULL: the walk is over */
const struct trie_node *trie_next(const struct trie *t, struct trie_walk *walk);

static inline unsigned trie_bit(const struct trie_key *key, unsigned i)
{
	return key->word[i >> 6] >> (63 - (i & 63)) & 1;
}

/* A mask of the first `bits` bits. */
static inline struct trie_key trie_mask(unsigned bits)
{
	return (struct trie_key){ {
		bits >= 64 ? ~0ULL : bits ? ~0ULL << (64 - bits) : 0,
		bits >= 128 ? ~0ULL : bits > 64 ? ~0ULL << (128 - bits) : 0,
	} };
}

/* Do two keys share their first `bits` bits? */
static inline bool trie_same(const struct trie_key *a, const struct trie_key *b, unsigned bits)
{
	struct trie_key mask = trie_mask(bits);

	return !((a->word[0] ^ b->word[0]) & mask.word[0]) &&
	       !((a->word[1] ^ b->word[1]) & mask.word[1]);
}

#endif
