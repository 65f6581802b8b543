// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies of all tables, on which a change can be tried before it is made. A table's words name
 * lines of its pool, so a copy of the lines is a copy of the tables; who owns the lines, and the
 * prefixes, are copied beside.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xring/lpm.h>

#include "core/lpm/lpm.h"

int lpm_pool_copy(const struct lpm_pool *from, struct lpm_pool *ret)
{
	size_t size = from->blocks.count * sizeof(*from->lines);
	struct lpm_pool pool = { .lines = malloc(size) };
	int err = pool.lines ? blocks_copy(&from->blocks, &pool.blocks) : -ENOMEM;

	if (err) {
		free(pool.lines);
		return err;
	}
	memcpy(pool.lines, from->lines, size);
	*ret = pool;
	return 0;
}

void lpm_pool_copy_free(struct lpm_pool *pool)
{
	free(pool->lines);
	lpm_pool_clear(pool);
}

int lpm_copy(const struct lpm *from, struct lpm_pool *pool, uint32_t *roots, struct lpm *ret)
{
	struct lpm copy = { .pool = pool, .roots = roots };
	int err = 0;

	for (int f = 0; f < LPM_FAMILIES && !err; f++) {
		roots[f] = from->roots[f];
		copy.loose[f] = from->loose[f];
		err = trie_copy(&from->tries[f], &copy.tries[f]);
	}
	if (err)
		lpm_copy_free(&copy);
	else
		*ret = copy;
	return err;
}

void lpm_copy_free(struct lpm *copy)
{
	for (int f = 0; f < LPM_FAMILIES; f++)
		trie_clear(&copy->tries[f]);
}
