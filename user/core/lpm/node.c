// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/lpm/node.h"

#include <string.h>

#define STRIDE_MIN LPM_STRIDE_MIN
#define STRIDE_MAX 24
#define SKIP_MIN 8			/* more bits than that are not worth a node without a choice */
#define STEP_WORDS 64			/* what one step less for one prefix may cost */
#define STEP_BITS 8			/* taken to be a step, of prefixes that are not alone */

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
	unsigned stride = XRING_LPM_STRIDE(word);

	if (!word_is_node(word))
		return;
	if (!stride)
		release(pool, node_line(pool, word)->test.match, block_release);
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

/* As word_replace(); new: nobody sees the word yet, and it names no node. */
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

/* A place in the table: the addresses that begin with some bits, depth of them. */
struct place {
	uint32_t node;			/* of the trie, the first at or below it */
	uint32_t cover;			/* value of the longest prefix over all of it */
	unsigned depth;
};

static const struct trie_node *node_at(const struct lpm_tree *tree, uint32_t n)
{
	return &tree->trie->nodes[n];
}

/* The prefix that is the place itself covers it; what stays in node is longer. */
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

/* Prefixes below a settled place, longer than it. */
static uint32_t place_count(const struct lpm_tree *tree, const struct place *p)
{
	const struct trie_node *n = node_at(tree, p->node);

	return n->count - (n->bits == p->depth && n->value);
}

/* How a node of each stride would divide what is below a place. */
struct census {
	unsigned limit;			/* the widest stride */
	uint32_t nodes[STRIDE_MAX + 1];	/* words that would name nodes */
	uint32_t ends[STRIDE_MAX + 1];	/* prefixes that end at just that bit */
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
 * A test where all that is below shares more bits than a stride should; else the
 * stride that costs least, in words of its own and in steps that are left to do: one
 * for each longer prefix, and more for those that share a word, as that word is
 * farther from where they will have parted.
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

/* The words of one node that are to be written. */
struct paint {
	const struct lpm_tree *tree;
	uint32_t *words;
	unsigned depth;			/* of the words */
	uint32_t from, to;
	bool whole;			/* the node is new */
};

/*
 * Words first to first + size, a power of two of them, below which there is what
 * node n of the trie has there.
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

/* Which words of a node are under the tree's key. */
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

/* A new node for what is below a place, which nobody sees yet. -ENOSPC. */
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

/* Can a node tell what is below the place? A stride always can. */
static bool node_fits(const struct lpm_tree *tree, const struct place *p, uint32_t word)
{
	const struct trie_node *n = node_at(tree, p->node);
	const struct xring_lpm_test *test = &node_line(tree->pool, word)->test;

	if (XRING_LPM_STRIDE(word))
		return true;
	return test->bits <= n->bits &&
	       trie_same(&(struct trie_key){ { test->key[0], test->key[1] } }, &n->key, test->bits);
}

/* Would it be made so again, or nearly? The number of steps must stay in its bounds. */
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
