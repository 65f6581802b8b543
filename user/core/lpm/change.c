// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes a table from one set of prefixes to another, prefix by prefix, so that no address
 * ever has a third value. First the new prefixes are set, in any order: no new prefix
 * contains another, so that each address is in at most one of them. An address keeps its
 * old value until its new prefix is set, or as long as a longer one of the old prefixes
 * contains it. Then the old prefixes that are not new are removed, the outer before the
 * inner: an address's longest old prefix, which answers, goes last, and what it uncovers is
 * the new prefix, or nothing.
 *
 *     10.0.0.0/8 = 1, 10.1.0.0/16 = 2  ->  10.0.0.0/12 = 3
 *     set 10.0.0.0/12, remove 10.0.0.0/8, remove 10.1.0.0/16
 */
#include <errno.h>

#include <xring/lpm.h>

#include "base/array.h"
#include "base/util.h"
#include "core/lpm/lpm.h"
#include "core/lpm/node.h"

/* A prefix whose value changes; 0: the prefix is not in the set. */
struct edit {
	struct prefix prefix;
	uint32_t before;
	uint32_t after;
};

struct edits {
	struct edit *list;
	size_t count;
};

static int check_entries(const struct lpm_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct prefix *p = &entries[i].prefix;

		if (!value_valid(entries[i].value))
			return -EINVAL;
		if (i && (prefix_compare(&entries[i - 1].prefix, p) >= 0 ||
			  prefix_covers(&entries[i - 1].prefix, &p->address)))
			return -EINVAL;
	}
	return 0;
}

static size_t held(const struct lpm *t)
{
	size_t count = 0;

	for (int f = 0; f < LPM_FAMILIES; f++)
		count += t->tries[f].root ? t->tries[f].nodes[t->tries[f].root].count : 0;
	return count;
}

/* ---- what differs ---- */

static int add_edit(struct edits *edits, const struct prefix *p, uint32_t before, uint32_t after)
{
	struct edit *grown;

	if (before == after)
		return 0;
	grown = array_grow(edits->list, edits->count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	edits->list = grown;
	edits->list[edits->count++] = (struct edit){ *p, before, after };
	return 0;
}

static struct prefix prefix_of_node(const struct trie_node *n, enum lpm_family f)
{
	uint64_t words[2] = { htobe64(n->key.word[0]), htobe64(n->key.word[1]) };
	struct prefix p = { .bits = (uint8_t)n->bits };

	p.address.family = f == LPM_IPV4 ? AF_INET : AF_INET6;
	memcpy(p.address.bytes, words, sizeof(words));
	return p;
}

/* Lists the differences of one family. Both sets are sorted, so one walk over both finds them. */
static int compare(const struct trie *trie, enum lpm_family f, const struct lpm_entry *e,
		   const struct lpm_entry *end, struct edits *edits)
{
	const struct trie_node *n;
	struct trie_walk walk;
	int failed = 0;

	trie_walk(trie, &walk);
	n = trie_next(trie, &walk);
	while ((n || e < end) && !failed) {
		struct prefix old = n ? prefix_of_node(n, f) : e->prefix;
		int order = !n ? 1 : e == end ? -1 : prefix_compare(&old, &e->prefix);

		failed = add_edit(edits, order <= 0 ? &old : &e->prefix,
				  order <= 0 ? n->value : 0, order >= 0 ? e->value : 0);
		if (order <= 0)
			n = trie_next(trie, &walk);
		e += order >= 0;
	}
	return failed;
}

static int compare_all(const struct lpm *t, const struct lpm_entry *entries, size_t count,
		       struct edits *edits)
{
	size_t ipv4 = 0;

	while (ipv4 < count && entries[ipv4].prefix.address.family == AF_INET)
		ipv4++;
	return compare(&t->tries[LPM_IPV4], LPM_IPV4, entries, entries + ipv4, edits) ?:
	       compare(&t->tries[LPM_IPV6], LPM_IPV6, entries + ipv4, entries + count, edits);
}

/* ---- changing the table ---- */

/*
 * Undoes the first `to` edits, after the one that follows them has failed. Undoing needs no
 * room.
 */
static void undo_sets(struct lpm *t, const struct edits *edits, size_t to)
{
	while (to-- > 0) {
		const struct edit *e = &edits->list[to];

		if (e->after && e->before)
			lpm_set(t, &e->prefix, e->before);
		else if (e->after)
			lpm_remove(t, &e->prefix);
	}
}

static int edit_table(struct lpm *t, const struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *e = &edits->list[i];
		int failed = e->after ? lpm_set(t, &e->prefix, e->after) : 0;

		if (failed) {
			undo_sets(t, edits, i);
			return failed;
		}
	}
	/*
	 * The edits are sorted, so that a prefix is removed before the prefixes that it
	 * contains.
	 */
	for (size_t i = 0; i < edits->count; i++)
		if (!edits->list[i].after)
			lpm_remove(t, &edits->list[i].prefix);
	return 0;
}

int lpm_change(struct lpm *t, const struct lpm_entry *entries, size_t count)
{
	_free_ struct edit *owned = NULL;
	struct edits edits = {};
	size_t had = held(t);
	int failed = check_entries(entries, count);

	if (failed || (!had && !count))
		return failed;
	if (!had)
		return lpm_load(t, entries, count);
	failed = compare_all(t, entries, count, &edits);
	owned = edits.list;
	if (failed || !edits.count)
		return failed;
	if (edits.count > had / 4) {
		failed = lpm_load(t, entries, count);
		if (failed != -ENOSPC)
			return failed;
	}
	return lpm_tighten(t) ?: edit_table(t, &edits);
}

#define LINES_EACH 8u		/* more lines than a prefix was ever seen to take */

int lpm_measure(const struct lpm_entry *entries, size_t count, uint32_t *ret)
{
	uint32_t room = XRING_LPM_LINE_MASK, roots[LPM_FAMILIES];
	_free_ union xring_lpm_line *lines = NULL;
	struct lpm_pool pool;
	struct lpm table;
	int err;

	while (room / 2 > LINES_EACH * (count + 64))
		room /= 2;
	lines = calloc(room, sizeof(*lines));	/* only the lines that are used become memory */
	if (!lines)
		return -ENOMEM;
	err = lpm_pool_new(lines, room, &pool);
	if (err)
		return err;
	lpm_init(&table, &pool, roots);
	err = lpm_change(&table, entries, count);
	if (!err)
		*ret = pool.blocks.used;
	for (int f = 0; f < LPM_FAMILIES; f++)
		trie_clear(&table.tries[f]);
	lpm_pool_clear(&pool);
	return err;
}
