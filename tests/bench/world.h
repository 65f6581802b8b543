/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_WORLD_H
#define XRING_BENCH_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

#include "core/ring/cells.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "core/vip/template.h"

struct bpf_object;

/* One xring.bpf.o, loaded, and what its maps are filled with. */
struct world {
	struct bpf_object *obj;
	int program;
	struct xring_config *config;
	struct xring_vips *vips;
	uint64_t *cells;
	struct xring_backend *backends;
	int counters;
	int traffic;
	int events;
	struct spill_pool spills;
	uint32_t cells_used, cells_max;
	uint32_t ids_used;
	struct xring_slot *entries;	/* the VIP table to be */
	size_t entry_count;
};

/* A service of that world: port 80/tcp, keyed by flow, backends of weight 1. */
struct served {
	enum mode mode;
	int family;			/* of the VIP */
	int to_family;			/* of its backends */
	uint32_t backend_count;
	uint32_t joining;		/* the last of them: not in the ring before a change */
	uint32_t ifindex;		/* where they are */
	/* The answers */
	struct address vip;
	uint32_t ids;			/* its first backend's id */
	struct cells cells;
};

#define WORLD_PORT 80
#define WORLD_MAC "\x02\x00\x00\x01\x00\x01"	/* where frames go: this host's */

void world_open(const char *path, struct world *ret);
void world_fill(struct bpf_object *obj, struct world *ret);	/* one without the program */
void world_close(struct world *world);
void world_serve(struct world *world, struct served *service);
void world_publish(struct world *world);	/* the VIP table, after the last service */
/*
 * A change begins: the first `leaving` backends leave the ring, and those that are
 * joining come with so many virtual nodes.
 */
void world_change(struct served *service, uint32_t leaving, uint32_t vnodes);
void world_replies(struct world *world, bool on);	/* does it look for nat replies? */

/* Number i of a kind of address: of ranges for benchmarks and documentation. */
enum address_kind {
	ADDRESS_VIP,
	ADDRESS_BACKEND,
	ADDRESS_OWN,
};
struct address world_address(int family, enum address_kind kind, uint16_t i);

void world_counters(const struct world *world, uint64_t ret[XRING_CNT_MAX]);
void world_events(const struct world *world, uint64_t ret[XRING_EVENT_MAX]);
uint64_t world_packets(const struct world *world, const struct served *service);

/* A ring of nodes "b0", "b1"... with as many virtual nodes each. */
void world_ring(uint32_t nodes, uint32_t vnodes, struct ring *ret);

#endif
