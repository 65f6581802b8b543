/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_LIVE_H
#define XRING_DAEMON_LIVE_LIVE_H

#include "core/ring/arena.h"
#include "core/ring/cells.h"
#include "core/backend/health.h"
#include "core/backend/load.h"
#include "core/lpm/lpm.h"
#include "core/model/model.h"
#include "core/place/weigh.h"
#include "core/ring/plan.h"
#include "core/place/routes.h"
#include "daemon/net/nexthop.h"
#include "dp/dp.h"

/*
 * What the maps hold now, and how they are brought to what the model says. The
 * order of writes lets the daemon be killed between any two of them: first the
 * backends that are new, then cells, then the VIP table, and only behind a grace
 * period is reused what nothing names any more. The next life adopts what it
 * finds and writes what is missing.
 *
 * A backend that goes keeps its id as long as a pin or a cell names it: it is
 * leaving. How a backend stands (health, drain time) is in its id's owner record.
 */
#define FLOWS_SAMPLES 40

struct live_service;
struct live_class;
struct live_classes;
struct live_ledger;
struct live_key;
struct key_record;

struct live_node {
	char name[NAME_BYTES];
	struct live_service *service;
	struct xring_owner *owner;
	uint16_t id;
	uint32_t index;				/* in the rings, unless it is leaving */
	uint32_t weight;			/* configured, thousandths */
	enum backend_state state;
	uint32_t counts;			/* of that weight, now, in the service's main ring */
	uint32_t counted;			/* as the maps show it */
	uint32_t loaded;			/* the most that it counts in any ring */
	bool dead;				/* its flows are cut */
	bool forbidden;				/* by all rules of the service's placement */
	bool dying;				/* it is to be dead, or not */
	bool named;				/* a change that cuts is about it */
	char region[PLACE_NAME];
	char tags[TAGS_BYTES];
	bool placeless;				/* found leaving: these two are not known */
	struct address address;
	uint16_t port;
	const struct nexthop *nexthop;
	struct probe *probe;			/* its health check; NULL: none */
	struct check checked;			/* how */
	struct health health;
	char why[160];				/* what the last check said */
	uint32_t took_us;
	uint32_t pins;				/* held there, as the last walk saw it */
	uint32_t pins_now;			/* as this one has seen it so far */
	uint64_t left;				/* walks begun when it began to leave */
	struct load load;			/* beside the others of its service */
	uint64_t over;				/* the last walk in which it was over its bound */
	struct xring_traffic last;		/* as that was last looked at */
	bool looked;
};

/* Of a node in one ring. */
struct live_part {
	uint32_t counts;			/* of its weight, now */
	uint32_t points;			/* that it is to have */
	bool forbidden;				/* by the ring's rule */
};

/* The ring of one route, and its cells. */
struct live_ring {
	struct live_service *service;
	struct route route;			/* what its rule says */
	bool frozen;				/* found, and nobody knows what for: it stays as it is */
	bool wanted;				/* by the model, or by a class of clients */
	uint8_t digest[ROUTE_DIGEST];		/* of that, as it was found */
	uint32_t record;			/* in the maps; of a service with rules alone */
	uint8_t allowed;			/* its bit in a backend's place; 0: all are */
	struct ring ring;
	struct cells cells;
	uint32_t base;
	bool has_extent;
	bool blank;				/* the extent holds no answer yet */
	bool refined;				/* from the extent at `former`, not let go yet */
	uint32_t former;
	bool reconcile;				/* the cells may say anything: look at all */
	uint32_t vnodes_shown;			/* of the ring in the maps */
	struct live_part *parts;		/* by a node's index */
	uint32_t part_count;
	uint8_t *needed;			/* the walk's own, by cell */
	unsigned needed_bits;
};

struct live_service {
	char name[NAME_BYTES];
	enum mode mode;
	struct key key;
	bool key_known;
	bool rekeyed;				/* pins of the key before are to go */
	uint32_t drain_ms, tcp_idle_ms, udp_idle_ms;
	uint32_t vnodes;
	struct live_node **nodes;		/* sorted by name */
	size_t node_count;
	struct live_node **leaving;
	size_t leaving_count;
	uint32_t index_count;			/* indexes given so far */
	uint32_t number;			/* in its slots, 1 and up */
	uint32_t key_count;			/* that have an entry (daemon/live_keys.h) */
	uint32_t keys_moving;
	struct live_ring *main;			/* of clients that no rule tells apart */
	struct live_ring **rings;		/* all, the main one too */
	size_t ring_count;
	struct live_classes *classes;		/* of its clients (daemon/live_classes.h); NULL: none */
	struct live_ledger **ledgers;		/* what its rules sent where */
	size_t ledger_count;
	struct homed *homes;			/* of client networks, sorted */
	size_t home_count;
	uint64_t homes_serial;			/* counted up where they change */
	bool gone;
	uint64_t settled;			/* walks begun when cells last settled */
	uint32_t look;				/* cells, as the last walk left them */
	uint32_t pins;				/* that differ from the ring, as it saw them */
	uint32_t pins_now;			/* the walk's own */
	struct xring_traffic retired;		/* of backends that are no more */
	uint64_t flows[FLOWS_SAMPLES];		/* begun, as looked at (daemon/flows.h) */
	uint32_t flow_samples;
};

