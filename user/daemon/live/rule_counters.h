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
 * What each rule of a service sent to which region: counters of the datapath's, which
 * outlive the daemon with the maps. A rule is known by what it says, whoever its clients
 * are: a list that grows begins no new count.
 */
struct rule_counters {
	uint8_t digest[ROUTE_DIGEST];
	uint32_t record;
	uint32_t counter;			/* its first */
	uint32_t regions;			/* a hash of those that it counts, in their order */
	uint32_t left, left_count;		/* where it was, and classes may still count */
	bool wanted;
};

/* Of the rule of that index, -1: of no rule; made if need be. -ENOSPC, told. */
int rule_counters_get(struct live *live, struct live_service *s, const struct rule *rules, int index,
	       const struct rule_counters **ret);
/* NULL: it has none. */
const struct rule_counters *rule_counters_find(const struct live_service *s, const struct rule *rules,
				      int index);

/* One that was found in the maps. */
int rule_counters_adopt(struct live_service *s, const struct xring_route *record, uint32_t index);

/* None is wanted; the rest of them goes. */
void rule_counters_unwant(struct live_service *s);
void rule_counters_forget(struct live *live, struct live_service *s);

/* Those that count regions by other numbers begin anew: each takes another place. */
int rule_counters_renew_all(struct live *live, struct live_service *s);

/* What was dropped, and behind it by region: region_count + 2 of them. */
int rule_counters_read(const struct live *live, const struct rule_counters *l, struct xring_placed *ret);

#endif
