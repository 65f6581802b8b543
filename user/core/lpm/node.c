// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compiles a trie of prefixes into the words of a table. A place is one word of the table
 * and the addresses that lead there: all that begin with `depth` certain bits. If the trie
 * has no prefix below the place, the word is a value. Otherwise the word names a node, and
 * the words of the node are places farther down:
 *
 *     root word            a test, if all prefixes below share the next bits
 *     depth 0      ---->     match: a place of depth 21,  other: a value
 *                          or 2^stride words, one for each value of the next stride bits
 *                            0: a place of depth `stride`,  1: another,  2: ...
 *
 * An update walks down from the root, only through words under the changed prefix. A node
 * that still suits what is below it is kept. Another one is built aside, where no reader
 * sees it, and becomes visible when the one word that names it is stored.
 */
#include "core/lpm/node.h"

#include <string.h>

#define STRIDE_MIN LPM_STRIDE_MIN
#define STRIDE_MAX 24
/*
 * A node with a single way on (a test) is worth its line only if it steps over more bits
 * than this.
 */
#define SKIP_MIN 8
#define STEP_WORDS 64			/* cost, in words, of one more step for one prefix */
/* bits that one step is assumed to decide for prefixes that share a word */
#define STEP_BITS 8

static uint32_t node_word(unsigned stride, uint32_t line)
{
	return XRING_LPM_NODE | (uint32_t)stride << XRING_LPM_LINE_BITS | line;
}

static union xring_lpm_line *node_line(const struct lpm_pool *pool, uint32_t word)
{
	return &pool->lines[word & XRING_LPM_LINE_MASK];
}

static uint32_t *node_words(const struct lpm_pool *pool, uint32_t word)
{
	return node_line(pool, word)->word;
}

static void release(struct lpm_pool *pool, uint32_t word,
		    void (*block_release)(struct blocks *, uint32_t))
{
	const struct xring_lpm_palette *palette = palette_of(pool, word);
	unsigned stride = palette ? 0 : XRING_LPM_STRIDE(word);

	if (!word_is_node(word))
		return;
	if (palette) {
		release(pool, palette->word[XRING_LPM_ASK], block_release);
		block_release(&pool->blocks, palette->index);
	} else if (!stride) {
		release(pool, node_line(pool, word)->test.match, block_release);
	}
	for (uint32_t i = 0; stride && i < (uint32_t)1 << stride; i++)
		release(pool, node_words(pool, word)[i], block_release);
	block_release(&pool->blocks, word & XRING_LPM_LINE_MASK);
}

void word_replace(struct lpm_pool *pool, uint32_t *at, uint32_t word)
{
	uint32_t old = *at;

	if (old == word)
		return;
	word_store(at, word);
	release(pool, old, blocks_retire);
}

/* Like word_replace(). new: no reader sees the word's node yet, and the word names no old node. */
static void word_put(struct lpm_pool *pool, uint32_t *at, uint32_t word, bool new)
{
	if (new)
		*at = word;
	else
		word_replace(pool, at, word);
}

void word_discard(struct lpm_pool *pool, uint32_t word)
{
	release(pool, word, blocks_give);
}

/* ---- what is below a place ---- */

/*
 * A place in the table: a word, and the addresses that begin with the `depth` bits that
 * lead there.
 */
struct place {
	uint32_t node;			/* index of the first trie node at or below the place */
	uint32_t cover;			/* value of the longest prefix over all of the place */
	unsigned depth;
};

static const struct trie_node *node_at(const struct lpm_tree *tree, uint32_t n)
{
	return &tree->trie->nodes[n];
}

/*
 * If the trie has a prefix that is the place itself, that prefix becomes the cover, and
 * `node` moves on to longer ones.
 */
static void place_settle(const struct lpm_tree *tree, struct place *p)
{
	while (p->node && node_at(tree, p->node)->bits == p->depth) {
		const struct trie_node *n = node_at(tree, p->node);

		p->cover = n->value ?: p->cover;
		if (n->child[0] && n->child[1])
			return;
		p->node = n->child[0] ?: n->child[1];
	}
}

/* The number of prefixes below a settled place, all longer than the place. */
static uint32_t place_count(const struct lpm_tree *tree, const struct place *p)
{
	const struct trie_node *n = node_at(tree, p->node);

	return n->count - (n->bits == p->depth && n->value);
}

/* For each stride: how a node of that stride would divide what is below a place. */
struct census {
	unsigned limit;			/* the widest stride that is possible here */
	uint32_t nodes[STRIDE_MAX + 1];	/* words that would name further nodes */
	uint32_t ends[STRIDE_MAX + 1];	/* prefixes that end exactly at that bit */
};

static void count_below(const struct lpm_tree *tree, const struct trie_node *n, unsigned depth,
			struct census *ret)
{
	unsigned at = n->bits - depth;

