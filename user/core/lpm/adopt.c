// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes over tables that a former process left in the lines. Nothing is known of these
 * tables but their words, which may be anything: each word is tested before it is followed.
 * The nodes of a table share no line. So the nodes that are read can never take more lines
 * than the pool has: that bounds the reading even where words name the same node again and
 * again.
 */
#include <errno.h>

#include "base/array.h"
#include "base/util.h"
#include "core/lpm/lpm.h"
#include "core/lpm/node.h"
#include "core/lpm/runs.h"

struct scan {
	const struct lpm_pool *pool;
	unsigned bits_max;
	struct runs runs;
	uint32_t *nodes;		/* for each node read, a word that names its lines */
	size_t node_count;
	uint64_t lines;			/* sum of the lines of these nodes */
};

/* A place in the table (core/lpm/node.c), and the first address that leads there. */
struct place {
	position first;
	unsigned depth;
	unsigned steps;			/* steps that a lookup has left here */
};

static int read_word(struct scan *s, uint32_t word, struct place p);

static int add_run(struct scan *s, position first, uint32_t value)
{
	struct runs *r = &s->runs;
	struct run *grown;

	if (r->count && r->list[r->count - 1].value == value)
		return 0;
	grown = array_grow(r->list, r->count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->list = grown;
	r->list[r->count++] = (struct run){ first, value };
	return 0;
}

static int add_node(struct scan *s, uint32_t word)
{
	uint32_t *grown = array_grow(s->nodes, s->node_count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->nodes = grown;
	s->nodes[s->node_count++] = word;
	return 0;
}

static uint32_t node_line(uint32_t word)
{
	return word & XRING_LPM_LINE_MASK;
}

/* Are the node's lines lines of the pool, and do all nodes so far fit into the pool? */
static bool node_valid(struct scan *s, uint32_t word)
{
	uint32_t line = node_line(word), size = (uint32_t)1 << stride_order(XRING_LPM_STRIDE(word));
	uint32_t lines = s->pool->blocks.count;

	s->lines += size;
	return size <= lines && line <= lines - size && !(line & (size - 1)) && s->lines <= lines;
}

static int read_stride(struct scan *s, uint32_t word, struct place p)
{
	unsigned stride = XRING_LPM_STRIDE(word), depth = p.depth + stride;
	const uint32_t *words = s->pool->lines[node_line(word)].word;
	int failed = 0;

	/*
	 * No stride crosses bit 64, because there a lookup goes on with the other word of
	 * the address.
	 */
	if (depth > s->bits_max || (p.depth & 63) + stride > 64)
		return -EINVAL;
	for (uint32_t i = 0; i < (uint32_t)1 << stride && !failed; i++) {
		struct place below = { p.first | (position)i << (128 - depth), depth, p.steps };

		failed = read_word(s, lpm_read(&words[i]), below);
	}
	return failed;
}

static position ones(unsigned bits)
{
	struct trie_key mask = trie_mask(bits);

	return (position)mask.word[0] << 64 | mask.word[1];
}

/*
 * The first position after the addresses that share the first `depth` bits; 0: there is
 * none after them.
 */
static position after(position first, unsigned depth)
{
	return (first | ~ones(depth)) + 1;
}

static int read_test(struct scan *s, uint32_t word, struct place p)
{
	const struct xring_lpm_test test = s->pool->lines[node_line(word)].test;
	position key = (position)test.key[0] << 64 | test.key[1];
	position mask = (position)test.mask[0] << 64 | test.mask[1];
	struct place below = { key, test.bits, p.steps };
	int failed = 0;

	if (test.bits <= p.depth || test.bits > s->bits_max || mask != ones(test.bits) ||
	    key & ~mask || (key & ones(p.depth)) != p.first || word_is_node(test.other))
		return -EINVAL;
	if (key != p.first)
		failed = add_run(s, p.first, test.other);
	failed = failed ?: read_word(s, test.match, below);
	if (!failed && after(key, test.bits) != after(p.first, p.depth))
		failed = add_run(s, after(key, test.bits), test.other);
	return failed;
}

static int read_word(struct scan *s, uint32_t word, struct place p)
{
	int failed;

	if (!word_is_node(word))
		return add_run(s, p.first, word);
	if (!p.steps-- || !node_valid(s, word))
		return -EINVAL;
	failed = add_node(s, word);
	if (failed)
		return failed;
	return XRING_LPM_STRIDE(word) ? read_stride(s, word, p) : read_test(s, word, p);
}

/*
 * Steps over a palette, if the root has one, to the root of the trie. What the palette says
 * does not count: if the former process was killed behind a change of the trie, it may still
 * say what was before.
 */
static int read_palette(struct scan *s, uint32_t *root)
{
	const struct xring_lpm_palette *palette;
	uint32_t line = node_line(*root), index;

	if (!word_is_palette(*root))
		return 0;
	if (!node_valid(s, XRING_LPM_NODE | line))
		return -EINVAL;
	palette = &s->pool->lines[line].palette;
	index = XRING_LPM_NODE |
		(LPM_STRIDE_MIN + XRING_LPM_INDEX_ORDER) << XRING_LPM_LINE_BITS | palette->index;
	*root = palette->word[XRING_LPM_ASK];
	if (palette->index > XRING_LPM_LINE_MASK || !node_valid(s, index) || !palette_valid(palette))
		return -EINVAL;
	return add_node(s, XRING_LPM_NODE | line) ?: add_node(s, index);
}

/*
 * Reads one table. The lines of tables that s has read before count too. The caller clears
 * *ret_runs.
 */
static int read_table(struct scan *s, uint32_t root, enum lpm_family f, struct runs *ret_runs)
{
	struct place all = { .steps = f == LPM_IPV4 ? XRING_LPM_STEPS4 : XRING_LPM_STEPS6 };
	int failed;

	s->bits_max = family_bits(f);
	s->runs = (struct runs){};
	failed = (f == LPM_IPV4 ? read_palette(s, &root) : 0) ?: read_word(s, root, all);
	if (failed)
		runs_clear(&s->runs);
	else
		*ret_runs = s->runs;
	return failed;
}

int lpm_runs(const struct lpm_pool *pool, uint32_t root, enum lpm_family family,
	     struct runs *ret)
{
	struct scan s = { .pool = pool };
	int failed = read_table(&s, root, family, ret);

	free(s.nodes);
	return failed;
}

/* ---- taking over ---- */

static int fill_trie(struct lpm *t, enum lpm_family f, struct scan *s)
{
	_free_ struct lpm_entry *entries = NULL;
	struct runs runs;
	size_t count;
	int failed = read_table(s, lpm_read(&t->roots[f]), f, &runs);

	if (failed)
		return failed;
	failed = runs_prefixes(&runs, f == LPM_IPV4 ? AF_INET : AF_INET6, &entries, &count);
	runs_clear(&runs);
	return failed ?: tries_fill(t->tries, entries, count);
}

/* Claims the lines of all these nodes, or of none. */
static int claim(struct blocks *b, const uint32_t *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned order = stride_order(XRING_LPM_STRIDE(nodes[i]));
		int failed = blocks_claim(b, node_line(nodes[i]), order);

		while (failed && i-- > 0)
			blocks_give(b, node_line(nodes[i]));
		if (failed)
			return failed;
	}
	return 0;
}

static void survey(struct lpm *t, enum lpm_family f)
{
	struct lpm_tree tree = {
		.pool = t->pool,
		.trie = &t->tries[f],
		.bits_max = family_bits(f),
	};

	t->loose[f] = !tree_survey(&tree, lpm_root(t, f));
	palette_update(&tree, t->roots[f]);
}

int lpm_adopt(struct lpm *t, struct lpm_pool *pool, uint32_t *roots)
{
	struct lpm adopted = { .pool = pool, .roots = roots };
	struct scan s = { .pool = pool };
	int failed = 0;

	for (int f = 0; f < LPM_FAMILIES && !failed; f++)
		failed = fill_trie(&adopted, f, &s);
	failed = failed ?: claim(&pool->blocks, s.nodes, s.node_count);
	free(s.nodes);
	for (int f = 0; f < LPM_FAMILIES; f++)
		if (failed)
			trie_clear(&adopted.tries[f]);
		else
			survey(&adopted, f);
	*t = adopted;
	return failed;
}
