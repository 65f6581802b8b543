/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_LPM_H
#define XRING_CORE_LPM_LPM_H

#include <stddef.h>

#include "core/lpm/blocks.h"
#include "core/value/prefix.h"
#include "core/lpm/trie.h"

/*
 * Prefix tables as the datapath reads them (include/xring/lpm.h), compiled from a
 * trie of the prefixes, and kept true to it while it is read: a change stores into
 * the words that lie under its prefix, and where a node no longer suits what is
 * below it (it has twice the prefixes that it was made for, or a quarter) a new one
 * is made aside and one word changed. Each word is one atomic store, so that a
 * lookup answers as before the change or as after it.
 *
 * A node is as wide as makes its words, and 64 for each step that its prefixes still
 * have to go, least (core/lpm/node.c). So a dense table gets one wide node (of
 * 24 bits with half a million IPv4 prefixes: Gupta, Lin, McKeown, INFOCOM 1998), and a
 * prefix takes 70 to 200 bytes, however many there are: 1,000,000 of IPv4 as the
 * Internet has them 65 MiB, 100,000 of IPv6 14; one takes 64 bytes, none takes none.
 */
union xring_lpm_line;
struct runs;

/* Where all tables are. */
struct lpm_pool {
	union xring_lpm_line *lines;	/* the map */
	struct blocks blocks;		/* used, retired: how many lines */
};

/* count: at most 2^26. -ENOMEM. The lines stay the caller's. */
int lpm_pool_new(union xring_lpm_line *lines, uint32_t count, struct lpm_pool *ret);
void lpm_pool_clear(struct lpm_pool *pool);
/* A grace period has passed since the last change of a table: what it retired is free. */
void lpm_pool_reclaim(struct lpm_pool *pool);

enum lpm_family {
	LPM_IPV4,
	LPM_IPV6,
	LPM_FAMILIES
};

struct lpm {
	struct lpm_pool *pool;
	uint32_t *roots;		/* LPM_FAMILIES words, that the datapath starts from */
	struct trie tries[LPM_FAMILIES];
	bool loose[LPM_FAMILIES];	/* not all nodes that were adopted fit the trie */
};

struct lpm_entry {
	struct prefix prefix;
	uint32_t value;			/* 1 to XRING_LPM_VALUE_MAX */
};

/* An empty table: roots[] = 0. Pool and roots outlive it. */
void lpm_init(struct lpm *t, struct lpm_pool *pool, uint32_t *roots);
/* As lpm_init() makes it; what it took of the pool is retired. */
void lpm_clear(struct lpm *t);

/*
 * A prefix's value, new or another. -EINVAL: the value is not one; -ENOSPC: the pool
 * is full, -ENOMEM: both leave the table as it was.
 */
int lpm_set(struct lpm *t, const struct prefix *p, uint32_t value);
/*
 * The value of the prefix that covers it is put back. -ENOENT, and no other error,
 * but -ENOSPC where lpm_adopt() found nodes that fit no more and none is made yet.
 */
int lpm_remove(struct lpm *t, const struct prefix *p);
/* What that very prefix was set to; 0: it was not. */
uint32_t lpm_get(const struct lpm *t, const struct prefix *p);
/* The datapath's answer, computed here. 0: no prefix matches. */
uint32_t lpm_find(const struct lpm *t, const struct address *a);

/*
 * Replaces all prefixes at once by these, in any order, each once. The new tables
 * are built beside the old ones, for which there must be room, and go in by one
 * store a family. -EINVAL (a value, or a prefix twice), -ENOSPC and -ENOMEM leave
 * the table as it was.
 */
int lpm_load(struct lpm *t, const struct lpm_entry *entries, size_t count);

/*
 * Makes the table say what these prefixes say, which are sorted as prefix_compare()
 * does and none in another: of both families, all that there are. It is being read
 * meanwhile: an address has its old value or its new one at any time, and where the
 * caller is killed on the way. One prefix after the other, as far as they differ; but
 * where there was none, or a quarter of them changes, by lpm_load(), if there is room
 * for that. -EINVAL (a value, or not such prefixes), -ENOSPC and -ENOMEM leave what
 * the table says as it was.
 */
int lpm_change(struct lpm *t, const struct lpm_entry *entries, size_t count);

/* ---- tables that a former process left in the lines (core/lpm/adopt.c) ---- */

/*
 * What the table from that root answers, read from its words alone. Any words may be
 * there: -EINVAL where they are none of a table's: a line that the pool does not have,
 * more bits than the family has, more nodes than a lookup looks at or than the pool
 * has room for. -ENOMEM.
 */
int lpm_runs(const struct lpm_pool *pool, uint32_t root, enum lpm_family family,
	     struct runs *ret);
/*
 * Takes over the table that roots[] is of, with the lines that it is in. It is then as
 * if it had been made of the fewest prefixes of which none is in another. All tables
 * of a pool are adopted before one is changed: what is not adopted is free. -EINVAL
 * (as lpm_runs()), -EEXIST (a line has an owner), -ENOMEM: nothing is taken, *t is an
 * empty table and the words of roots[] stay: lpm_init() is what comes next.
 */
int lpm_adopt(struct lpm *t, struct lpm_pool *pool, uint32_t *roots);

/*
 * How many lines a table of these disjoint sorted prefixes takes, found by making it aside:
 * a second for a million. -EINVAL, -ENOMEM.
 */
int lpm_measure(const struct lpm_entry *entries, size_t count, uint32_t *ret);

#endif
