/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_PARTS_H
#define XRING_DAEMON_VIEW_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

/* What the files of view/ use of one another; no other folder includes this. */

#define CIRCLE 4294967296.0		/* number of hashes */

struct address;
struct backend;
struct daemon;
struct engine;
struct engine_stats;
struct findings;
struct live_backend;
struct live_service;
struct model;
struct plan;
struct route;
struct service;

/* Exact shares of the main ring in the maps, in hashes by live_backend.index; NULL: no memory. */
uint64_t *live_shares(const struct live_service *s);

/* One word for the state of a backend: what the operator wants, unless it is dead or forbidden. */
const char *state_word(const struct backend *b, const struct live_backend *backend);

/* Name and meaning of an enum xring_counter. */
const char *counter_name(uint32_t counter);
const char *counter_help(uint32_t counter);
/* Dropped packets by service (only: NULL, of all), backend and reason, the most first. */
json_t *drops_json(const struct engine *e, const struct service *only);
/* A device's name; "others": of ifindex 0. */
const char *device_name(const struct engine *e, uint32_t ifindex, char ret[32]);
/* Packets by verdict, from the datapath's counters. */
json_t *verdicts_json(const uint64_t values[XRING_CNT_MAX]);
/* What the daemon sees that is not as the configuration and the commands want it. */
void told_findings(const struct daemon *d, struct findings *to);
/* What the kernel or a driver lost after it was counted as sent, by device and reason. */
json_t *lost_json(const struct engine *e);
json_t *writes_json(const struct engine_stats *s);
json_t *pins_json(const struct daemon *d);
void plan_json(const struct plan *plan, json_t *to);
/* Which clients model m would send to other regions, and how; NULL: no memory. */
json_t *plan_clients(const struct engine *e, const struct model *m);

/*
 * A rule's clients: region=eu-west, the name of a file, or networks. index: from 0; -1: the
 * clients that no rule names.
 */
json_t *rule_clients_json(const struct model *m, const struct service *s, int index);
/* All sets of clients that the service's rules tell apart; an empty list: there are none. */
json_t *rules_json(const struct engine *e, const struct service *s);
/* The home of a client's network; null: it has none. */
json_t *home_json(const struct engine *e, const struct service *s, const struct address *client);

/* A region's part of a route's traffic. */
struct region_share {
	const char *region;		/* "": backends without a region */
	unsigned backends;
	bool allowed;
	uint64_t counts;		/* sum of effective weights */
};

/*
 * The parts of all regions, in the order of the backends, at that hour (CLOCK_REALTIME, ms).
 * The caller frees the list. NULL: no memory.
 */
struct region_share *region_shares(const struct engine *e, const struct service *s,
				   const struct route *route, int64_t wall, size_t *ret_count);

#endif
