// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value/prefix_set.h"

#include <stdlib.h>
#include <string.h>

struct prefix_set *prefix_set_new(char *file, struct prefix_list *list)
{
	struct prefix_set *set = calloc(1, sizeof(*set));

	if (!set) {
		free(file);
		prefix_list_clear(list);
		return NULL;
	}
	*set = (struct prefix_set){ 1, file, *list };
	*list = (struct prefix_list){};
	return set;
}

struct prefix_set *prefix_set_get(struct prefix_set *set)
{
	if (set)
		set->uses++;
	return set;
}

void prefix_set_put(struct prefix_set *set)
{
	if (!set || --set->uses)
		return;
	free(set->file);
	prefix_list_clear(&set->list);
	free(set);
}

bool prefix_set_equal(const struct prefix_set *a, const struct prefix_set *b)
{
	if (a == b)
		return true;
	if (!a || !b || !a->file != !b->file || (a->file && strcmp(a->file, b->file)) ||
	    a->list.count != b->list.count)
		return false;
	for (size_t i = 0; i < a->list.count; i++)
		if (prefix_compare(&a->list.prefixes[i], &b->list.prefixes[i]))
			return false;
	return true;
}