/* A ring of a service has changed: what its backends counted before and after. */
struct live_move {
	struct live_service *service;
	struct live_ring *ring;
	struct plan_node *before, *after;
	size_t before_count, after_count;
	uint32_t cells;				/* words written */
	uint32_t kept;				/* of them, those of cells whose flows stay */
};

struct live {
	struct dp *dp;
	struct nexthop_table *nexthops;
	struct arena arena;
	struct spill_pool spills;
	uint32_t *since;			/* of all cells, kept in the state directory */
	struct live_service **services;		/* sorted by name */
	size_t service_count;
	struct live_node **by_id;
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

	struct region_zones zones;		/* of the model's regions */
	char (*regions)[PLACE_NAME];		/* as counters and places number them */
	size_t region_count;
	struct lpm_pool prefixes;		/* all services' */
	struct live_class **class_by_index;
	bool classes_strange;			/* some in the maps are of no service */
	struct door doors[DOORS];
	int64_t wall_ms;			/* for tests: what the clocks of regions are put forward */

	/* Told of: */
	void *context;
	void (*node_new)(void *context, struct live_node *node);
	void (*node_free)(void *context, struct live_node *node);
	void (*moved)(void *context, const struct live_move *move);
	void (*key_moved)(void *context, const struct live_key *key);
	void (*shifted)(void *context, const struct live_service *s, size_t networks,
			const struct route *from, const struct route *to);
};

struct live_times {
	uint64_t now;				/* ns */
	bool cut;				/* flows that are in the way are cut */
};

struct live_report {
	uint64_t cells;				/* words written */
	uint64_t ns;				/* to the last of them */
};

/*
 * since: as many as half of the cells; records: one for each place of a key (daemon/
 * live_keys.h). The hooks are the caller's to set.
 */
int live_open(struct dp *dp, struct loop *loop, uint32_t *since, struct key_record *records,
	      struct live **ret);
void live_close(struct live *live);

/* Takes over what the maps hold for the services of m; before the first live_apply(). */
int live_adopt(struct live *live, const struct model *m, uint64_t now);

/* Is there room for the model? 0, or -ENOSPC and why not. */
int live_check(const struct live *live, const struct model *m, char *why, size_t size);

/*
 * Is no address of a nat backend one that a backend behind another VIP still leaves
 * (daemon/live_replies.c)? 0, or -EINVAL and whose it is. Where it is done all the
 * same, the one that leaves yields: its flows are cut.
 */
int live_replies_check(const struct live *live, const struct model *m, uint64_t now, char *why,
		       size_t size);
int live_replies_yield(struct live *live, const struct model *m, uint64_t now);

int live_apply(struct live *live, const struct model *m, const struct live_times *times,
	       struct live_report *ret);

/*
 * What is due by time alone: open cells settle. Returns when something is due
 * again (ns, 0: nothing), and whether live_apply() has something to do.
 */
uint64_t live_tick(struct live *live, const struct model *m, uint64_t now, bool *ret_apply);

/* Regions get their numbers, of m; where they change, counters begin anew. */
int live_regions_set(struct live *live, const struct model *m);

/* The VIP table, where it is to say something else than it does. */
int live_vips_write(struct live *live, const struct model *m);

/* All flags off and all pins void: the flows' keys are others now. */
void live_close_cells(struct live *live);

/* Cells that move, of all its rings. */
uint32_t service_moving(const struct live_service *s);

/* Is anything in the maps under way? */
bool live_busy(const struct live *live);

/* Ends the drain time of the nodes of that name which leave; false: there are none. */
bool live_cut_leaving(struct live *live, const char *service, const char *name, uint64_t now);

/* Frees what leaves and is named no more; behind every walk. */
int live_sweep(struct live *live, const struct model *m);

/* NULL where there is none. */
struct live_service *live_service(const struct live *live, const char *name);
struct live_service *live_service_of_number(const struct live *live, uint32_t number);
struct live_node *live_node(const struct live_service *s, const char *name);
/* What keeps packets from a node that has its way, for people; NULL: nothing. */
const char *node_why(const struct live_service *s, const struct live_node *node);
const struct live_node *live_node_by_id(const struct live_service *s, uint16_t id);

/* The id of a backend of some model; LIVE_ID_NEW, which none has, if it is not there yet. */
#define LIVE_ID_NEW (XRING_SPILL - 1)
uint16_t live_id(const struct live_service *s, const struct backend *b);

/*
 * The backends of a service of some model, as they would count now in the ring of that
 * route: for plans.
 */
int live_weigh(const struct live *live, const struct service *s, const struct route *route,
	       uint64_t now, struct plan_node *ret);
/* The same at another hour: wall is CLOCK_REALTIME, ms. */
int live_weigh_at(const struct live *live, const struct service *s, const struct route *route,
		  uint64_t now, int64_t wall, struct plan_node *ret);

/* CLOCK_REALTIME, which tests may put forward, in ms. */
int64_t live_wall_ms(const struct live *live);

/* Packets, bytes and flows of a service, also of backends that are no more. */
int live_service_traffic(const struct live *live, const struct live_service *s,
			 struct xring_traffic *ret);

/* Does a backend wait for its first check, before it gets flows? */
bool node_joins(const struct live_node *node);
bool service_joins(const struct live_service *s);

/* A service's settle time and UDP window, in tenths of a second. */
uint32_t service_settle(const struct live_service *s);
uint32_t service_window(const struct live_service *s);

#endif
