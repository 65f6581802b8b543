/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_PREFIX_SET_H
#define XRING_CORE_VALUE_PREFIX_SET_H

#include "core/value/prefix.h"

/*
 * Networks of clients, as a configuration names them: written in it, or in a file. A set
 * is never changed, so that all models that name it share it: there may be a million.
 */
struct prefix_set {
	unsigned uses;
	char *file;			/* as it was named; NULL: in the configuration itself */
	struct prefix_list list;	/* sorted */
};

/* Takes over both; uses is 1. NULL: no memory (and what was given is freed). */
struct prefix_set *prefix_set_new(char *file, struct prefix_list *list);
struct prefix_set *prefix_set_get(struct prefix_set *set);	/* NULL is NULL */
void prefix_set_put(struct prefix_set *set);
bool prefix_set_equal(const struct prefix_set *a, const struct prefix_set *b);

#endif
