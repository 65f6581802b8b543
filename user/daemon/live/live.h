/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_LIVE_H
#define XRING_DAEMON_LIVE_LIVE_H

#include "core/ring/arena.h"
#include "core/ring/spills.h"
#include "daemon/live/events.h"
#include "daemon/live/services.h"

/*
 * What the maps hold now. The order of writes lets the daemon be killed between any two of
 * them: first the backends that are new, then cells, then the VIP table, and only after a
 * grace period is reused what nothing names any more. The next daemon adopts what it finds
 * and writes what is missing.
 *
 * A backend that goes keeps its id as long as a pin or a cell names it: it is leaving. How
 * a backend stands (health, drain time) is in the owner record of its id.
 */
struct compiled_ahead;
struct dp;
struct ingress;
struct key_record;
struct live_backend;
struct live_class;
struct live_key;
struct lpm_pool;
struct region_zones;

struct live {
	struct dp *dp;
	struct nexthop_table *nexthops;
	struct arena arena;			/* extents of the map of cells */
	struct spill_pool spills;
	uint32_t *since;			/* when each cell began to move: a file of the state */
	struct live_service **services;		/* sorted by name */
	size_t service_count;
	struct live_backend **by_id;		/* dp->backend_count of them */
	uint16_t id_cursor;			/* where the search for a free id goes on */

	struct live_key **keys;			/* hot keys with an entry, by hash */
	size_t key_count;
	struct key_record *records;		/* by place of the table: a file of the state */
	uint64_t keys_epoch;			/* of dp, when a key last settled or went */
	bool keys_due;				/* a key has changed since the last tick */

	struct xring_traffic *traffic;		/* by id (daemon/live/traffic.h) */
	struct extent *foreign;			/* adopted, but of no service; taken out of use */
	size_t foreign_count;
	uint16_t *stale_ids;			/* the same for backends */
	size_t stale_count;
	uint64_t settle_epoch;			/* of dp, when cells last settled */
	uint64_t walk_begun;			/* number of the walk over the pins that began last */
	uint64_t walk_done;			/* number of the walk that was last finished */

	struct xring_slot *slots;		/* the VIP table's entries as last written */
	size_t slot_count;
	bool slots_known;
	bool slots_stale;			/* a service has got its first hot key, or lost its last */

	struct region_zones *zones;		/* the clocks of the model's regions */
	char (*regions)[PLACE_NAME];		/* as counters and places number them, from 1 */
	size_t region_count;
	struct lpm_pool *prefixes;		/* the map of all services' prefix tables */
	struct live_class **class_by_index;	/* XRING_CLASSES of them */
	struct compiled_ahead *ahead;		/* rules that a check has compiled for the next flush */
	size_t ahead_count;
	bool classes_strange;			/* some in the maps are of no service */
	struct ingress *ingresses;		/* INGRESSES of them, as the maps number them */
	int64_t wall_ms;			/* how far tests have put the regions' clocks forward */
	struct live_events events;		/* told to the engine */
	struct backend_events backend_events;	/* told to the health checks */
	struct service_listener *service_listeners;
};

/* CLOCK_REALTIME, which tests may put forward, in ms. */
int64_t live_wall_ms(const struct live *live);

#endif
