/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BALANCER_H
#define XRING_BALANCER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <xring/abi.h>

#include "core/ring/cells.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "core/hot/rates.h"
#include "core/model/model.h"
#include "dp/dp.h"
#include "drive.h"

/*
 * One TCP service, 10.200.1.1:80 of mode l2, whose ring changes without a daemon:
 * node i is "n<i>" with the id i + 1, living and of generation 1. Packets come by the
 * hundred thousand (drive.bpf.c), time stands still but for balancer_age().
 */
#define BALANCER_NODES 1024
#define BALANCER_TCP_IDLE 90000u	/* ms: the settle time, too */
#define BALANCER_UDP_IDLE 20000u

struct balancer_size {
	unsigned bits;			/* of the ring's cells */
	uint32_t pins;			/* 0: as many as the program says */
	enum key_kind key;
	uint32_t bound;			/* thousandths; 0: none */
};

#define BALANCER_NUMBER 1		/* of the service */

struct balancer {
	struct xring_bpf *skel;
	struct xring_drive *drive;
	struct xring_vips *vips;
	struct xring_config *config;	/* in *vips */
	struct xring_backend *backends;
	uint64_t *loads;		/* by id */
	struct dp dp;			/* of it, what counts keys */
	struct drive_packet *packets;	/* DRIVE_PACKETS of them */
	struct spill_pool spills;
	struct ring ring;
	struct cells cells;
	uint64_t now_ms;
};

struct balancer *balancer_new(const struct balancer_size *size);
void balancer_free(struct balancer *b);

/* One of 20 nodes that change nothing, whose daemon has just lived. */
struct balancer *balancer_steady(uint32_t pins, uint32_t bound);
/* Half of those nodes leave, and as many others come. */
void balancer_half(struct balancer *b);

const char *balancer_node(size_t i);	/* its name, which stays */

/* The ring becomes that of these nodes, each with so many virtual nodes. */
void balancer_change(struct balancer *b, const uint32_t *points, size_t count,
		     enum cells_how how);

/* Time passes, and what is then due for the cells is done. */
void balancer_age(struct balancer *b, uint32_t ms);
/* The daemon says that it lives. */
void balancer_alive(struct balancer *b);
/* Time passes without a daemon. */
void balancer_alone(struct balancer *b, uint32_t ms);
/* Takes away the pins that nobody needs, and the flags of cells without any. */
void balancer_walk(struct balancer *b);

/* Sends the first `count` packets of b->packets, and fills in whom they went to. */
void balancer_send(struct balancer *b, uint32_t count);
/* Packets with these flags, and all else random. */
void balancer_flood(struct balancer *b, uint8_t flags, uint64_t count);

/* The partition key's hash of such a packet, and the backend that its cell names. */
uint32_t balancer_hash(const struct balancer *b, const struct drive_packet *p);

/* Of a backend, all CPUs. */
struct xring_traffic balancer_traffic(const struct balancer *b, uint32_t id);
/* Opens a window of the sketch, or closes it (0). */
void balancer_window(struct balancer *b, uint32_t window);
/* What a closed window has counted; it is cleared. */
void balancer_tally(struct balancer *b, struct heat_tally *ret);

void balancer_events(const struct balancer *b, uint64_t ret[XRING_EVENT_MAX]);
uint32_t balancer_pins(const struct balancer *b);
uint32_t balancer_syns(const struct balancer *b);
uint64_t balancer_memory(const struct balancer *b);	/* of all maps, bytes */

uint64_t setting(const char *name, uint64_t otherwise);	/* from the environment */

#endif
