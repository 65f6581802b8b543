// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int by_name(const void *a, const void *b)
{
	const struct plan_node *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static bool same(const struct plan_node *a, const struct plan_node *b)
{
	return a->weight == b->weight && a->points == b->points && a->machine == b->machine;
}

/* ---- one roster, many users ---- */

/* A roster with its own copies of the names; the nodes must be sorted. */
static struct roster *copy(const struct plan_node *nodes, size_t count)
{
	size_t size = sizeof(struct roster) + count * sizeof(*nodes);
	struct roster *r;
	char *names;

	for (size_t i = 0; i < count; i++)
		size += strlen(nodes[i].name) + 1;
	r = malloc(size);
	if (!r)
		return NULL;
	*r = (struct roster){ .users = 1, .count = count };
	names = (char *)(r->nodes + count);
	for (size_t i = 0; i < count; i++) {
		r->nodes[i] = nodes[i];
		r->nodes[i].name = names;
		names = stpcpy(names, nodes[i].name) + 1;
	}
	return r;
}

static bool equal(const struct roster *r, const struct plan_node *nodes, size_t count)
{
	if (r->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!same(&r->nodes[i], &nodes[i]) || strcmp(r->nodes[i].name, nodes[i].name))
			return false;
	return true;
}

struct roster *roster_new(const struct plan_node *nodes, size_t count, struct roster *like)
{
	_free_ struct plan_node *sorted = calloc(count + 1, sizeof(*sorted));

	if (!sorted)
		return NULL;
	if (count)
		memcpy(sorted, nodes, count * sizeof(*nodes));
	qsort(sorted, count, sizeof(*sorted), by_name);
	return like && equal(like, sorted, count) ? roster_get(like) : copy(sorted, count);
}

struct roster *roster_get(struct roster *r)
{
	r->users++;
	return r;
}

void roster_put(struct roster *r)
{
	if (r && !--r->users)
		free(r);
}

bool roster_has(const struct roster *r, const char *name)
{
	struct plan_node wanted = { .name = name };

	return bsearch(&wanted, r->nodes, r->count, sizeof(*r->nodes), by_name);
}

/* ---- as a difference ---- */

static void node_add(json_t *list, const struct plan_node *n, uint32_t points)
{
	json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I}", "name", n->name, "weight",
					      (json_int_t)n->weight, "points", (json_int_t)points,
					      "machine", (json_int_t)n->machine));
}

/* How the first nodes of two lists stand by their names; an empty list is after all names. */
static int order(const struct plan_node *a, size_t a_count, const struct plan_node *b,
		 size_t b_count)
{
	return !a_count ? 1 : !b_count ? -1 : by_name(a, b);
}

json_t *roster_json(const struct roster *r, const struct roster *from)
{
	json_t *list = json_array();
	size_t i = 0, j = 0, was = from ? from->count : 0;

	while (i < r->count || j < was) {
		const struct plan_node *is = r->nodes + i, *old = from ? from->nodes + j : NULL;
		int first = order(is, r->count - i, old, was - j);

		if (first > 0)
			node_add(list, old, 0);
		else if (first < 0 || !same(is, old))
			node_add(list, is, is->points);
		i += first <= 0;
		j += first >= 0;
	}
	return list;
}

/* The elements of the list, sorted; their names are the list's. */
static struct plan_node *nodes_read(const json_t *list, size_t *ret_count)
{
	struct plan_node *nodes = calloc(json_array_size(list) + 1, sizeof(*nodes));
	const json_t *item;
	size_t i, count = 0;

	json_array_foreach(list, i, item) {
		const char *name = json_string_value(json_object_get(item, "name"));

		if (nodes && name)
			nodes[count++] = (struct plan_node){
				name, json_integer_value(json_object_get(item, "weight")),
				json_integer_value(json_object_get(item, "points")),
				json_integer_value(json_object_get(item, "machine")),
			};
	}
	if (nodes)
		qsort(nodes, count, sizeof(*nodes), by_name);
	*ret_count = count;
	return nodes;
}

struct roster *roster_read(const json_t *list, const struct roster *from)
{
	size_t count, i = 0, j = 0, was = from ? from->count : 0, all = 0;
	_free_ struct plan_node *nodes = nodes_read(list, &count);
	_free_ struct plan_node *merged = calloc(count + was + 1, sizeof(*merged));

	if (!nodes || !merged)
		return NULL;
	while (i < count || j < was) {
		const struct plan_node *is = nodes + i, *old = from ? from->nodes + j : NULL;
		int first = order(is, count - i, old, was - j);

		if (first > 0)
			merged[all++] = *old;
		else if (is->points)
			merged[all++] = *is;
		i += first <= 0;
		j += first >= 0;
	}
	return copy(merged, all);
}
