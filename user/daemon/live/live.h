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
struct ingress;
struct dp;
struct key_record;
struct live_class;
struct live_key;
struct live_backend;
struct lpm_pool;
struct region_zones;

struct live {
	struct dp *dp;
	struct nexthop_table *nexthops;
	struct arena arena;
	struct spill_pool spills;
	uint32_t *since;			/* of all cells, kept in the state directory */
	struct live_service **services;		/* sorted by name */
	size_t service_count;
	struct live_backend **by_id;
	struct live_key **keys;			/* by hash */
	size_t key_count;
	struct key_record *records;		/* of all places, kept in the state directory */
	uint64_t keys_epoch;			/* of dp, when a key last settled or went */
	bool keys_due;				/* some have changed since it was last looked */
	struct xring_traffic *traffic;		/* by id (daemon/live_traffic.h) */
	struct extent *foreign;			/* adopted, but of no service; taken out of use */
	size_t foreign_count;
	uint16_t *stale_ids;			/* the same for backends */
	size_t stale_count;
	uint16_t id_cursor;
	uint64_t settle_epoch;			/* of dp, when cells last settled */
	uint64_t walks;				/* begun */
	uint64_t walked;			/* the last one that was finished */
	struct xring_slot *slots;		/* the VIP table's entries as last written */
	size_t slot_count;
	bool slots_known;
	bool slots_stale;			/* a service has its first hot key, or has none any more */

	struct region_zones *zones;		/* of the model's regions */
	char (*regions)[PLACE_NAME];		/* as counters and places number them */
	size_t region_count;
	struct lpm_pool *prefixes;		/* all services' */
	struct live_class **class_by_index;
	bool classes_strange;			/* some in the maps are of no service */
	struct ingress *ingresses;			/* INGRESSES of them */
	int64_t wall_ms;			/* for tests: what the clocks of regions are put forward */
	struct live_events events;
	struct backend_events backend_events;
};

/* CLOCK_REALTIME, which tests may put forward, in ms. */
int64_t live_wall_ms(const struct live *live);

#endif
