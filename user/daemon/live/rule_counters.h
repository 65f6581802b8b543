/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_RULE_COUNTERS_H
#define XRING_DAEMON_LIVE_RULE_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/place/route.h"

struct live;
struct live_service;
struct rule;
struct xring_placed;
struct xring_route;

/*
 * What each rule of a service sent to which region: counters of the datapath, which live as
 * long as the maps, longer than the daemon. A rule is known by what it says, and not by its
 * clients: a client list that grows starts no new count.
 */
struct rule_counters {
	uint8_t digest[ROUTE_DIGEST];
	uint32_t record;			/* index of the record in the maps */
	uint32_t counter;			/* index of the rule's first counter */
	uint32_t regions;			/* hash of the counted regions, in order */
	uint32_t left, left_count;		/* block before; classes may still count there */
	bool wanted;
};

/*
 * The counters of rules[index], made if they do not exist; index -1: of clients that no rule
 * names. -ENOSPC, logged.
 */
int rule_counters_get(struct live *live, struct live_service *s, const struct rule *rules,
		      int index, const struct rule_counters **ret);
/* The same, never made; NULL: the rule has none. */
const struct rule_counters *rule_counters_find(const struct live_service *s,
					       const struct rule *rules, int index);

/* Takes over the counters of a rule from record number `index` in the maps. */
int rule_counters_adopt(struct live_service *s, const struct xring_route *record, uint32_t index);

/*
 * rule_counters_unwant() marks all counters as not wanted, rule_counters_get() the ones it
 * returns as wanted, and rule_counters_forget() frees the others.
 */
void rule_counters_unwant(struct live_service *s);
void rule_counters_forget(struct live *live, struct live_service *s);

/* Counters whose regions had other numbers start again from 0, each in another place. */
int rule_counters_renew_all(struct live *live, struct live_service *s);

/*
 * Reads live->region_count + 2 counters: drops first, then one counter for each region number
 * from 0.
 */
int rule_counters_read(const struct live *live, const struct rule_counters *l,
		       struct xring_placed *ret);

#endif
