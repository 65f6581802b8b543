// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The operations of a table: each changes the trie of prefixes first, then has
 * core/lpm/node.c bring the words under the changed prefix up to date.
 */
#include "core/lpm/lpm.h"

#include <errno.h>

#include "core/lpm/node.h"

int lpm_pool_new(union xring_lpm_line *lines, uint32_t count, struct lpm_pool *ret)
{
	struct blocks blocks;
	int failed = blocks_new(count, &blocks);

	if (failed)
		return failed;
	*ret = (struct lpm_pool){ .lines = lines, .blocks = blocks };
	return 0;
}

void lpm_pool_clear(struct lpm_pool *pool)
{
	blocks_clear(&pool->blocks);
}

void lpm_pool_reclaim(struct lpm_pool *pool)
{
	blocks_reclaim(&pool->blocks);
}

/* ---- the table ---- */

void lpm_init(struct lpm *t, struct lpm_pool *pool, uint32_t *roots)
{
	*t = (struct lpm){ .pool = pool, .roots = roots };
	for (int f = 0; f < LPM_FAMILIES; f++)
		word_store(&roots[f], 0);
}

void lpm_clear(struct lpm *t)
{
	for (int f = 0; f < LPM_FAMILIES; f++) {
		word_replace(t->pool, &t->roots[f], 0);
		trie_clear(&t->tries[f]);
		t->loose[f] = false;
	}
}

uint32_t *lpm_root(const struct lpm *t, enum lpm_family f)
{
	struct xring_lpm_palette *p = palette_of(t->pool, t->roots[f]);

	return p ? &p->word[XRING_LPM_ASK] : &t->roots[f];
}

/* Brings the words under a prefix up to date with the trie, and then the palette. */
static int compile(struct lpm *t, enum lpm_family f, const struct trie_key *key, unsigned bits)
{
	struct lpm_tree tree = {
		.pool = t->pool,
		.trie = &t->tries[f],
		.key = *key,
		.bits = bits,
		.bits_max = family_bits(f),
	};

	int failed = tree_update(&tree, lpm_root(t, f));

	if (!failed)
		palette_update(&tree, t->roots[f]);
	return failed;
}

int lpm_tighten(struct lpm *t)
{
	for (int f = 0; f < LPM_FAMILIES; f++) {
		int failed = t->loose[f] ? compile(t, f, &(struct trie_key){}, 0) : 0;

		if (failed)
			return failed;
		t->loose[f] = false;
	}
	return 0;
}

int lpm_set(struct lpm *t, const struct prefix *p, uint32_t value)
{
	enum lpm_family f = family_of(&p->address);
	struct trie_key key = key_of(&p->address);
	uint32_t old;
	int failed;

	if (!value_valid(value))
		return -EINVAL;
	failed = lpm_tighten(t) ?: trie_set(&t->tries[f], &key, p->bits, value, &old);
	if (failed)
		return failed;
	/*
	 * Another value of a known prefix needs no new nodes, so only the set of a new
	 * prefix can fail.
	 */
	failed = compile(t, f, &key, p->bits);
	if (failed)
		trie_remove(&t->tries[f], &key, p->bits);
	return failed;
}

int lpm_remove(struct lpm *t, const struct prefix *p)
{
	enum lpm_family f = family_of(&p->address);
	struct trie_key key = key_of(&p->address);
	int failed;

	if (!trie_get(&t->tries[f], &key, p->bits))
		return -ENOENT;
	failed = lpm_tighten(t);
	if (failed)
		return failed;
	trie_remove(&t->tries[f], &key, p->bits);
	return compile(t, f, &key, p->bits);
}

uint32_t lpm_get(const struct lpm *t, const struct prefix *p)
{
	struct trie_key key = key_of(&p->address);

	return trie_get(&t->tries[family_of(&p->address)], &key, p->bits);
}

uint32_t lpm_find(const struct lpm *t, const struct address *a)
{
	struct trie_key key = key_of(a);
	uint32_t root = lpm_read(&t->roots[family_of(a)]);

	if (a->family == AF_INET)
		return lpm_walk(t->pool->lines,
				lpm_palette(t->pool->lines, root, key.word[0] >> 32), key.word[0],
				0, XRING_LPM_STEPS4);
	return lpm_walk(t->pool->lines, root, key.word[0], key.word[1], XRING_LPM_STEPS6);
}

int tries_fill(struct trie *tries, const struct lpm_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct prefix *p = &entries[i].prefix;
		struct trie_key key = key_of(&p->address);
		uint32_t old;
		int failed;

		if (!value_valid(entries[i].value))
			return -EINVAL;
		failed = trie_set(&tries[family_of(&p->address)], &key, p->bits,
				  entries[i].value, &old);
		if (failed || old)
			return failed ?: -EINVAL;
	}
	return 0;
}

/*
 * Builds a whole table aside, with roots of its own, in the same pool. On failure all that
 * was built is freed.
 */
static int build(struct lpm *aside, const struct lpm_entry *entries, size_t count)
{
	int failed = tries_fill(aside->tries, entries, count);

	for (int f = 0; f < LPM_FAMILIES && !failed; f++)
		failed = compile(aside, f, &(struct trie_key){}, 0);
	if (!failed) {
		palette_put(aside);
		return 0;
	}
	for (int f = 0; f < LPM_FAMILIES; f++) {
		word_discard(aside->pool, aside->roots[f]);
		trie_clear(&aside->tries[f]);
	}
	return failed;
}

int lpm_load(struct lpm *t, const struct lpm_entry *entries, size_t count)
{
	uint32_t roots[LPM_FAMILIES] = {};
	struct lpm aside = { .pool = t->pool, .roots = roots };
	int failed = build(&aside, entries, count);

	if (failed)
		return failed;
	for (int f = 0; f < LPM_FAMILIES; f++) {
		word_replace(t->pool, &t->roots[f], roots[f]);
		trie_clear(&t->tries[f]);
		t->tries[f] = aside.tries[f];
		t->loose[f] = false;
	}
	return 0;
}
