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
 * The clients of a service with rules, told apart. A class is some clients and, by the ingress
 * at which they come in, the ring that answers them; the service's own is that of clients
 * whom no prefix names. When clients are to be answered by another ring their class
 * moves, under the rule of changes as a key does, or those of them whom that concerns are
 * given to a class that moves from the one to the other. What is compared is the whole
 * address space, as runs, before and after: so a prefix that is removed stays, its newest
 * ring being the covering one's, until its flows are done, and a new one begins where the
 * covering one was, without a word about either.
 */
#define CLASS_PLACES (INGRESSES + 1)

struct live_class {
	uint32_t first;				/* index in the maps */
	uint32_t places;			/* 1, or CLASS_PLACES where the ingress matters */
	struct live_ring *newest[CLASS_PLACES];	/* by ingress; 0: of no known ingress */
	struct live_ring *old[CLASS_PLACES];	/* NULL where the class does not move */
	uint32_t counter;			/* first of its rule's counters */
	bool follows;				/* its clients' ingresses are counted by network */
	uint8_t home_bits[2];			/* length of those networks: IPv4, IPv6 */
	bool moving;
	bool named;				/* some clients are of this class */
	uint32_t since;				/* tenths of a second: when it began to move */
	uint64_t changed;			/* live->walk_begun when it last changed */
	uint32_t order;				/* in the list, while runs are compared */
	bool shifts;				/* all of its clients move, so it accepts no others */
};

struct live_classes {
	struct live_class *own;			/* of clients whom no prefix names */
	struct live_class **list;		/* all, the own one too */
	size_t count;
	struct lpm lpm;				/* the service's prefix tables in the maps */
	struct runs runs[2];			/* what those say, IPv4 and IPv6: first indexes; 0: own */

	struct compiled compiled;		/* the service's rules as they were last applied */
	uint32_t *counters;			/* of each target: the first of its rule's counters */

	bool unapplied;				/* classes or prefixes have yet to follow the targets */
	bool ending;				/* the rules are gone: all clients return to `own` */
	bool unanswered;			/* no prefix is known: clients wait until all are */
	uint32_t moving;			/* classes that move */
	uint64_t epoch;				/* of dp, when a class last settled */
};

/*
 * What the service's rules ask for, compiled, with a ring for each route: before its nodes
 * are weighed. In a service that tells nobody apart it is the main ring's route alone.
 */
int classes_prepare(struct live *live, struct live_service *s, const struct model *m,
		    const struct service *model);

/* The rings are there: classes and prefixes follow. */
int classes_apply(struct live *live, struct live_service *s, const struct live_times *times);

/* Takes over what the maps hold; own: the index of the service's class. */
int classes_adopt(struct live *live, struct live_service *s, uint32_t own, uint64_t now);

/*
 * What is left of services that are no more drops their packets, and then goes; so do
 * records of what no service has.
 */
int classes_strange(struct live *live);
void classes_strange_forget(struct live *live);

/* Those that no client has any more; behind a grace period. */
void classes_forget(struct live *live, struct live_service *s);
bool classes_gone(const struct live_service *s);
/* All of a service's, at its end; behind a grace period. */
void classes_drop(struct live *live, struct live_service *s);
void classes_free(struct live_service *s);	/* what the daemon knows of them */

/* Does what is due by time. When (ns) there is something to do again, 0: nothing; and applying. */
uint64_t classes_tick(struct live *live, struct live_service *s, uint64_t now, bool *ret_apply);

/* All flags off. */
void classes_close(struct live *live, struct live_service *s);

#endif
