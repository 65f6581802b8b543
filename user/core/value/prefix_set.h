/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_PREFIX_SET_H
#define XRING_CORE_VALUE_PREFIX_SET_H

#include "core/value/prefix.h"

/*
 * The networks of some clients, as a configuration gives them: in the configuration itself
 * or in a file of their own. A set is never changed, so that all models that name a set can
 * share it: a set may have a million networks. Sharing is counted: prefix_set_get() adds a
 * use, prefix_set_put() drops a use and frees the set with the last one.
 */
struct prefix_set {
	unsigned uses;
	char *file; /* the file's name as configured; NULL: listed in the configuration itself */
	struct prefix_list list;	/* sorted in the order of prefix_compare() */
};

/*
 * Makes a set with uses 1. The set owns file and *list from now on; NULL: no memory, and
 * file and *list have been freed.
 */
struct prefix_set *prefix_set_new(char *file, struct prefix_list *list);
struct prefix_set *prefix_set_get(struct prefix_set *set);	/* set may be NULL */
void prefix_set_put(struct prefix_set *set);
bool prefix_set_equal(const struct prefix_set *a, const struct prefix_set *b);

#endif
