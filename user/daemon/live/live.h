/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_LIVE_H
#define XRING_DAEMON_LIVE_LIVE_H

#include "core/ring/arena.h"
#include "core/ring/spills.h"
#include "daemon/live/events.h"
#include "daemon/live/services.h"
#include "daemon/live/ways_back.h"

/*
 * What the maps hold now. The order of writes allows a kill of the daemon between any two of
 * them: new backends first, then cells, then the VIP table; what nothing names any more is
 * used again only after a grace period. The next daemon adopts what it finds and writes what
 * is missing.
 *
 * A backend that is removed keeps its id as long as a pin or a cell names the id: the backend
 * is *leaving*. The owner record of its id says how a backend stands (health, drain time).
 */
struct compiled_ahead;
struct dp;
struct ingress;
struct live_backend;
struct live_class;
struct live_key;
struct lpm_pool;
struct region_zones;

struct live {
	struct dp *dp;
	struct nexthop_table *nexthops;
	struct arena arena;			/* free and taken extents of the map of cells */
	struct spill_pool spills;
	struct live_service **services;		/* sorted by name */
	size_t service_count;
	struct live_service *by_number[XRING_TABLES];	/* the services again; [0] is never used */
	struct live_backend **by_id;		/* dp->backend_count elements */
	uint16_t id_cursor;			/* where the search for a free id goes on */

	struct live_key **keys;			/* hot keys with an entry, sorted by hash */
	size_t key_count;
	uint64_t keys_epoch;			/* dp->epoch when a key last settled or went */
	bool keys_due;				/* a key has changed since the last tick */

	struct xring_traffic *traffic;		/* counters by id; filled by live_traffic_look() */
	struct extent *foreign;			/* of no ring; freed by extents_forget() */
	size_t foreign_count;
	uint16_t *stale_ids;			/* of no service; freed by live_cleanup() */
	size_t stale_count;
	uint64_t settle_epoch;			/* dp->epoch: last settled, or over a bound */
	uint64_t walk_begun;			/* number of the walk over the pins that began last */
	uint64_t walk_done;			/* number of the walk that was last finished */

	struct xring_slot *slots;		/* the VIP table's entries as last written */
	size_t slot_count;
	bool slots_known;			/* `slots` is what the maps hold */
	bool slots_stale;			/* a service has got its first hot key, or lost its last */

	struct ways_back ways;			/* of backends that leave (ways_back.h) */

	struct region_zones *zones;		/* the clocks of the model's regions */
	char (*regions)[PLACE_NAME];		/* names of regions; region number n is [n - 1] */
	size_t region_count;
	struct lpm_pool *prefixes;		/* the map of all services' prefix tables */
	struct live_class **class_by_index;	/* XRING_CLASSES elements */
	struct compiled_ahead *ahead;		/* compiled by a check for the next flush */
	size_t ahead_count;
	bool classes_strange;			/* the maps hold classes of no service */
	struct ingress *ingresses;		/* INGRESSES elements; number n is [n - 1] */
	int64_t wall_ms;			/* ms: tests put the regions' clocks forward */
	struct live_events events;		/* set by the engine */
	struct backend_listener *backend_listeners;	/* added by live_listen_backends() */
	struct service_listener *service_listeners;	/* added by live_listen() */
};

/* CLOCK_REALTIME in ms, put forward by tests. */
int64_t live_wall_ms(const struct live *live);

#endif
