/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HOT_H
#define XRING_DAEMON_WATCH_HOT_H

#include "base/loop.h"
#include "core/hot/rates.h"
#include "daemon/engine/engine.h"
#include "daemon/live/events.h"

struct live_service;


/*
 * Hot keys: the sketch is read window by window, keys are judged, and those that are to be
 * split get their entries. What is set by hand goes before that, and is kept in the state
 * directory (hot.json).
 */
enum hand {
	HAND_SPLIT,
	HAND_PIN,
	HAND_EXEMPT,
};

struct hot_hand {
	char service[NAME_BYTES];
	struct key key;				/* of the service: of another one it is void */
	struct xring_flow flow;			/* that has the key */
	enum hand hand;
	uint32_t shards;			/* of HAND_SPLIT */
	char backend[NAME_BYTES];		/* of HAND_PIN */
	uint64_t since_ms;			/* CLOCK_REALTIME */
};

/* A service's slot (live_service->hot): its keys that are followed. */
struct hot_service {
	struct heat_service heat;
	struct key key;				/* that these are of */
	uint64_t packets;			/* of established flows, when last looked at */
	bool looked;
};

struct hot_watch {
	struct engine *engine;
	struct engine_listener listener;
	struct loop_timer timer;
	struct service_listener services;
	struct hot_hand *hands;
	size_t hand_count;
	uint64_t opened;			/* ns; 0: no window is open */
	uint64_t closed;			/* ns: the last one */
	uint64_t looked;			/* packets of all services then */
	uint32_t no_room;			/* keys that found none, of the last window */
	bool told_full;
};

int hot_open(struct engine *e, struct hot_watch *ret);	/* after the first flush */
void hot_close(struct hot_watch *w);

/* NULL where the key is left to itself. */
struct hot_hand *hot_hand(const struct hot_watch *w, const struct live_service *s, uint32_t hash);

/*
 * By hand; an earlier word about the key is replaced. 0, or -EINVAL, -ENOSPC, -ENOMEM with
 * nothing done.
 */
int hot_hand_set(struct hot_watch *w, const struct hot_hand *hand);
/* Undoes it, and heals a key that is split by itself; -ENOENT where there is nothing. */
int hot_clear(struct hot_watch *w, struct live_service *s, const struct xring_flow *flow);

#endif
