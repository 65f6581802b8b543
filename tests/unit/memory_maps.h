/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_MEMORY_MAPS_H
#define XRING_TEST_MEMORY_MAPS_H

#include <stdint.h>

#include "daemon/net/abilities.h"
#include "daemon/net/devices.h"
#include "daemon/net/received.h"
#include "dp/dp.h"
#include "dp/lost.h"
#include "dp/samples.h"

/*
 * The maps as plain memory, and in place of dp/ and daemon/net what the daemon calls of them:
 * so its code runs without root, BPF or interfaces. The memory is shared with child processes:
 * a child that is killed leaves the maps as a killed daemon leaves them.
 */
struct memory {
	void *block;			/* all of what follows, in one piece */
	size_t size;
	struct dp maps;			/* where each map begins; sizes */
	struct xring_traffic *traffic;	/* by backend, as the datapath would have counted */
	struct xring_placed *placed;	/* XRING_PLACED of them */
	uint64_t *now;			/* ns of the engine's clock, kept across a kill */
	unsigned graces;		/* grace periods taken by this process */
	unsigned takeovers;		/* dp_take_over() calls */
};

/*
 * The network devices of a test; none to begin with. One that is native runs the balancer. Every
 * backend is reached by the device of index 2.
 */
struct memory_device {
	struct device is;
	struct ability can;
	struct received received;
	bool wants_program;		/* it sends while it has the program that passes everything */
	bool fails;			/* that program cannot be attached */
	bool passes;			/* it is */
	unsigned passed;		/* how often it was attached */
};

extern struct memory_device *memory_devices;
extern size_t memory_device_count;

/* What comes of the datapath with the next turn. */
extern struct xring_sample *memory_samples;
extern size_t memory_sample_count;

/* What was lost, of one device and reason; packets 0: nothing. */
extern struct dp_lost memory_lost;

struct memory *memory_new(const struct dp_options *options);
void memory_free(struct memory *m);

/* What a daemon that starts on these maps has: nothing but the maps is known. */
struct dp *memory_dp(struct memory *m);
void memory_dp_close(struct dp *dp);

/* The maps that the next dp_open() finds, whatever its options say. */
void memory_offer(struct memory *m);

/* All maps as they are, in `to` (NULL: in memory that the caller has munmap()ed); going back to it. */
void *memory_copy(const struct memory *m, void *to);
void memory_restore(struct memory *m, const void *copy);

/* The first map that differs from the copy, and where; NULL: none. vips: the VIP table counts. */
const char *memory_difference(const struct memory *m, const void *copy, bool vips);

#endif
