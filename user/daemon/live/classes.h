/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CLASSES_H
#define XRING_DAEMON_LIVE_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/lpm/lpm.h"
#include "core/lpm/runs.h"
#include "core/place/compiled.h"

struct live;
struct live_ring;
struct live_service;
struct live_times;
struct model;
struct region;
struct rule;
struct service;

/*
 * The classes of clients of a service with rules. A class is a set of clients that have the
 * same answer: for each ingress, one ring. The service's own class holds the clients that no
 * prefix names.
 *
 * When all clients of a class must be answered by another ring, the class moves, under the
 * rule of changes, like a hot key. When only some of its clients must, these are given to a
 * class that moves from the present ring to the wanted one.
 *
 * The whole address space is compared before and after, as runs, and not prefix by prefix. So
 * a prefix that is removed stays until its flows are done, with the covering prefix's ring as
 * its newest ring; and a new prefix starts from the ring of the prefix that covered it.
 */
#define CLASS_PLACES (INGRESSES + 1)

struct live_class {
	uint32_t first;				/* index in the maps */
	uint32_t places;			/* 1, or CLASS_PLACES where the ingress matters */
	struct live_ring *newest[CLASS_PLACES];	/* by ingress number; [0]: no known ingress */
	struct live_ring *old[CLASS_PLACES];	/* NULL where the class does not move */
	uint32_t counter;			/* index of the first counter of its rule */
	bool follows;				/* home: follow; packets are counted by network */
	uint8_t home_bits[2];			/* prefix length of these networks: IPv4, IPv6 */
	bool moving;
	bool named;				/* a prefix or the service's slot names it */
	uint32_t since;				/* tenths of a second: when it began to move */
	uint64_t changed;			/* live->walk_begun when it last changed */
	uint32_t order;				/* in the list; valid while runs are compared */
	bool shifts;				/* all of its clients move, so it accepts no others */
};

struct live_classes {
	struct live_class *own;			/* the class of clients that no prefix names */
	struct live_class **list;		/* all classes, `own` included */
	size_t count;
	struct lpm lpm;				/* the service's prefix tables in the maps */
	struct runs runs[2];			/* tables as runs of `first`: IPv4, IPv6; 0: own */

	struct compiled compiled;		/* the service's rules as they were last applied */
	uint32_t *counters;			/* by target: first counter of its rule */

	bool unapplied;				/* classes or prefixes have yet to follow the targets */
	bool ending;				/* the rules are gone: all clients return to `own` */
	bool unanswered;			/* prefixes are lost: clients must wait */
	uint32_t moving;			/* number of classes that move */
	uint64_t epoch;				/* dp->epoch when a class last settled */
};

/*
 * Compiles the service's rules and makes a ring for each route; before the backends are
 * weighed. In a service without rules the main ring gets the only route.
 */
int classes_prepare(struct live *live, struct live_service *s, const struct model *m,
		    const struct service *model);

/* Writes where the service's rings are now into the classes and records that name them. */
void classes_follow(struct live *live, struct live_service *s);

/*
 * Brings classes and prefixes to the compiled rules. The rings must be in the maps. An error,
 * like -ENOSPC, leaves clients with the rings that they have.
 */
int classes_apply(struct live *live, struct live_service *s, const struct live_times *times);

/* Takes over the classes that the maps hold; own: the index of the service's own class. */
int classes_adopt(struct live *live, struct live_service *s, uint32_t own, uint64_t now);

/*
 * Classes in the maps that belong to no service: the first function makes them drop their
 * packets, and frees records that belong to nothing; the second frees them, after a grace
 * period.
 */
int classes_strange(struct live *live);
void classes_strange_forget(struct live *live);

/* Frees the classes that have no clients. Call after a grace period. */
void classes_forget(struct live *live, struct live_service *s);
/* Does classes_forget() have something to free? */
bool classes_gone(const struct live_service *s);
/* Frees all classes of a service that ends. Call after a grace period. */
void classes_drop(struct live *live, struct live_service *s);
void classes_free(struct live_service *s);	/* only the daemon's memory; the maps stay */

/*
 * Does what is due by time. Returns when (ns) something is due again, 0: nothing; *ret_apply
 * is set where live_apply() has something to do.
 */
uint64_t classes_tick(struct live *live, struct live_service *s, uint64_t now, bool *ret_apply);

/* Ends all moves of the service's classes at once: no flow is kept. */
void classes_close(struct live *live, struct live_service *s);

#endif
