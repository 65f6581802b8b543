/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_RULES_JSON_H
#define XRING_DAEMON_VIEW_RULES_JSON_H

#include <jansson.h>

#include "daemon/control/verbs.h"

/* Rules as commands show them (show_rules.c). */

/* A rule's clients: region=eu-west, a file's name, or networks. index: from 0, -1 is none. */
json_t *rule_clients_json(const struct model *m, const struct service *s, int index);

/* What a region has of a route's traffic. */
struct region_share {
	const char *region;			/* "": of backends without one */
	unsigned backends;
	bool allowed;
	uint64_t counts;			/* weights, all together */
};

/*
 * By region, in the order of the backends, at that hour (CLOCK_REALTIME, ms); freed by the
 * caller. NULL: no memory.
 */
struct region_share *region_shares(const struct engine *e, const struct service *s,
				   const struct route *route, int64_t wall, size_t *ret_count);

/* Of all of a service's clients that are told apart; an empty list: none are. */
json_t *rules_json(const struct engine *e, const struct service *s);

/* The route of the client that a request names, by no door; without one everybody else's. */
int request_route(const struct engine *e, const struct service *s, const json_t *request,
		  struct answer *a, struct route *ret);

/* Where a client's network has come to belong; null: nowhere. */
json_t *home_json(const struct engine *e, const struct service *s, const struct address *client);

#endif
