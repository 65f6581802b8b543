// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/lpm/trie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16

/* How many leading bits two keys share, at most max. */
static unsigned shared(const struct trie_key *a, const struct trie_key *b, unsigned max)
{
	uint64_t high = a->word[0] ^ b->word[0], low = a->word[1] ^ b->word[1];
	unsigned bits = 128;

	if (high)
		bits = (unsigned)__builtin_clzll(high);
	else if (low)
		bits = 64 + (unsigned)__builtin_clzll(low);
	return bits < max ? bits : max;
}

/* Makes room for the two nodes that setting one prefix may need. */
static int reserve(struct trie *t)
{
	uint32_t room = t->room ? 2 * t->room : ROOM_MIN;
	struct trie_node *nodes;

	if ((t->unused && t->nodes[t->unused].child[0]) || t->made + 2 < t->room)
		return 0;
	nodes = reallocarray(t->nodes, room, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	t->nodes = nodes;
	t->room = room;
	t->made = t->made ?: 1;
	return 0;
}

static uint32_t node_new(struct trie *t, const struct trie_key *key, unsigned bits)
{
	struct trie_key mask = trie_mask(bits);
	uint32_t n = t->unused;

	if (n)
		t->unused = t->nodes[n].child[0];
	else
		n = t->made++;
	t->nodes[n] = (struct trie_node){
		.key = { { key->word[0] & mask.word[0], key->word[1] & mask.word[1] } },
		.bits = bits,
	};
	return n;
}

static void node_free(struct trie *t, uint32_t n)
{
	t->nodes[n].child[0] = t->unused;
	t->unused = n;
}

/* Adds `by` to the counts of all nodes from the root down to the node of the key. */
static void recount(struct trie *t, const struct trie_key *key, unsigned bits, int by)
{
	for (uint32_t n = t->root; n;) {
		struct trie_node *node = &t->nodes[n];

		node->count += (uint32_t)by;
		if (node->bits >= bits)
			break;
		n = node->child[trie_bit(key, node->bits)];
	}
}

/*
 * The link to the key's node; or to the node that a new node must take the place of; or to
 * 0, where there is none.
 */
static uint32_t *descend(struct trie *t, const struct trie_key *key, unsigned bits)
{
	uint32_t *at = &t->root;

	while (*at) {
		struct trie_node *node = &t->nodes[*at];

		if (node->bits >= bits || !trie_same(&node->key, key, node->bits))
			break;
		at = &node->child[trie_bit(key, node->bits)];
	}
	return at;
}

static uint32_t add_below(struct trie *t, uint32_t parent, uint32_t child)
{
	t->nodes[parent].child[trie_bit(&t->nodes[child].key, t->nodes[parent].bits)] = child;
	t->nodes[parent].count += t->nodes[child].count;
	return parent;
}

int trie_set(struct trie *t, const struct trie_key *key, unsigned bits, uint32_t value,
	     uint32_t *ret_old)
{
	uint32_t *at, there, leaf, old = 0;

	/* Setting an old value again, after a failure, needs no room. */
	if (reserve(t) && !trie_get(t, key, bits))
		return -ENOMEM;
	at = descend(t, key, bits);
	there = *at;
	if (there) {
		unsigned common = shared(&t->nodes[there].key, key, bits);

		if (common > t->nodes[there].bits)
			common = t->nodes[there].bits;
		if (common == bits && t->nodes[there].bits == bits) {
			leaf = there;
			old = t->nodes[there].value;
		} else {
			leaf = node_new(t, key, bits);
			if (common == bits)
				*at = add_below(t, leaf, there);
			else
				*at = add_below(t, add_below(t, node_new(t, key, common), there),
						leaf);
		}
	} else {
		leaf = node_new(t, key, bits);
		*at = leaf;
	}
	t->nodes[leaf].value = value;
	if (!old)
		recount(t, key, bits, 1);
	*ret_old = old;
	return 0;
}

/*
 * Removes a node that is not a prefix of the set and has fewer than two children; its only
 * child takes its place.
 */
static void prune(struct trie *t, uint32_t *at)
{
	uint32_t n = *at;
	struct trie_node *node = &t->nodes[n];

	if (!n || node->value || (node->child[0] && node->child[1]))
		return;
	*at = node->child[0] ?: node->child[1];
	node_free(t, n);
}

void trie_remove(struct trie *t, const struct trie_key *key, unsigned bits)
{
	uint32_t *at = &t->root, *parent = NULL;

	if (!trie_get(t, key, bits))
		return;
	recount(t, key, bits, -1);
	while (t->nodes[*at].bits < bits) {
		parent = at;
		at = &t->nodes[*at].child[trie_bit(key, t->nodes[*at].bits)];
	}
	t->nodes[*at].value = 0;
	prune(t, at);
	if (parent)
		prune(t, parent);
}

uint32_t trie_get(const struct trie *t, const struct trie_key *key, unsigned bits)
{
	uint32_t n = t->root;

	while (n && t->nodes[n].bits < bits)
		n = t->nodes[n].child[trie_bit(key, t->nodes[n].bits)];
	if (!n || t->nodes[n].bits != bits || !trie_same(&t->nodes[n].key, key, bits))
		return 0;
	return t->nodes[n].value;
}

void trie_walk(const struct trie *t, struct trie_walk *ret)
{
	ret->count = 0;
	if (t->root)
		ret->ahead[ret->count++] = t->root;
}

const struct trie_node *trie_next(const struct trie *t, struct trie_walk *walk)
{
	while (walk->count) {
		const struct trie_node *n = &t->nodes[walk->ahead[--walk->count]];

		for (int i = 2; i-- > 0;)
			if (n->child[i])
				walk->ahead[walk->count++] = n->child[i];
		if (n->value)
			return n;
	}
	return NULL;
}

int trie_copy(const struct trie *from, struct trie *ret)
{
	struct trie copy = *from;

	copy.nodes = from->room ? malloc(from->room * sizeof(*copy.nodes)) : NULL;
	if (from->room && !copy.nodes)
		return -ENOMEM;
	if (from->room)
		memcpy(copy.nodes, from->nodes, from->room * sizeof(*copy.nodes));
	*ret = copy;
	return 0;
}

void trie_clear(struct trie *t)
{
	free(t->nodes);
	*t = (struct trie){};
}
