/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_LIVE_NODE_H
#define XRING_LIVE_NODE_H

#include "daemon/live.h"

/* One backend of a live service: its id, its template, its way. */
struct live_service *live_service_get(struct live *live, const char *name);	/* makes it */

/* Makes the nodes those of the model, with their ids and templates; the rest are gone. */
int nodes_sync(struct live *live, struct live_service *s, const struct service *model);

/* Behind a grace period: frees the gone ones and their ids. */
void nodes_forget(struct live *live, struct live_service *s);

/* A node that the maps know already. */
int node_adopt(struct live_service *s, const char *name, uint16_t id);

void node_id_free(struct live *live, uint16_t id);
void node_free(struct live *live, struct live_node *node);
void node_hop_changed(void *live, const struct nexthop *nh);

#endif
