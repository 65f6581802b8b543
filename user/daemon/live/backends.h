/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_BACKENDS_H
#define XRING_DAEMON_LIVE_BACKENDS_H

#include "daemon/live/live.h"

/* One backend of a live service: its id, its template, its way. */
struct live_service *live_service_get(struct live *live, const char *name);	/* makes it */

/*
 * Makes the nodes those of the model, with their ids and templates; the rest are
 * leaving. What each counts, and whether it is dead, is the answer of
 * nodes_weigh() thereafter.
 */
int nodes_sync(struct live *live, struct live_service *s, const struct service *model,
	       const struct live_times *times);

/* *ret_next: when the answer changes by time (0: never). True where it changed now. */
bool nodes_weigh(const struct live *live, struct live_service *s, const struct service *model,
		 uint64_t now, uint64_t *ret_next);

/* Is it this backend, at this address? */
bool node_is(const struct live_node *node, const struct backend *b);

/* What of them the maps do not show yet: a death (then its flows are cut), a return. */
void nodes_show(struct live *live, struct live_service *s);

/* Takes a leaving node out; behind a grace period. */
void node_forget(struct live *live, struct live_service *s, size_t leaving);

/* A node that the maps know already, from the owner's record of its id. */
int node_adopt(struct live *live, struct live_service *s, uint16_t id, bool leaving);

void node_id_free(struct live *live, uint16_t id);
void node_free(struct live *live, struct live_node *node);
void node_hop_changed(void *live, const struct nexthop *nh);

#endif
