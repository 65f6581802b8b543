/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HOT_H
#define XRING_DAEMON_WATCH_HOT_H

#include "base/loop.h"
#include "core/hot/rates.h"
#include "daemon/engine/engine.h"
#include "daemon/live/events.h"

struct live_service;

/*
 * Hot keys: reads the datapath's sketch window by window, judges keys, and gives entries to
 * the keys that must be split. What is set by hand comes first, and is kept in the state
 * directory (hot.json).
 */
enum hand {
	HAND_SPLIT,
	HAND_PIN,
	HAND_EXEMPT,
};

struct hot_hand {
	char service[NAME_BYTES];
	struct key key;				/* the service's; with another one this is void */
	struct xring_flow flow;			/* a flow that has the key */
	uint32_t hash;				/* of the key, as the maps have it */
	enum hand hand;
	uint32_t shards;			/* with HAND_SPLIT */
	char backend[NAME_BYTES];		/* with HAND_PIN */
	uint64_t since_ms;			/* CLOCK_REALTIME */
};

/* A service's slot (live_service->hot): the keys that are followed. */
struct hot_service {
	struct heat_service heat;
	struct key key;				/* the service's, when `heat` began */
	uint64_t packets;			/* packets of established flows at the last look */
	bool looked;				/* `packets` is known */
};

struct hot_watch {
	struct engine *engine;
	struct engine_listener listener;
	struct loop_timer timer;
	struct service_listener services;
	struct hot_hand *hands;			/* sorted (watch/hands.h) */
	size_t hand_count;
	uint64_t opened;			/* ns; 0: no window is open */
	bool blocks;				/* windows count blocks of packets: they are very many */
	uint64_t closed;			/* ns: when the last window was closed */
	uint64_t looked;			/* packets of all services at that time */
	uint32_t no_room;			/* keys without room at the last apply */
	bool told_full;				/* the log says already that there was no room */
};

int hot_open(struct engine *e, struct hot_watch *ret);	/* after the first flush */
void hot_close(struct hot_watch *w);

/* Sets a key by hand, in place of what was set before, or does nothing and says why. */
int hot_hand_set(struct hot_watch *w, const struct hot_hand *hand, struct why *why);
/*
 * Undoes what is set by hand, and heals a key that was split automatically, or does nothing
 * and says why.
 */
int hot_clear(struct hot_watch *w, struct live_service *s, const struct xring_flow *flow,
	      struct why *why);

#endif
