/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_SERVICES_H
#define XRING_DAEMON_LIVE_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "core/ring/moving.h"
#include "core/value/name.h"
#include "core/value/number.h"

/* What the daemon knows of one service in the maps. */
#define FLOWS_SAMPLES 40

struct home_network;
struct home_service;
struct hot_service;
struct live;
struct live_backend;
struct live_classes;
struct live_ring;
struct model;
struct rule_counters;
struct service;

struct live_service {
	char name[NAME_BYTES];
	const struct service *model;		/* in the running model; NULL: not there */
	struct hot_service *hot;		/* the slot of watch/hot.c; NULL: empty */
	struct home_service *home;		/* the slot of watch/homes.c; NULL: empty */
	enum mode mode;
	uint32_t tunnel_source;			/* core/model/tunnel_source.h: of the model's, too */
	struct gue gue;				/* service_gue() */
	struct key key;
	bool key_known;
	bool rekeyed;				/* key changed: a whole walk must remove all pins */
	uint32_t drain_ms, tcp_idle_ms, udp_idle_ms;
	struct density density;
	struct live_backend **backends;		/* sorted by name */
	size_t backend_count;
	struct live_backend **leaving;
	size_t leaving_count;
	uint32_t index_count;			/* live_backend.index: given so far */
	uint32_t number;			/* in slots, classes and hot keys; from 1 */
	uint32_t key_count;			/* hot keys with an entry (hot_keys.h) */
	uint32_t keys_moving;			/* number of keys that move */
	struct live_ring *main;			/* answers the clients that no rule names */
	struct live_ring **rings;		/* all rings, `main` included */
	size_t ring_count;
	struct live_classes *classes;		/* NULL: no rules (daemon/live/classes.h) */
	struct rule_counters **rule_counters;		/* by rule: packets by region */
	size_t rule_counter_count;
	struct home_network *homes;		/* networks with a home, sorted; watch/homes.c */
	size_t home_count;
	uint64_t homes_serial;			/* one more for each change of `homes` */
	bool gone;				/* not in the model: live_cleanup() frees it */
	bool failed;				/* the last live_apply() could not bring it to the model */
	uint64_t settled;			/* live->walk_begun when cells last settled */
	uint32_t look;				/* cells with LOOK after the last walk; 1: unknown */
	uint32_t pins;				/* that differ from the ring: last whole walk */
	uint32_t pins_now;			/* the same, of the walk under way */
	struct xring_traffic retired;		/* counters of backends that were freed */
	uint64_t flows[FLOWS_SAMPLES];		/* flows begun, sampled by watch/new_flows.c */
	uint32_t flow_samples;			/* samples taken so far, also those overwritten */
};

/*
 * Points each service's `model` into m, which must live as long. Call whenever another model
 * becomes the running one.
 */
void live_models_set(struct live *live, const struct model *m);

/* The service of that name; NULL: there is none. */
struct live_service *live_service(const struct live *live, const char *name);
/* The same, made if it does not exist; NULL: no memory, or no number is free. */
struct live_service *live_service_get(struct live *live, const char *name);
struct live_service *live_service_of_number(const struct live *live, uint32_t number);
/* Gives the service that number, by which the maps know it; who has it gets the service's. */
void service_number_set(struct live *live, struct live_service *s, uint32_t number);
struct live_backend *live_backend(const struct live_service *s, const char *name);
const struct live_backend *live_backend_by_id(const struct live_service *s, uint16_t id);

/* Does a backend wait for its first check, before it gets flows? */
bool backend_joins(const struct live_backend *backend);
bool service_joins(const struct live_service *s);
/* Does any backend of the service wait for its way back (ways_back.h)? */
bool service_waits(const struct live_service *s);

/* The times that govern the service's changes, for core/ring/moving.h; now: ns. */
struct moving_times service_times(const struct live_service *s, uint64_t now);

/* Cells, a key or a class of the service have settled: the next walk looks for the flows' pins. */
void service_settled(struct live *live, struct live_service *s);

/* The service's settle time and UDP window, in tenths of a second. */
uint32_t service_settle(const struct live_service *s);
uint32_t service_window(const struct live_service *s);

/* Number of cells that move, in all rings of the service. */
uint32_t service_moving(const struct live_service *s);

/* Packets, bytes and flows of the service, also of backends that were forgotten. */
int live_service_traffic(const struct live *live, const struct live_service *s,
			 struct xring_traffic *ret);

#endif
