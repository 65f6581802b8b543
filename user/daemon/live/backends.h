/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_BACKENDS_H
#define XRING_DAEMON_LIVE_BACKENDS_H

#include "core/backend/health.h"
#include "core/backend/load.h"
#include "core/model/model.h"

/* One backend of a live service: its id, its template, its way, how it stands. */
struct live;
struct live_service;
struct live_times;
struct nexthop;
struct probe;

struct live_backend {
	char name[NAME_BYTES];
	struct live_service *service;
	struct xring_owner *owner;
	uint16_t id;
	uint32_t index;				/* in the rings, unless it is leaving */
	uint32_t weight;			/* configured, thousandths */
	enum backend_state state;
	uint32_t weight_now;			/* thousandths: what it counts now in the main ring */
	uint32_t weight_shown;			/* the same, as the maps show it */
	uint32_t weight_most;			/* the most that it counts in any ring */
	bool dead;				/* its flows are cut */
	bool forbidden;				/* by all rules of the service's placement */
	bool dying;				/* it is to be dead, or not */
	bool named;				/* a change that cuts is about it */
	char region[PLACE_NAME];
	char tags[TAGS_BYTES];
	bool placeless;				/* found leaving: these two are not known */
	struct address address;
	uint16_t port;
	const struct nexthop *nexthop;
	struct probe *probe;			/* its health check; NULL: none */
	struct check checked;			/* how */
	struct health health;
	char why[160];				/* what the last check said */
	uint32_t took_us;
	uint32_t pins;				/* held there, as the last walk saw it */
	uint32_t pins_now;			/* as this one has seen it so far */
	uint64_t left;				/* walks begun when it began to leave */
	struct load load;			/* beside the others of its service */
	uint64_t over;				/* the last walk in which it was over its bound */
	struct xring_traffic last;		/* as that was last looked at */
	bool looked;
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
