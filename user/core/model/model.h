/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_MODEL_H
#define XRING_CORE_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/model/check.h"
#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/value/address.h"
#include "core/value/name.h"

struct daylight;
struct region;
struct rule;

/*
 * What is to be: services, their VIPs and their backends, as the configuration
 * and the commands say. Plain data, sorted by name where order could matter, so
 * that two models can be compared in one pass. Numbers are in host byte order,
 * addresses in network byte order.
 */
#define VNODES_DEFAULT 150u
#define FLUSH_INTERVAL_MS 1000u
#define FLUSH_CHANGES 1000u
#define PINS_DEFAULT (1u << 20)
#define DRAIN_MS (15 * 60 * 1000u)
#define TCP_IDLE_MS (6 * 60 * 1000u)
#define UDP_IDLE_MS (30 * 1000u)
#define HOT_FACTOR 5000u
#define HOT_FLOOR 100u
#define HOT_HOLD_MS (60 * 1000u)
#define HOT_SHARDS 100u
#define HOT_SHARDS_MAX 16383u
#define VIPS_MAX (XRING_VIP_SLOTS * 2 / 5)	/* entries of the VIP table that always fit */
#define INTERFACE_REGIONS_MAX 16u	/* interfaces with a region, as the datapath counts */

/* What the operator wants of a backend; whether it is alive is another matter. */
enum backend_state {
	BACKEND_ACTIVE,
	BACKEND_DRAINING,		/* no new flows; live ones stay for `drain` */
	BACKEND_MAINTENANCE,		/* the same, and it is not checked */
};

struct backend {
	char name[NAME_BYTES];
	struct address address;
	uint16_t port;			/* 0: the VIP's */
	uint32_t weight;		/* thousandths */
	enum backend_state state;
	char region[PLACE_NAME];	/* empty: none */
	char tags[TAGS_BYTES];		/* sorted, separated by commas */
};

/*
 * Keys that carry more than their part, and what is done about them. Every field is
 * a number of four bytes, so that core/model/setting.c's table serves them too.
 */
struct hot {
	uint32_t factor;		/* hot above that many thousandths of the average key */
	uint32_t floor;			/* and above that many of one backend's fair load */
	uint32_t hold_ms;		/* how long a key is hot at the least */
	uint32_t shards;		/* sub-keys that a hot key is split over */
	uint32_t split;			/* 1: hot keys are split by themselves; 0: only shown */
};

/* When no backend of a service is alive. */
enum all_down {
	ALL_DOWN_DROP,			/* counted */
	ALL_DOWN_PASS,			/* to the host's stack */
	ALL_DOWN_KEEP,			/* as if all were alive */
};

struct service {
	char name[NAME_BYTES];
	struct vip *vips;		/* in the order given */
	size_t vip_count;
	enum mode mode;
	struct key key;
	uint32_t vnodes;
	uint32_t drain_ms;		/* how long flows of a backend that goes may stay */
	uint32_t tcp_idle_ms;		/* the longest silence of a live flow */
	uint32_t udp_idle_ms;
	uint32_t slow_start_ms;		/* in which a backend that is back gains its weight */
	uint32_t panic;			/* thousandths: with less weight alive, health is not believed */
	enum all_down all_down;
	struct hot hot;
	uint32_t bound;			/* thousandths of the average load; 0: none */
	struct check check;
	struct backend *backends;	/* sorted by name */
	size_t backend_count;
	struct rule *rules;		/* in the order given */
	size_t rule_count;
	struct daylight *daylights;	/* in the order given */
	size_t daylight_count;
};

struct interface {
	char name[16];			/* IFNAMSIZ */
	char region[PLACE_NAME];	/* at which its packets enter; empty: none */
};

struct model {
	uint8_t hash_key[HASH_KEY_BYTES];
	struct interface *interfaces;	/* in the order given */
	size_t interface_count;
	uint32_t flush_interval_ms;
	uint32_t flush_changes;
	uint32_t limit_cells;		/* sizes of the maps, when they are made */
	uint32_t limit_backends;
	uint32_t limit_networks;	/* at least as many as the rules have at the start */
	uint32_t pins;			/* flows that changes may hold where they are */
	struct region *regions;		/* sorted by name */
	size_t region_count;
	struct service *services;	/* sorted by name */
	size_t service_count;
};

void model_init(struct model *m);	/* the defaults, no service, key all 0 */
void model_clear(struct model *m);	/* frees what m holds */
int model_copy(const struct model *from, struct model *ret);	/* -ENOMEM */
void service_init(struct service *s);	/* the defaults, no name, VIP or backend */

/* NULL where there is none. Pointers hold until the next change. */
struct interface *model_interface(const struct model *m, const char *name);
struct region *model_region(const struct model *m, const char *name);
struct service *model_service(const struct model *m, const char *name);
struct backend *service_backend(const struct service *s, const char *name);

/* Adds, sorted; -EEXIST, -ENOMEM. *ret (may be NULL) is the new element. */
int model_region_add(struct model *m, const char *name, struct region **ret);
int model_service_add(struct model *m, const char *name, struct service **ret);
int service_backend_add(struct service *s, const char *name, struct backend **ret);
int service_vip_add(struct service *s, const struct vip *vip);
int model_interface_add(struct model *m, const char *name);
void model_interface_remove(struct model *m, const char *name);

void model_service_remove(struct model *m, const char *name);
void service_backend_remove(struct service *s, const char *name);

bool backend_equal(const struct backend *a, const struct backend *b);

#endif
