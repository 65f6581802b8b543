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
struct route;

/* A ring of a service has changed: what its backends counted before and after. */
struct live_move {
	struct live_service *service;
	struct live_ring *ring;
	struct plan_node *before, *after;
	size_t before_count, after_count;
	uint32_t cells;				/* words written */
	uint32_t kept;				/* of them, those of cells whose flows stay */
};

/*
 * What live/ tells of backends; both may be NULL. `added` comes again whenever the model's
 * settings of the backend are brought to the maps; after `gone` the backend is checked no more.
 */
struct backend_events {
	void *context;
	void (*added)(void *context, struct live_backend *backend);
	void (*gone)(void *context, struct live_backend *backend);
};

/* Who keeps something in a service's slot hears of its end, and frees that. */
struct service_listener {
	struct service_listener *next;
	void *context;
	void (*gone)(void *context, struct live_service *s);
};

/*
 * What live/ tells of answers that change; context is the listener's own. A NULL is
 * not called.
 */
struct live_events {
	void *context;
	void (*moved)(void *context, const struct live_move *move);
	/* A hot key's newest side has changed. */
	void (*key_moved)(void *context, const struct live_key *key);
	/* Clients of so many networks have got another ring. */
	void (*shifted)(void *context, const struct live_service *s, size_t networks,
			const struct route *from, const struct route *to);
};

#endif
