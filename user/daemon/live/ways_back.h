/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_WAYS_BACK_H
#define XRING_DAEMON_LIVE_WAYS_BACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/vip.h>

#include "core/value/address.h"

/*
 * A way back through nat is an address and port from which a backend replies, and the VIP that
 * these replies get. It leads to one VIP at a time. A backend that leaves has its way back for as
 * long as it may have flows. A backend of another VIP that the model puts at the same address and
 * port waits until then: it has a weight of 0, and the VIP table does not have its way back. Who
 * has a way back stands in the VIP table alone, so that neither a kill nor a change that is undone
 * can make anything else of it.
 */
struct live;
struct live_backend;
struct model;
struct service;

struct way_back {
	struct xring_slot slot;			/* as in the VIP table */
	const struct live_backend *of;		/* the backend that leaves */
	uint64_t until;				/* when (ns) its flows are cut at the latest */
};

struct ways_back {
	struct way_back *list;			/* sorted by port word and address */
	size_t count;
};

/*
 * The ways back of backends that leave, or would leave with model m (NULL: the model that runs).
 * cut: what leaves with that model is cut, and so has none. -ENOMEM.
 */
int ways_back_new(const struct live *live, const struct model *m, uint64_t now, bool cut,
		  struct ways_back *ret);
void ways_back_clear(struct ways_back *ways);

/* The same of the model that runs, kept in live->ways: at the begin of each live_apply(). */
int ways_back_look(struct live *live, uint64_t now, bool cut);
/* Takes those from live->ways whose backend the datapath knows to be dead; and those of a backend. */
void ways_back_bury(struct live *live);
void ways_back_forget(struct live *live, const struct live_backend *backend);

/*
 * Which backend of another VIP has a way back that a backend of s would need at this address and
 * port (0: the VIP's)? NULL: none.
 */
const struct way_back *way_back_taken(const struct ways_back *ways, const struct service *s,
				      const struct address *address, uint16_t port);

/* The same for one entry that the VIP table would get. */
bool way_back_is_taken(const struct ways_back *ways, const struct xring_slot *slot);

#endif
