/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_PARTS_H
#define XRING_DAEMON_VIEW_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

/* What the files of view/ have of one another; nobody else includes this. */

#define CIRCLE 4294967296.0		/* hashes of a ring */

struct address;
struct backend;
struct daemon;
struct engine;
struct engine_stats;
struct live_backend;
struct live_service;
struct model;
struct plan;
struct route;
struct service;

/* Exact shares of the ring as it is in the maps, by backend index; NULL: no memory. */
uint64_t *live_shares(const struct live_service *s);

/* One word for how a backend stands: what the operator wants, unless it is dead. */
const char *state_word(const struct backend *b, const struct live_backend *backend);

json_t *verdicts_json(const uint64_t values[XRING_CNT_MAX]);
json_t *writes_json(const struct engine_stats *s);
json_t *pins_json(const struct daemon *d);
void plan_json(const struct plan *plan, json_t *to);
/* Whose regions another model would change, and how; NULL: no memory. */
json_t *plan_clients(const struct engine *e, const struct model *m);

/* A rule's clients: region=eu-west, a file's name, or networks. index: from 0, -1 is none. */
json_t *rule_clients_json(const struct model *m, const struct service *s, int index);
/* Of all of a service's clients that are told apart; an empty list: none are. */
json_t *rules_json(const struct engine *e, const struct service *s);
/* Where a client's network has come to belong; null: nowhere. */
json_t *home_json(const struct engine *e, const struct service *s, const struct address *client);

/* What a region has of a route's traffic. */
struct region_share {
	const char *region;		/* "": of backends without one */
	unsigned backends;
	bool allowed;
	uint64_t counts;		/* weights, all together */
};

/*
 * By region, in the order of the backends, at that hour (CLOCK_REALTIME, ms); freed by the
 * caller. NULL: no memory.
 */
struct region_share *region_shares(const struct engine *e, const struct service *s,
				   const struct route *route, int64_t wall, size_t *ret_count);

#endif
