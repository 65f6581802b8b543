/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_ROSTER_H
#define XRING_DAEMON_ENGINE_ROSTER_H

#include <jansson.h>

#include "core/ring/plan.h"

/*
 * The backends of a ring at one time, sorted by name, with their names. What one change leaves
 * is mostly what the next one finds: both then have the same roster, which counts its users.
 */
struct roster {
	unsigned users;
	size_t count;
	struct plan_node nodes[];	/* the names are in the same memory, after the last node */
};

/* The roster of those nodes: `like` itself, if that is equal. like may be NULL. NULL: no memory. */
struct roster *roster_new(const struct plan_node *nodes, size_t count, struct roster *like);
struct roster *roster_get(struct roster *r);	/* one user more */
void roster_put(struct roster *r);		/* one less; the last frees it; r may be NULL */

bool roster_has(const struct roster *r, const char *name);

/*
 * As JSON: the nodes of r that are not in `from`, or are others there, and without points those
 * of `from` that are not in r. from may be NULL: then all nodes of r.
 */
json_t *roster_json(const struct roster *r, const struct roster *from);
/* The way back; NULL: no memory. */
struct roster *roster_read(const json_t *list, const struct roster *from);

#endif
