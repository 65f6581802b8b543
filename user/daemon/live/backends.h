/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_BACKENDS_H
#define XRING_DAEMON_LIVE_BACKENDS_H

#include <xring/abi.h>

#include "core/backend/health.h"
#include "core/backend/load.h"
#include "core/model/model.h"

/* One backend of a live service: its id, its template, its way, how it stands. */
struct live;
struct live_service;
struct live_times;
struct nexthop;
struct probe;
struct xring_owner;

struct live_backend {
	char name[NAME_BYTES];
	struct live_service *service;
	uint16_t id;				/* the datapath's: in cells, pins and maps */
	uint32_t index;				/* among the nodes of its service's rings */
	struct xring_owner *owner;		/* the id's record in the maps, for the next daemon */

	/* As the model says; set by backends_sync(). */
	struct address address;
	uint16_t port;				/* 0: the VIP's */
	uint32_t weight;			/* thousandths */
	enum backend_state state;
	char region[PLACE_NAME];
	char tags[TAGS_BYTES];
	bool place_unknown;			/* adopted while leaving: region and tags are not known */
	bool cut_asked;				/* a change with --cut asked for this backend */

	/* What it counts, in thousandths of weight; set by backends_weigh(). */
	uint32_t weight_now;			/* in the service's main ring */
	uint32_t weight_shown;			/* the same, as the maps show it: by backends_show() */
	uint32_t weight_most;			/* the most that it counts in any ring */
	bool forbidden;				/* by all rules of the service's placement */
	bool dead_wanted;			/* what `dead` will be after backends_show() */
	bool dead;				/* its template says so, and its flows are cut */

	/* The way to it, followed by daemon/net; and its health check, by watch/health.c. */
	const struct nexthop *nexthop;
	struct probe *probe;			/* NULL: it is not checked */
	struct check checked;			/* the settings that the probe was made with */
	struct health health;
	char why[160];				/* what the last check said */
	uint32_t took_us;			/* how long the last check took */

	/* Pins that hold flows there; counted by apply/pin_walk.c. */
	uint32_t pins;				/* as the last whole walk saw them */
	uint32_t pins_now;			/* as the walk under way has seen them so far */
	uint64_t left_walk;			/* live->walk_begun when it began to leave */

	/* Its load beside the others of its service; by watch/loads.c. */
	struct load load;
	uint64_t over_walk;			/* live->walk_begun when it was last over its bound */
	struct xring_traffic last;		/* its counters as they were last looked at */
	bool looked;				/* `last` has been filled */
};

/*
 * Makes the nodes those of the model, with their ids and templates; the rest are
 * leaving. What each counts, and whether it is dead, is the answer of
 * backends_weigh() thereafter.
 */
int backends_sync(struct live *live, struct live_service *s, const struct service *model,
	       const struct live_times *times);

/* Is it this backend, at this address? */
bool backend_is(const struct live_backend *backend, const struct backend *b);

/* What of them the maps do not show yet: a death (then its flows are cut), a return. */
void backends_show(struct live *live, struct live_service *s);

/* Takes a leaving backend out; behind a grace period. */
void backend_forget(struct live *live, struct live_service *s, size_t leaving);

/* A backend that the maps know already, from the owner's record of its id. */
int backend_adopt(struct live *live, struct live_service *s, uint16_t id, bool leaving);

void backend_id_free(struct live *live, uint16_t id);
void backend_free(struct live *live, struct live_backend *backend);
void backend_hop_changed(void *live, const struct nexthop *nh);

/* What keeps packets from a backend that has its way, for people; NULL: nothing. */
const char *backend_why(const struct live_service *s, const struct live_backend *backend);

/* The id of a backend of some model; LIVE_ID_NEW, which none has, if it is not there yet. */
#define LIVE_ID_NEW (XRING_SPILL - 1)
uint16_t live_id(const struct live_service *s, const struct backend *b);

#endif
