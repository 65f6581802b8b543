/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_ROUTE_H
#define XRING_CORE_PLACE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/model/placement.h"

/*
 * A route is what a rule says once the client's region and the ingress are known:
 * constraints, an order of regions, and how traffic spills from one to the next. Each route
 * has a ring of its own; equal routes share one.
 */
struct route {
	struct constraint constraints[RULE_CONSTRAINTS + 1];	/* sorted */
	size_t constraint_count;
	char preferences[RULE_PREFERENCES][PLACE_NAME];
	size_t preference_count;
	enum spillover spillover;
	uint32_t threshold;
	char first[PLACE_NAME];		/* this region first, then all others; empty: none */
	/*
	 * No backend is allowed: the client is of no region, and the rule asks for backends
	 * of the client's own.
	 */
	bool nobody;
};

bool route_equal(const struct route *a, const struct route *b);
/* Does the route drop packets rather than break its constraints? */
bool route_strict(const struct route *r);
bool route_allows(const struct route *r, const char *region, const char *tags);

#define ROUTE_DIGEST 16
void route_digest(const struct route *r, uint8_t ret[ROUTE_DIGEST]); /* SHA-256, the first bytes */
uint64_t route_id(const struct route *r);			/* the digest's first 8 bytes */

#define ROUTE_TEXT 512
/* For people: [+region=eu-west] eu-west > us-east (waterfall). */
const char *route_print(const struct route *r, char text[ROUTE_TEXT]);

/*
 * The route of a rule. rule: NULL stands for no rule, so that all backends may be used;
 * region: the client's; entry: the region of the ingress; NULL: none.
 */
void route_of(const struct rule *rule, const char *region, const char *entry, struct route *ret);

#endif
