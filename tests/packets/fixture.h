/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_FIXTURE_H
#define XRING_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <xring/abi.h>

#include "core/ring/cells.h"
#include "core/model/model.h"

/*
 * The datapath without a daemon: a configuration in YAML, its maps filled, and
 * packets through BPF_PROG_TEST_RUN in a network namespace of the test's own,
 * which has the interface "out" (10.1.0.1/16, fd00:1::1/64) with the neighbour
 * CLIENT_MAC at 10.1.0.2 and fd00:1::2.
 */
#define OUT_MAC "\x02\x00\x00\x00\x00\x01"
#define CLIENT_MAC "\x02\x00\x00\x00\x00\x02"
#define HOP_MAC "\x02\x00\x00\x00\x00\x0a"
#define OWN_MAC "\x02\x00\x00\x00\x00\x0b"
#define FRAME_MAC "\x02\x00\x00\x00\x00\x63"	/* where frames go: this host's */
#define HOP_MTU 1500

struct world;

/* Begin with the second template of each backend as the one that counts? */
extern bool world_second;

/* Of services alone: the rest of the configuration is given. */
struct world *world_new(const char *services);
void world_free(struct world *w);

struct world_way {
	uint32_t ifindex;		/* 0: unresolved; 1: where packets come in (TX) */
	uint16_t mtu;
	uint32_t tags;			/* XRING_TAGS() of frames there */
};
/* Every backend's way; resolved, by ifindex 1, to begin with. */
void world_way(struct world *w, struct world_way way);

/* Adds a MAC address of this host, or an interface that takes frames to any (struct xring_mac). */
void world_mac_add(struct world *w, const struct xring_mac *key);

/* Has frames with these tags taken that come in by interface 1, as if they came in at `ingress`. */
void world_vlan_add(struct world *w, uint32_t tags, uint32_t ingress);

struct xring_config *world_config(struct world *w);
struct model *world_model(struct world *w);
const uint64_t *world_hash_key(struct world *w);

/* Whom the ring names for a hash; NULL: nobody. */
const struct backend *world_owner(struct world *w, const char *service, uint32_t hash);
struct xring_traffic world_traffic(struct world *w, const char *service, const char *backend);

/* Packets dropped for a reason that are counted as a service's (backend NULL), or as a backend's. */
uint64_t world_dropped(struct world *w, const char *service, const char *backend, enum xring_counter reason);

/* A map's file descriptor, which stays the world's. */
int world_map(struct world *w, const char *name);

/* Makes entries of others until the table of drops takes no more. */
void world_drops_fill(struct world *w);

/* How many datagrams in fragments are remembered. */
size_t world_fragments(struct world *w);

#define FRAME_MAX 9100
struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
};

struct outcome {
	uint32_t verdict;		/* XDP_PASS and the like */
	enum xring_counter counter;	/* the one that counted it */
	struct frame out;
};

/*
 * Runs the program once; with XRING_ASK set, the program that explains is asked first, and what it says compared.
 * And sees to it that exactly one counter moved, by one. */
struct outcome world_run(struct world *w, const struct frame *in);

/* Likewise, without a look at the counters, which takes most of the time. Answers the verdict. */
uint32_t world_send(struct world *w, const struct frame *in, struct frame *out);

/* How many packets a counter has counted. */
uint64_t world_counter(struct world *w, enum xring_counter counter);

/* The same packet `count` times; the verdict of the last. */
uint32_t world_repeat(struct world *w, const struct frame *in, uint32_t count);

int out_ifindex(void);

/* A namespace of the test's own: for cmocka's group setup. */
int namespace_enter(void **state);

#endif
