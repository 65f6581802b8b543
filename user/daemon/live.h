/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_LIVE_H
#define XRING_LIVE_H

#include "core/arena.h"
#include "core/cells.h"
#include "core/model.h"
#include "daemon/nexthop.h"
#include "dp/dp.h"

/*
 * What the maps hold now, and how they are brought to what the model says. The
 * order of writes lets the daemon be killed between any two of them: first the
 * backends that are new, then cells, then the VIP table, and only behind a grace
 * period is reused what nothing names any more. The next life adopts what it
 * finds and writes what is missing.
 */
struct live_node {
	char name[NAME_BYTES];
	uint16_t id;
	uint32_t index;				/* in the ring */
	uint32_t points;			/* that it is to have */
	struct address address;
	uint16_t port;
	const struct nexthop *nexthop;
	bool gone;
};

struct live_service {
	char name[NAME_BYTES];
	enum mode mode;
	struct live_node **nodes;		/* sorted by name */
	size_t node_count;
	uint32_t index_count;			/* indexes given so far */
	struct ring ring;
	struct cells cells;
	uint32_t base;
	bool has_extent;
	bool reconcile;				/* the cells may say anything: look at all */
	bool gone;
	struct xring_traffic retired;		/* of backends that are no more */
};

struct live {
	struct dp *dp;
	struct nexthop_table *nexthops;
	struct arena arena;
	struct spill_pool spills;
	struct live_service **services;		/* sorted by name */
	size_t service_count;
	struct extent *foreign;			/* adopted, but of no service */
	size_t foreign_count;
	uint16_t *stale_ids;			/* the same for backends */
	size_t stale_count;
	uint16_t id_cursor;
	struct xring_slot *slots;		/* the VIP table's entries as last written */
	size_t slot_count;
	bool slots_known;
};

struct live_report {
	uint64_t cells;				/* words written */
	uint64_t ns;				/* to the last of them */
};

int live_open(struct dp *dp, struct loop *loop, struct live **ret);
void live_close(struct live *live);

/* Takes over what the maps hold for the services of m; before the first live_apply(). */
int live_adopt(struct live *live, const struct model *m);

/* Is there room for the model? 0, or -ENOSPC and why not. */
int live_check(const struct live *live, const struct model *m, char *why, size_t size);

int live_apply(struct live *live, const struct model *m, struct live_report *ret);

/* NULL where there is none. */
struct live_service *live_service(const struct live *live, const char *name);
struct live_node *live_node(const struct live_service *s, const char *name);
/* What keeps packets from a node that has its way, for people; NULL: nothing. */
const char *node_why(const struct live_service *s, const struct live_node *node);
const struct live_node *live_node_by_id(const struct live_service *s, uint16_t id);

/* Packets, bytes and flows of a service, also of backends that are no more. */
int live_service_traffic(const struct live *live, const struct live_service *s,
			 struct xring_traffic *ret);

#endif
