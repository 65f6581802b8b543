/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_BACKENDS_H
#define XRING_DAEMON_LIVE_BACKENDS_H

#include <xring/abi.h>

#include "core/backend/agent.h"
#include "core/backend/health.h"
#include "core/backend/load.h"
#include "core/model/model.h"

/* One backend of a live service: its id, template, next hop and state. */
struct backend_agent;
struct live;
struct live_service;
struct live_times;
struct nexthop;
struct sharer;
struct xring_owner;

struct live_backend {
	char name[NAME_BYTES];
	struct live_service *service;
	uint16_t id;				/* the datapath's: in cells, pins and maps */
	uint32_t index;				/* index of its node in the rings of its service */
	struct xring_owner *owner;		/* the id's record in the maps, for the next daemon */

	/* As the model says; set by backends_sync(). */
	struct address address;
	uint16_t port;				/* host byte order; 0: the VIP's port */
	uint32_t weight;			/* thousandths */
	enum backend_state state;		/* or as its agent says, where the model says active */
	char region[PLACE_NAME];
	char tags[TAGS_BYTES];
	bool place_unknown;			/* adopted while leaving: region and tags are not known */
	bool cut_asked;				/* a change with --cut asked for this backend */

	/* Effective weights, in thousandths; set by backends_weigh(). */
	uint32_t weight_now;			/* in the service's main ring */
	uint32_t weight_shown;			/* the same in the maps; by backends_show() */
	uint32_t weight_most;			/* the greatest effective weight in any ring */
	bool forbidden;				/* by all rules of the service's placement */
	bool waits;				/* for its way back (ways_back.h): it gets nothing */
	bool waited;				/* until now: its weight is not in the maps yet */
	bool dead_wanted;			/* what `dead` will be after backends_show() */
	bool dead;				/* its template says so, and its flows are cut */

	/* The route and neighbour, followed by daemon/net; the health check, by watch/health.c. */
	const struct nexthop *nexthop;
	struct sharer *check;			/* NULL: the service has no health check */
	struct check checked;			/* the settings that `check` was made with */
	struct health health;
	struct backend_agent *agent;		/* the slot of watch/agents.c; NULL: empty */
	char why[160];				/* result of the last probe, for people */
	uint32_t took_us;			/* duration of the last probe */

	/* Pins that hold flows at this backend; counted by apply/pin_walk.c. */
	uint32_t pins;				/* as the last whole walk saw them */
	uint32_t pins_now;			/* as the walk under way has seen them so far */
	uint64_t left_walk;			/* live->walk_begun when it began to leave */

	/* Its share of the service's load; set by watch/loads.c. */
	struct load load;
	uint64_t over_walk;			/* live->walk_begun when it was last over its bound */
	struct xring_traffic last;		/* its counters when watch/loads.c last read them */
	bool looked;				/* `last` holds counters */
};

/*
 * Makes the service's backends those of the model, with ids and templates; backends that the
 * model does not have begin to leave. backends_weigh() then decides what each backend weighs,
 * and whether it is dead.
 */
int backends_sync(struct live *live, struct live_service *s, const struct service *model,
	       const struct live_times *times);

/* How many of the model's backends need an id that they do not have yet. s may be NULL. */
size_t backends_new(const struct live_service *s, const struct service *model);

/* What the backend's agent has said, as it counts; it is kept in the maps for the next daemon. */
struct agent_word backend_agent(const struct live_backend *backend);
void backend_agent_set(const struct live_backend *backend, const struct agent_word *word);
/* What the operator wants of the model's backend b, or, where that is nothing special, its agent. */
enum backend_state backend_state_wanted(const struct live_backend *backend, const struct backend *b);

/* Does the model's backend b have this name, address and port? */
bool backend_is(const struct live_backend *backend, const struct backend *b);

/*
 * Writes deaths, returns and templates of the service's backends to the maps. A death cuts
 * the backend's flows.
 */
void backends_show(struct live *live, struct live_service *s);

/* Frees the leaving backend number `leaving` and its id. Call after a grace period. */
void backend_forget(struct live *live, struct live_service *s, size_t leaving);

/* Takes over a backend that the maps hold, from the owner's record of its id. */
int backend_adopt(struct live *live, struct live_service *s, uint16_t id, bool leaving);

void backend_id_free(struct live *live, uint16_t id);
void backend_free(struct live *live, struct live_backend *backend);
void backend_hops_changed(void *live);

/* Why no packet can be sent to the backend, for people; NULL: packets can be sent. */
const char *backend_why(const struct live_service *s, const struct live_backend *backend);

/* The id of a model's backend; LIVE_ID_NEW, which no backend has, if the maps do not hold it. */
#define LIVE_ID_NEW (XRING_SPILL - 1)
uint16_t live_id(const struct live_service *s, const struct backend *b);

#endif
