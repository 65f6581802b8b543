/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_ROUTES_H
#define XRING_CORE_PLACE_ROUTES_H

#include "core/model/model.h"
#include "core/lpm/runs.h"
#include "core/model/placement.h"
#include "core/value/prefix.h"

struct route;
struct rule;

/*
 * How a service's rules compile. A target is the routes of some clients, one for each
 * interface at which they may come in; the address space of each family is cut into runs,
 * each of one target.
 */

/*
 * Where packets come in: an ingress is an interface, and keeps its number as long as it is
 * there, so that another region of it is another route of that ingress.
 */
struct ingress {
	char name[16];			/* empty: there is none of that number */
	char region[PLACE_NAME];	/* empty: none */
};
#define INGRESSES INTERFACE_REGIONS_MAX

/* The interfaces of m that have a region, and those that had one: they keep their numbers. */
void ingresses_set(struct ingress ingresses[INGRESSES], const struct model *m);

struct target {
	uint32_t routes[INGRESSES + 1];	/* 0: of no ingress, then by ingress */
	bool by_ingress;			/* they differ */
	int rule;			/* in the service's order; -1: none */
	char region[PLACE_NAME];	/* of the client, where the rule asks for it; or empty */
	struct home home;		/* follow: its clients' ingresses are counted */
};

struct targets {
	struct route *routes;
	size_t route_count;
	struct target *list;		/* 0: of clients that no prefix names */
	size_t count;
	struct runs runs[2];		/* IPv4, IPv6: of targets */
};

void targets_clear(struct targets *t);

/* Networks of clients and the regions that they have come to belong to, sorted. */
struct home_network {
	struct prefix prefix;
	uint32_t region;		/* in the model's order, 1 and up */
};

/* -ENOMEM. */
int targets_of(const struct model *m, const struct service *s, const struct ingress ingresses[INGRESSES],
	       const struct home_network *homes, size_t home_count, struct targets *ret);

/*
 * How many rings a service may come to have by its rules, whatever its clients, ingresses and
 * homes; and of them those that forbid something. -ENOMEM.
 */
int routes_count(const struct model *m, const struct service *s, size_t *ret_routes,
		 size_t *ret_strict);

/* Lines that their prefix tables take. -ENOMEM. */
int targets_lines(const struct targets *t, uint32_t *ret);

/* Are there clients to be told apart at all? */
bool targets_many(const struct targets *t);
/* The same, of what is not compiled: a model that was checked. */
bool rules_many(const struct model *m, const struct service *s, const struct ingress ingresses[INGRESSES]);

#endif
