/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HEALTH_H
#define XRING_DAEMON_WATCH_HEALTH_H

#include "daemon/engine/engine.h"

/*
 * The health checks of all backends, and what becomes of their results: a backend
 * that goes down is cut at once, one that comes up is a change like any other.
 */
int health_open(struct engine *e);	/* from now on they are checked */
void health_close(struct engine *e);

/* The node is what the model says now: its check begins, goes on or ends. */
void health_node(struct engine *e, struct live_node *node);
void health_node_gone(struct live_node *node);

#endif
