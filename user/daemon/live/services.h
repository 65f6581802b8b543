/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_SERVICES_H
#define XRING_DAEMON_LIVE_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/ring/moving.h"
#include "core/value/name.h"

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
	const struct service *model;		/* as it runs; NULL: the model has it no more */
	struct hot_service *hot;		/* a slot for each watcher: of watch/hot.c, */
	struct home_service *home;		/* and of watch/homes.c; NULL: it knows nothing */
	enum mode mode;
	struct key key;
	bool key_known;
	bool rekeyed;				/* pins of the key before are to go */
	uint32_t drain_ms, tcp_idle_ms, udp_idle_ms;
	uint32_t vnodes;
	struct live_backend **backends;		/* sorted by name */
	size_t backend_count;
	struct live_backend **leaving;
	size_t leaving_count;
	uint32_t index_count;			/* indexes given so far */
	uint32_t number;			/* in its slots, 1 and up */
	uint32_t key_count;			/* that have an entry (daemon/live/hot_keys.h) */
	uint32_t keys_moving;
	struct live_ring *main;			/* of clients that no rule tells apart */
	struct live_ring **rings;		/* all, the main one too */
	size_t ring_count;
	struct live_classes *classes;		/* of its clients (daemon/live/classes.h); NULL: none */
	struct rule_counters **rule_counters;		/* what its rules sent where */
	size_t rule_counter_count;
	struct home_network *homes;			/* of client networks, sorted */
	size_t home_count;
	uint64_t homes_serial;			/* counted up where they change */
	bool gone;
	uint64_t settled;			/* walks begun when cells last settled */
	uint32_t look;				/* cells, as the last walk left them */
	uint32_t pins;				/* that differ from the ring, as it saw them */
	uint32_t pins_now;			/* the walk's own */
	struct xring_traffic retired;		/* of backends that are no more */
	uint64_t flows[FLOWS_SAMPLES];		/* begun, as looked at (daemon/watch/new_flows.h) */
	uint32_t flow_samples;
};

/*
 * Each service's `model` is that of m from now on, which must live as long; whenever the
 * model that runs becomes another one.
 */
void live_models_set(struct live *live, const struct model *m);

/* NULL where there is none. */
struct live_service *live_service(const struct live *live, const char *name);
struct live_service *live_service_of_number(const struct live *live, uint32_t number);
/* Makes it if need be; NULL: no memory, or no number is free. */
struct live_service *live_service_get(struct live *live, const char *name);
struct live_backend *live_backend(const struct live_service *s, const char *name);
const struct live_backend *live_backend_by_id(const struct live_service *s, uint16_t id);

/* Does a backend wait for its first check, before it gets flows? */
bool backend_joins(const struct live_backend *backend);
bool service_joins(const struct live_service *s);

/* The times of its changes, for core/ring/moving.h; now: ns. */
struct moving_times service_times(const struct live_service *s, uint64_t now);

/* Something of it has settled: its flows' pins are looked for from now on. */
void service_settled(struct live *live, struct live_service *s);

/* A service's settle time and UDP window, in tenths of a second. */
uint32_t service_settle(const struct live_service *s);
uint32_t service_window(const struct live_service *s);

/* Cells that move, of all its rings. */
uint32_t service_moving(const struct live_service *s);

/* Packets, bytes and flows of a service, also of backends that are no more. */
int live_service_traffic(const struct live *live, const struct live_service *s,
			 struct xring_traffic *ret);

#endif
