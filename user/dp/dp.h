/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_DP_H
#define XRING_DP_DP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

struct carried;

union xring_lpm_line;

/*
 * The datapath as the daemon sees it: maps in memory, a program, interfaces.
 * The only folder that knows libbpf. Pins, below the bpffs:
 *
 *     tc/globals/xring_*   the maps, where iproute2 looks for them too
 *     xring/prog           the program
 *     xring/link-DEV       an attachment made here
 *
 * All functions answer 0 or a negative errno, and log what went wrong.
 */
#define DP_MAPS_MAX 32

struct dp {
	struct xring_config *config;
	struct xring_slot *vips;		/* two halves of XRING_VIP_SLOTS */
	uint64_t *cells;
	uint32_t cell_count;
	struct xring_spill *spills;
	uint32_t spill_count;
	struct xring_backend *backends;
	struct xring_owner *owners;
	uint64_t *loads;
	struct xring_class *classes;		/* XRING_CLASSES of them */
	union xring_lpm_line *lines;
	uint32_t line_count;
	uint64_t *places;			/* by backend */
	struct xring_route *routes;		/* XRING_ROUTES of them */
	uint32_t backend_count;
	struct xring_heat **heat;		/* by CPU */
	unsigned heat_cpus;
	struct xring_hot *hot;
	bool adopted;				/* the maps were there already */

	uint64_t epoch;				/* grace periods passed */
	uint64_t vips_epoch;			/* when the VIP table last flipped */
	uint64_t *template_epoch;		/* when a backend's template did; by id */
	int traffic_fd;
	int counters_fd;
	int events_fd;
	int pins_fd;
	int syns_fd;
	int placed_fd;
	int homes_fd;
	uint32_t pin_max;
	uint32_t abi_found;			/* of the maps that were there; 0: none */
	uint32_t maps[DP_MAPS_MAX];		/* ids of those that are pinned */
	uint32_t map_count;
	struct carried *carried;		/* made beside the pinned ones (dp/carry.h) */
	size_t carried_count;
	bool restores;				/* the last daemon was killed while it made them */
	int fresh_fd;				/* the program, until it takes over */
	int prog_fd;
	uint32_t prog_id;
	uint32_t prog_insns;			/* that the verifier walked */
	int lock_fd;
	int cpus;
	char dir[256];				/* <bpffs>/xring */
};

struct dp_options {
	const char *bpffs;
	uint32_t cells;				/* sizes, where the maps are made here */
	uint32_t backends;
	uint32_t pins;
	uint32_t lines;				/* at least */
};

int dp_open(const struct dp_options *options, struct dp **ret);

/* The maps say all that is to be: this version's program takes over from the last. */
int dp_take_over(struct dp *dp);
void dp_close(struct dp *dp);			/* leaves all pins: traffic goes on */

#endif
