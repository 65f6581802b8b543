/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_PREFIX_SETS_H
#define XRING_TEST_PREFIX_SETS_H

/* Sorted sets of prefixes with values, each prefix once. Include after cmocka.h. */

#include "core/lpm/lpm.h"
#include "prefixes.h"

#define SET_MAX 2048

struct set {
	struct lpm_entry entries[SET_MAX];
	size_t count;
};

static const int families[] = { AF_INET, AF_INET6 };

static inline void set_sort(struct set *set)
{
	struct lpm_entry *e = set->entries;
	size_t kept = 0;

	qsort(e, set->count, sizeof(*e), prefix_order);
	for (size_t i = 0; i < set->count; i++)
		if (!i || prefix_order(&e[i], &e[i - 1]))
			e[kept++] = e[i];
	set->count = kept;
}

/* A random set. There are few values, so that neighbours often have the same one. */
static inline void set_random(struct set *set, size_t count, unsigned values)
{
	set->count = count;
	for (size_t i = 0; i < count; i++)
		set->entries[i] = (struct lpm_entry){ random_prefix(),
						      1 + (uint32_t)random() % values };
	set_sort(set);
}

#endif