	if (at > ret->limit)
		return;
	ret->ends[at] += !!n->value;
	ret->nodes[at] += n->child[0] || n->child[1];
	for (int i = 0; i < 2; i++) {
		const struct trie_node *child = node_at(tree, n->child[i]);

		if (!n->child[i])
			continue;
		for (unsigned k = at + 1; k <= ret->limit && k < child->bits - depth; k++)
			ret->nodes[k]++;
		count_below(tree, child, depth, ret);
	}
}

static void take_census(const struct lpm_tree *tree, const struct place *p, struct census *ret)
{
	const struct trie_node *top = node_at(tree, p->node);
	unsigned end = p->depth < 64 && tree->bits_max > 64 ? 64 : tree->bits_max;

	*ret = (struct census){ .limit = end - p->depth };
	if (ret->limit > STRIDE_MAX)
		ret->limit = STRIDE_MAX;
	for (unsigned k = 0; k <= ret->limit && k < top->bits - p->depth; k++)
		ret->nodes[k] = 1;
	count_below(tree, top, p->depth, ret);
}

/*
 * Returns 0 (a test) if all that is below shares more bits than a stride should step over;
 * otherwise the stride of the least cost. The cost counts the node's own words, and the
 * steps that are left after the node: one step for each longer prefix, and further steps
 * for prefixes that share a word: the more, the farther that word is from the depth at
 * which they will have parted.
 */
static unsigned choose_stride(const struct lpm_tree *tree, const struct place *p)
{
	unsigned skip = node_at(tree, p->node)->bits - p->depth;
	uint64_t longer = place_count(tree, p), shared, cost, least = UINT64_MAX;
	unsigned stride = 0;
	struct census census;

	if (skip > SKIP_MIN || (longer == 1 && skip > STRIDE_MIN))
		return 0;
	take_census(tree, p, &census);
	for (unsigned k = 1; k <= census.limit; k++) {
		longer -= census.ends[k];
		shared = longer - census.nodes[k];
		cost = ((uint64_t)1 << k) + STEP_WORDS * longer +
		       STEP_WORDS * shared * (census.limit - k) / STEP_BITS;
		if ((k >= STRIDE_MIN || k == census.limit) && cost < least) {
			least = cost;
			stride = k;
		}
	}
	return stride;
}

/* ---- writing ---- */

static int place_update(const struct lpm_tree *tree, struct place p, uint32_t *at, bool whole);

/* A write to some words of one node. */
struct paint {
	const struct lpm_tree *tree;
	uint32_t *words;
	unsigned depth;			/* bits that lead to one of the words */
	uint32_t from, to;		/* the words to write: from `from` to before `to` */
	bool whole;			/* the node is new, and no reader sees it */
};

/*
 * Writes the words from first to before first + size, where size is a power of two. All
 * these words have some leading bits in common; n is the first trie node at or below that
 * prefix, and cover the value of the longest prefix above.
 */
static int paint_words(const struct paint *paint, uint32_t n, uint32_t cover, uint32_t first,
		       uint32_t size)
{
	uint32_t from = first > paint->from ? first : paint->from;
	uint32_t to = first + size < paint->to ? first + size : paint->to;
	const struct trie_node *node = node_at(paint->tree, n);
	uint32_t below[2] = {};
	unsigned depth;
	int failed;

	if (from >= to)
		return 0;
	if (size == 1)
		return place_update(paint->tree, (struct place){ n, cover, paint->depth },
				    &paint->words[first], paint->whole);
	if (!n) {
		for (uint32_t i = from; i < to; i++)
			word_put(paint->tree->pool, &paint->words[i], cover, paint->whole);
		return 0;
	}
	depth = paint->depth - (unsigned)__builtin_ctz(size);
	if (node->bits == depth) {
		cover = node->value ?: cover;
		memcpy(below, node->child, sizeof(below));
	} else {
		below[trie_bit(&node->key, depth)] = n;
	}
	failed = paint_words(paint, below[0], cover, first, size / 2);
	return failed ?: paint_words(paint, below[1], cover, first + size / 2, size / 2);
}

/* Which words of a node are under the tree's prefix. */
static void paint_range(const struct lpm_tree *tree, unsigned depth, unsigned stride,
			struct paint *ret)
{
	uint64_t word = tree->key.word[depth >> 6] << (depth & 63);

	ret->from = 0;
	ret->to = (uint32_t)1 << stride;
	if (tree->bits <= depth)
		return;
	ret->from = word >> (64 - stride);
	ret->to = ret->from + 1;
	if (tree->bits < depth + stride)
		ret->to = ret->from + ((uint32_t)1 << (depth + stride - tree->bits));
}

