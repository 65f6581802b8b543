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
#include "core/value/vip.h"

struct daylight;
struct density;
struct region;
struct rule;

/*
 * The model: services, their VIPs and their backends, as the configuration and the commands
 * want them; what really runs is the daemon's matter. Plain data, sorted by name where the
 * order of the file means nothing, so that two models can be compared in one pass. Numbers
 * are in host byte order, addresses in network byte order.
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
#define INTERFACE_REGIONS_MAX 16u	/* interfaces with a region that the datapath can count */

/* What the operator wants of a backend, whether it is alive or not. */
enum backend_state {
	BACKEND_ACTIVE,
	BACKEND_DRAINING,		/* no new flows; live flows may stay for `drain` */
	BACKEND_MAINTENANCE,		/* like draining, and health is not checked */
};

struct backend {
	char name[NAME_BYTES];
	struct address address;
	uint16_t port;			/* 0: the VIP's port */
	uint32_t weight;		/* thousandths */
	enum backend_state state;
	char region[PLACE_NAME];	/* empty: none */
	char tags[TAGS_BYTES];		/* sorted, separated by commas */
};

/*
 * How hot keys (keys with far more traffic than the average) are found and split. All
 * fields are uint32_t, so that the table of core/model/setting.c serves them too.
 */
struct hot {
	uint32_t factor;		/* thousandths of the average key's rate: above it is hot */
	uint32_t floor;			/* thousandths of a backend's fair load: and above this */
	uint32_t hold_ms;		/* how long a key stays hot at least */
	uint32_t shards;		/* the number of sub-keys that a hot key is split into */
	uint32_t split;			/* 1: hot keys are split automatically; 0: only shown */
	uint32_t proven;		/* 1: of them, only keys whose packets are proven */
};

/* How mode gue wraps. 0: as the model says, whose 0 is GUE_VARIANT and XRING_GUE_PORT. */
struct gue {
	uint32_t variant;		/* the variant and 1 */
	uint32_t port;
};
#define GUE_VARIANT 1

/* What happens to packets when no backend of a service is alive. */
enum all_down {
	ALL_DOWN_DROP,			/* dropped, and counted */
	ALL_DOWN_PASS,			/* passed to the host's network stack */
	ALL_DOWN_KEEP,			/* balanced as if all backends were alive */
};

struct service {
	char name[NAME_BYTES];
	struct vip *vips;		/* in the order given */
	size_t vip_count;
	enum mode mode;
	struct key key;
	uint32_t vnodes;		/* virtual nodes of a backend of one unit of weight */
	uint32_t weight_unit;		/* thousandths */
	uint32_t drain_ms;		/* how long flows of a removed or draining backend stay */
	uint32_t tcp_idle_ms;		/* a flow that is silent for longer is not live any more */
	uint32_t udp_idle_ms;
	uint32_t slow_start_ms;		/* time in which a recovered backend regains its weight */
	uint32_t panic;			/* thousandths: with less weight alive, health is ignored */
	enum all_down all_down;
	struct hot hot;
	struct gue gue;
	uint32_t tunnel_source;		/* core/model/tunnel_source.h */
	uint32_t mss;			/* mode nat: the greatest that a SYN may say; 0: any */
	uint32_t too_big;		/* 1: whoever sends what is too big is not told */
	uint32_t dscp;			/* 1: the outer header does not have that of the packet */
	uint32_t bound;			/* thousandths of a backend's average load; 0: no bound */
	struct check check;
	struct check agent;		/* how the backends' agents are asked; no kind: they have none */
	struct backend *backends;	/* sorted by name */
	size_t backend_count;
	struct rule *rules;		/* in the order given */
	size_t rule_count;
	struct daylight *daylights;	/* in the order given */
	size_t daylight_count;
};

#define INTERFACE_VLANS 64		/* of one interface by number */
struct interface {
	char name[16];			/* IFNAMSIZ */
	char region[PLACE_NAME];	/* where packets on this interface enter; empty: none */
	bool any_mac;			/* frames to any MAC address are taken */
	bool no_program;		/* attach: false: no program of xring's is attached to it */
	bool all_vlans;			/* frames with any one or two VLAN tags are taken */
	uint8_t vlan_count;
	uint32_t vlans[INTERFACE_VLANS]; /* outer VLAN; inner one, or 0, in the high 16 bits */
};

struct model {
	uint8_t hash_key[HASH_KEY_BYTES];
	struct interface *interfaces;	/* in the order given */
	size_t interface_count;
	uint32_t flush_interval_ms;
	uint32_t flush_changes;
	uint32_t limit_cells;		/* sizes of the maps, used when the maps are made */
	uint32_t limit_backends;
	uint32_t limit_fragments;	/* datagrams in fragments under way */
	uint32_t limit_networks;	/* at least; more if the rules have more at the start */
	bool reload_guard;		/* a reload that removes much is refused (core/model/guard.h) */
	uint32_t tunnel_source;		/* of services that have none of their own */
	struct gue gue;			/* likewise */
	bool echo_passes;		/* echo: pass: echo requests for VIPs are not answered */
	uint32_t pins;			/* flows that changes may hold where they are */
	struct region *regions;		/* sorted by name */
	size_t region_count;
	struct service *services;	/* sorted by name */
	size_t service_count;
};

void model_init(struct model *m);	/* the defaults, no service, hash_key all 0 */
void model_clear(struct model *m);	/* frees what m holds, not m */
int model_copy(const struct model *from, struct model *ret);	/* -ENOMEM */
void service_init(struct service *s);	/* the defaults, no name, VIP or backend */

/* Look-ups; NULL: there is none of that name. Pointers are valid until the model next changes. */
struct interface *model_interface(const struct model *m, const char *name);
struct region *model_region(const struct model *m, const char *name);
struct service *model_service(const struct model *m, const char *name);
struct backend *service_backend(const struct service *s, const char *name);

/*
 * Add an element in its sorted place; -EEXIST, -ENOMEM. *ret (ret may be NULL) is the new
 * element.
 */
int model_region_add(struct model *m, const char *name, struct region **ret);
int model_service_add(struct model *m, const char *name, struct service **ret);
int service_backend_add(struct service *s, const char *name, struct backend **ret);
int service_vip_add(struct service *s, const struct vip *vip);
/* What counts for a service: the port, and the variant by itself. */
struct gue service_gue(const struct model *m, const struct service *s);
int model_interface_add(struct model *m, const char *name);
void model_interface_remove(struct model *m, const char *name);

void model_service_remove(struct model *m, const char *name);
void service_backend_remove(struct service *s, const char *name);

struct density service_density(const struct service *s);

bool backend_equal(const struct backend *a, const struct backend *b);

#endif
