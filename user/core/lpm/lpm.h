/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_LPM_H
#define XRING_CORE_LPM_LPM_H

#include <stddef.h>

#include "core/lpm/blocks.h"
#include "core/value/prefix.h"
#include "core/lpm/trie.h"

/*
 * Tables of prefixes as the datapath reads them (include/xring/lpm.h), compiled from a trie
 * of the prefixes. A table stays true to its trie while it is read: a change stores into
 * the words that lie under the changed prefix. A node that no longer suits what is below it
 * (because twice as many prefixes are there as the node was made for, or a quarter) is
 * replaced: a new node is made aside, and one word is changed to name it. Each word is one
 * atomic store, so that a lookup answers either as before the change or as after it.
 *
 * A node's width is chosen for the least cost, where a word costs 1 and each step that a
 * prefix still has to go costs 64 (core/lpm/node.c). So a dense table gets one wide node
 * (of 24 bits with half a million IPv4 prefixes: Gupta, Lin, McKeown, INFOCOM 1998). A
 * prefix takes 70 to 200 bytes, however many there are: 1,000,000 IPv4 prefixes, as the
 * Internet has them, take 65 MiB, 100,000 of IPv6 14 MiB; a single one takes 64 bytes, an
 * empty table nothing. A large IPv4 table that lpm_load() makes gets a palette before its trie
 * (core/lpm/palette.c), 4 MiB more, if there is room.
 */
union xring_lpm_line;
struct runs;

/* The memory of all tables. */
struct lpm_pool {
	union xring_lpm_line *lines;	/* the map of lines; the caller's */
	struct blocks blocks;		/* which lines are in use or retired */
};

/* count: at most 2^26. -ENOMEM. The lines stay the caller's. */
int lpm_pool_new(union xring_lpm_line *lines, uint32_t count, struct lpm_pool *ret);
void lpm_pool_clear(struct lpm_pool *pool);
/*
 * Call when a grace period has passed since the last change of a table: frees what tables
 * have retired.
 */
void lpm_pool_reclaim(struct lpm_pool *pool);

enum lpm_family {
	LPM_IPV4,
	LPM_IPV6,
	LPM_FAMILIES
};

struct lpm {
	struct lpm_pool *pool;
	uint32_t *roots; /* one word for each family, at which the datapath starts; the caller's */
	struct trie tries[LPM_FAMILIES];	/* the prefixes, one trie for each family */
	/*
	 * Some nodes that lpm_adopt() took over do not fit the trie: lpm_tighten() must
	 * replace them before a change.
	 */
	bool loose[LPM_FAMILIES];
};

/* The root word of the trie: of the family, or of the palette before it. */
uint32_t *lpm_root(const struct lpm *t, enum lpm_family f);

struct lpm_entry {
	struct prefix prefix;
	uint32_t value;			/* 1 to XRING_LPM_VALUE_MAX */
};

/* Makes an empty table, and sets roots[] to 0. Pool and roots must outlive the table. */
void lpm_init(struct lpm *t, struct lpm_pool *pool, uint32_t *roots);
/* Empties the table, like lpm_init(); its nodes are retired. */
void lpm_clear(struct lpm *t);

/*
 * Sets the value of a prefix, whether it had one or not. -EINVAL: no valid value; -ENOSPC:
 * the pool is full; -ENOMEM. On failure the table is as before.
 */
int lpm_set(struct lpm *t, const struct prefix *p, uint32_t value);
/*
 * Removes a prefix: its addresses get the value of the next shorter prefix again. -ENOENT:
 * the table does not have the prefix. -ENOSPC only where lpm_adopt() found nodes that do
 * not fit and there is no room to replace them yet.
 */
int lpm_remove(struct lpm *t, const struct prefix *p);
/* The value that exactly this prefix was set to; 0: none. */
uint32_t lpm_get(const struct lpm *t, const struct prefix *p);
/* The datapath's answer, computed here; 0: no prefix matches. */
uint32_t lpm_find(const struct lpm *t, const struct address *a);

/*
 * Replaces all prefixes of the table at once. entries: in any order, each prefix once. The
 * new tables are built beside the old ones, for which there must be room, and become
 * visible by one store for each family. -EINVAL (a value, or a prefix twice), -ENOSPC and
 * -ENOMEM leave the table as it was.
 */
int lpm_load(struct lpm *t, const struct lpm_entry *entries, size_t count);

/*
 * Changes the table so that it has these prefixes and no others, of both families. entries:
 * sorted in the order of prefix_compare(), and no prefix contains another. Readers go on
 * meanwhile: at any moment each address has its old value or its new one, also if the
 * process is killed half-way. Only prefixes that differ are changed, one after the other.
 * If the table was empty, or more than a quarter of its prefixes differ, lpm_load()
 * replaces all, if there is room for it. -EINVAL (a value, or prefixes not as above),
 * -ENOSPC and -ENOMEM leave the answers of the table as they were.
 */
int lpm_change(struct lpm *t, const struct lpm_entry *entries, size_t count);

/* ---- copies, to try a change (core/lpm/copy.c) ---- */

/* A copy of all lines, read by nobody. -ENOMEM. */
int lpm_pool_copy(const struct lpm_pool *from, struct lpm_pool *ret);
void lpm_pool_copy_free(struct lpm_pool *pool);
/* The same table in such a pool. roots: the caller's, which must outlive the copy. -ENOMEM. */
int lpm_copy(const struct lpm *from, struct lpm_pool *pool, uint32_t *roots, struct lpm *ret);
/* Frees the copy's prefixes; its lines are the pool's. */
void lpm_copy_free(struct lpm *copy);

/* ---- tables that a former process left in the lines (core/lpm/adopt.c) ---- */

/*
 * Reads what the table at that root answers, from its words alone, which may be anything.
 * -EINVAL: the words are no table's (a line that the pool does not have, more bits than an
 * address has, more nodes in a row than a lookup visits, or more nodes than the pool has
 * room for). -ENOMEM.
 */
int lpm_runs(const struct lpm_pool *pool, uint32_t root, enum lpm_family family,
	     struct runs *ret);
/*
 * Takes over the tables at roots[], with their lines. The result is like a table that was
 * made of the fewest prefixes of which none contains another. All tables of a pool must be
 * adopted before one is changed, because lines that nobody has adopted count as free.
 * -EINVAL (like lpm_runs()), -EEXIST (a line belongs to a table already), -ENOMEM: nothing
 * is taken, *t is an empty table and the words of roots[] stay as they are; the caller must
 * call lpm_init() next.
 */
int lpm_adopt(struct lpm *t, struct lpm_pool *pool, uint32_t *roots);

/*
 * How many lines a table of these sorted prefixes, none in another, takes: found by
 * building the table aside, which takes a second for a million prefixes. -EINVAL, -ENOMEM.
 */
int lpm_measure(const struct lpm_entry *entries, size_t count, uint32_t *ret);

#endif