static int stride_update(const struct lpm_tree *tree, const struct place *p, uint32_t word,
			 bool whole)
{
	unsigned stride = XRING_LPM_STRIDE(word);
	struct paint paint = {
		.tree = tree,
		.words = node_words(tree->pool, word),
		.depth = p->depth + stride,
		.to = (uint32_t)1 << stride,
		.whole = whole,
	};

	if (!whole)
		paint_range(tree, p->depth, stride, &paint);
	return paint_words(&paint, p->node, p->cover, 0, (uint32_t)1 << stride);
}

static int test_update(const struct lpm_tree *tree, const struct place *p, uint32_t word,
		       bool whole)
{
	struct xring_lpm_test *test = &node_line(tree->pool, word)->test;
	struct place below = { p->node, p->cover, test->bits };

	word_put(tree->pool, &test->other, p->cover, whole);
	return place_update(tree, below, &test->match, whole);
}

static int node_update(const struct lpm_tree *tree, const struct place *p, uint32_t word,
		       bool whole)
{
	return XRING_LPM_STRIDE(word) ? stride_update(tree, p, word, whole) :
					test_update(tree, p, word, whole);
}

/* Builds a new node for what is below a place; no reader sees it yet. -ENOSPC. */
static int node_build(const struct lpm_tree *tree, const struct place *p, uint32_t *ret)
{
	const struct trie_node *n = node_at(tree, p->node);
	unsigned stride = choose_stride(tree, p), order = stride_order(stride);
	uint32_t line, word;
	int failed = blocks_take(&tree->pool->blocks, order, &line);

	if (failed)
		return failed;
	memset(&tree->pool->lines[line], 0, sizeof(union xring_lpm_line) << order);
	tree->pool->blocks.note[line] = place_count(tree, p);
	word = node_word(stride, line);
	if (!stride) {
		struct trie_key mask = trie_mask(n->bits);

		tree->pool->lines[line].test = (struct xring_lpm_test){
			.key = { n->key.word[0], n->key.word[1] },
			.mask = { mask.word[0], mask.word[1] },
			.bits = n->bits,
		};
	}
	failed = node_update(tree, p, word, true);
	if (failed)
		word_discard(tree->pool, word);
	else
		*ret = word;
	return failed;
}

/*
 * Can the node tell apart what is below the place? A stride always can; a test only if all
 * shares its bits.
 */
static bool node_fits(const struct lpm_tree *tree, const struct place *p, uint32_t word)
{
	const struct trie_node *n = node_at(tree, p->node);
	const struct xring_lpm_test *test = &node_line(tree->pool, word)->test;

	if (XRING_LPM_STRIDE(word))
		return true;
	return test->bits <= n->bits &&
	       trie_same(&(struct trie_key){ { test->key[0], test->key[1] } }, &n->key, test->bits);
}

/*
 * Would a new node look like this one, or nearly so? A little off is accepted, but the
 * number of steps must stay within the bounds of include/xring/lpm.h.
 */
static bool node_suits(const struct lpm_tree *tree, const struct place *p, uint32_t word)
{
	uint32_t *made_for = &tree->pool->blocks.note[word & XRING_LPM_LINE_MASK];
	uint32_t count = place_count(tree, p);

	if (!XRING_LPM_STRIDE(word))
		return node_fits(tree, p, word) &&
		       (count == 1 ||
			node_line(tree->pool, word)->test.bits - p->depth > SKIP_MIN);
	if (count <= 2 * *made_for && count >= *made_for / 4)
		return true;
	if (choose_stride(tree, p) != XRING_LPM_STRIDE(word))
		return false;
	*made_for = count;
	return true;
}

static int place_update(const struct lpm_tree *tree, struct place p, uint32_t *at, bool whole)
{
	uint32_t word = *at, built;
	int failed;

	place_settle(tree, &p);
	if (!p.node) {
		word_put(tree->pool, at, p.cover, whole);
		return 0;
	}
	if (tree->loose && word_is_node(word))
		tree->pool->blocks.note[word & XRING_LPM_LINE_MASK] = place_count(tree, &p);
	if (!whole && word_is_node(word) && node_suits(tree, &p, word))
		return node_update(tree, &p, word, false);
	if (tree->loose) {
		*tree->loose = true;
		return 0;
	}
	failed = node_build(tree, &p, &built);
	if (!failed)
		word_put(tree->pool, at, built, whole);
	else if (!whole && word_is_node(word) && node_fits(tree, &p, word))
		return node_update(tree, &p, word, false);
	return failed;
}

int tree_update(const struct lpm_tree *tree, uint32_t *root)
{
	return place_update(tree, (struct place){ .node = tree->trie->root }, root, false);
}

bool tree_survey(const struct lpm_tree *tree, uint32_t *root)
{
	struct lpm_tree survey = *tree;
	bool loose = false;

	survey.loose = &loose;
	tree_update(&survey, root);
	return !loose;
}
