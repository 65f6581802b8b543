/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_ROUTE_H
#define XRING_CORE_PLACE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/model/placement.h"

/*
 * A route is what a rule says once the client's region and the interface at which its
 * packets enter are known. Each route has a ring of its own; equal ones share it.
 */
struct route {
	struct constraint constraints[RULE_CONSTRAINTS + 1];	/* sorted */
	size_t constraint_count;
	char preferences[RULE_PREFERENCES][PLACE_NAME];
	size_t preference_count;
	enum spillover spillover;
	uint32_t threshold;
	char first[PLACE_NAME];		/* this region, then all others together; empty: none */
	bool nobody;			/* a client of no region, where its own is asked for */
};

bool route_equal(const struct route *a, const struct route *b);
/* Does it drop rather than leave its constraints? */
bool route_strict(const struct route *r);
bool route_allows(const struct route *r, const char *region, const char *tags);

#define ROUTE_DIGEST 16
void route_digest(const struct route *r, uint8_t ret[ROUTE_DIGEST]);	/* SHA-256, cut */
uint64_t route_id(const struct route *r);			/* the first of them */

#define ROUTE_TEXT 512
/* For people: [+region=eu-west], then eu-west, us-east (waterfall 0.72). */
const char *route_print(const struct route *r, char text[ROUTE_TEXT]);

/* rule: NULL is everybody; region: of the client, entry: of the ingress; NULL: none. */
void route_of(const struct rule *rule, const char *region, const char *entry, struct route *ret);

#endif
