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
 * Compiles the rules of a service:
 *
 *     rule, client's region, home, ingress  ->  route
 *     client's network                      ->  target
 *
 * A target is the routes of some clients, one for each ingress. The address space of each
 * family is cut into runs, each of one target.
 */

/*
 * An ingress is an interface at which packets enter. It keeps its number as long as it is
 * configured, so that another region of the interface is another route of the same ingress,
 * and not another ingress.
 */
struct ingress {
	char name[16];			/* empty: the number is free */
	char region[PLACE_NAME];	/* of the interface; empty: none */
};
#define INGRESSES INTERFACE_REGIONS_MAX

/*
 * Sets the ingresses to the interfaces of m that have a region, or had one: those keep
 * their numbers.
 */
void ingresses_set(struct ingress ingresses[INGRESSES], const struct model *m);

struct target {
	/* Indices of routes: [0] for packets at no ingress with a number, then [number + 1]. */
	uint32_t routes[INGRESSES + 1];
	bool by_ingress;			/* the routes differ */
	int rule;			/* index in the service; -1: no rule */
	/* Of the client, if the rule asks for it; else empty. */
	char region[PLACE_NAME];
	struct home home;		/* follow set: the ingresses of its clients are counted */
};

struct targets {
	struct route *routes;
	size_t route_count;
	struct target *list;		/* [0]: of clients that no prefix names */
	size_t count;
	struct runs runs[2];		/* IPv4, IPv6; the values are indices into list */
};

void targets_clear(struct targets *t);

/* A network of clients and the home region that it has; an array of them is sorted by prefix. */
struct home_network {
	struct prefix prefix;
	uint32_t region;		/* index in the model, plus 1 */
};

/* Compiles a service's rules. -ENOMEM. */
int targets_of(const struct model *m, const struct service *s,
	       const struct ingress ingresses[INGRESSES], const struct home_network *homes,
	       size_t home_count, struct targets *ret);

/*
 * How many rings the rules of a service may ever need, whatever its clients, ingresses and
 * homes; and in *ret_strict how many of those forbid something. -ENOMEM.
 */
int routes_count(const struct model *m, const struct service *s, size_t *ret_routes,
		 size_t *ret_strict);

/* How many lines (core/lpm/lpm.h) the tables of prefixes take. -ENOMEM. */
int targets_lines(const struct targets *t, uint32_t *ret);

/* Are there clients to be told apart at all? If not, the service needs no classes. */
bool targets_many(const struct targets *t);
/* Like targets_many(), for a valid model that is not compiled. */
bool rules_many(const struct model *m, const struct service *s,
		const struct ingress ingresses[INGRESSES]);

#endif
