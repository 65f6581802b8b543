/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_EVENTS_H
#define XRING_DAEMON_LIVE_EVENTS_H

#include <stddef.h>
#include <stdint.h>

struct live_key;
struct live_backend;
struct live_ring;
struct live_service;
struct plan_node;
struct ring;
struct route;

/* A change of a ring: the weights of its backends before and after. */
struct live_move {
	struct live_service *service;
	struct live_ring *ring;
	struct plan_node *before, *after;
	size_t before_count, after_count;
	const struct ring *was, *is;		/* over one table of nodes */
	uint32_t cells;				/* cells written */
	uint32_t kept;				/* of `cells`: those whose flows stay */
};

/*
 * A watcher of backends registers one. `added` is called again whenever the model's settings of the
 * backend are brought to the maps; after `gone` the backend must not be probed any more.
 */
struct backend_listener {
	struct backend_listener *next;
	void *context;
	void (*added)(void *context, struct live_backend *backend);
	void (*gone)(void *context, struct live_backend *backend);
};

/*
 * A watcher that keeps data in a slot of live_service registers one, and frees its data in
 * `gone`, when the service ends.
 */
struct service_listener {
	struct service_listener *next;
	void *context;
	void (*gone)(void *context, struct live_service *s);
};

/*
 * What live/ tells about answers that change; context is the listener's own. A function may
 * be NULL.
 */
struct live_events {
	void *context;
	void (*moved)(void *context, const struct live_move *move);
	/* A hot key's newest side has changed. */
	void (*key_moved)(void *context, const struct live_key *key);
	/* Clients of about that many networks are now answered by another ring. */
	void (*shifted)(void *context, const struct live_service *s, size_t networks,
			const struct route *from, const struct route *to);
};

#endif
