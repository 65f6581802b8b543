/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_MODEL_H
#define XRING_CORE_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/model/placement.h"

/*
 * What is to be: services, their VIPs and their backends, as the configuration
 * and the commands say. Plain data, sorted by name where order could matter, so
 * that two models can be compared in one pass. Numbers are in host byte order,
 * addresses in network byte order.
 */
#define WEIGHT_ONE 1000u		/* weights are in thousandths */
#define WEIGHT_MAX (1000u * WEIGHT_ONE)
#define VNODES_DEFAULT 150u
#define VNODES_MAX 10000u
#define NAME_BYTES 64			/* with the final NUL */
#define FLUSH_INTERVAL_MS 1000u
#define FLUSH_CHANGES 1000u
#define HASH_KEY_BYTES 16
#define PINS_DEFAULT (1u << 20)
#define DRAIN_MS (15 * 60 * 1000u)
#define TCP_IDLE_MS (6 * 60 * 1000u)
#define UDP_IDLE_MS (30 * 1000u)
#define HOT_FACTOR 5000u
#define HOT_FLOOR 100u
#define HOT_HOLD_MS (60 * 1000u)
#define HOT_SHARDS 100u
#define HOT_SHARDS_MAX 16383u
#define INTERFACE_REGIONS_MAX 16u	/* interfaces with a region, as the datapath counts */

struct address {
	int family;			/* AF_INET or AF_INET6; 0: none */
	uint8_t bytes[16];		/* IPv4 in the first 4, the rest 0 */
};

struct vip {
	struct address address;
	uint16_t port;			/* 0: any */
	uint8_t protocol;		/* IPPROTO_TCP or IPPROTO_UDP */
};

enum mode {
	MODE_NAT,
	MODE_L2,
	MODE_IPIP,
};

enum key_kind {
	KEY_FLOW,
	KEY_CLIENT,
	KEY_CLIENT_PREFIX,
	KEY_CLIENT_PORT,
};

struct key {
	enum key_kind kind;
	uint8_t prefix4;		/* bits; of KEY_CLIENT_PREFIX alone, else 0 */
	uint8_t prefix6;
};

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

enum check_kind {
	CHECK_NONE,
	CHECK_TCP,			/* a handshake */
	CHECK_HTTP,
	CHECK_HTTPS,			/* the certificate is not verified */
	CHECK_ICMP,			/* echo */
};

/* How the health of a service's backends is checked. */
struct check {
	enum check_kind kind;
	uint16_t port;			/* 0: the backend's, or the VIP's */
	uint32_t interval_ms;
	uint32_t timeout_ms;
	uint32_t rise;			/* good results in a row that bring one up */
	uint32_t fall;			/* bad ones that bring one down */
	uint32_t jitter;		/* thousandths of the interval, either way */
	char path[256];			/* HTTP: of the request */
	char host[256];			/* HTTP: the Host header; empty: the address */
	uint16_t status_min;		/* HTTP: what is good, 200 to 399 by default */
	uint16_t status_max;
};

/*
 * Keys that carry more than their part, and what is done about them. Every field is
 * a number of four bytes, so that core/setting.c's table serves them too.
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

bool address_equal(const struct address *a, const struct address *b);
bool vip_equal(const struct vip *a, const struct vip *b);
bool key_equal(const struct key *a, const struct key *b);
bool check_equal(const struct check *a, const struct check *b);
bool backend_equal(const struct backend *a, const struct backend *b);

/* Virtual nodes of a weight: round(weight * vnodes), half up, at least 1 above 0. */
uint32_t weight_points(uint32_t weight, uint32_t vnodes);

/*
 * Is the model one that can run? The first thing wrong, as a message that says
 * the value and what was wanted; where it stands is told by `at`, for a caller
 * that knows lines and columns.
 */
enum model_part {
	PART_SERVICE,			/* the service as a whole */
	PART_VIP,			/* its VIP number `index` */
	PART_CHECK,			/* its check */
	PART_BACKEND_ADDRESS,
	PART_BACKEND_PORT,
	PART_BACKEND,
	PART_BACKEND_REGION,
	PART_REGION,			/* of the model, not of a service */
	PART_REGION_TIMEZONE,
	PART_INTERFACE_REGION,		/* of the model's interface number `index` */
	PART_RULE,			/* its rule number `index` */
	PART_RULE_CLIENTS,
	PART_RULE_CONSTRAINT,		/* number `item` of rule `index` */
	PART_RULE_PREFERENCE,
	PART_RULE_STRATEGY,
	PART_DAYLIGHT,			/* number `index` of its schedule */
	PART_DAYLIGHT_REGION,
};
struct model_error {
	char message[256];
	const struct service *service;
	const struct backend *backend;	/* of the PART_BACKEND ones */
	const struct region *region;	/* of the PART_REGION ones, which have no service */
	size_t index;
	size_t item;
	enum model_part at;
};
int model_check(const struct model *m, struct model_error *ret);	/* 0, -EINVAL */

/*
 * The three-way rule of a changed file: what differs between the file as it was
 * last loaded and as it is now is done to the running model; what commands
 * changed and the file did not, stays. running is replaced; -ENOMEM.
 */
int model_merge(struct model *running, const struct model *loaded, const struct model *file);

/* Are they one but for their backends? */
bool service_same_but_backends(const struct service *a, const struct service *b);

bool model_equal(const struct model *a, const struct model *b);

#endif
