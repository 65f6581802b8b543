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
 * The datapath as the daemon sees it: maps in memory, a program, interfaces. Only this
 * folder uses libbpf. What is pinned, below the bpffs:
 *
 *     tc/globals/xring_*   the maps, where iproute2 looks for them too
 *     xring/prog           the program
 *     xring/link-DEV       an attachment made by xringd
 *     xring/pass-INDEX     a program that only passes, at a device that sends none without (dp/pass.h)
 *     xring/lost-NAME      a tracepoint at which lost packets are counted
 *
 * All functions return 0 or a negative errno, and log what went wrong.
 */
#define DP_MAPS_MAX 64

struct dp {
	struct xring_layout *layout;
	struct xring_vips *vips;
	struct xring_config *config;		/* in *vips */
	struct xring_shape *shapes;		/* two halves, as *vips has them */
	uint64_t *cells;
	uint32_t cell_count;
	struct xring_spill *spills;
	uint32_t spill_count;
	struct xring_backend *backends;
	struct xring_owner *owners;
	uint64_t *loads;
	struct xring_class *classes;		/* XRING_CLASSES elements */
	union xring_lpm_line *lines;
	uint32_t line_count;
	uint64_t *places;			/* by backend id */
	struct xring_route *routes;		/* XRING_ROUTES elements */
	uint32_t backend_count;
	struct xring_heat **heat;		/* one sketch for each CPU */
	unsigned heat_cpus;
	struct xring_hot *hot;
	uint32_t *since;			/* by cell: when it began to move, tenths */
	struct xring_key_record *keys;		/* by place of `hot` */
	struct xring_received *received;	/* XRING_RECEIVED elements */
	bool adopted;				/* the maps were pinned already */

	uint64_t epoch;				/* number of grace periods that have passed */
	uint64_t vips_epoch;			/* the epoch when the VIP table last flipped */
	uint64_t *template_epoch;		/* by backend id: when its template last changed */
	int traffic_fd;
	int counters_fd;
	int events_fd;
	int pins_fd;
	int syns_fd;
	int placed_fd;
	int homes_fd;
	int macs_fd;
	int vlans_fd;
	int asks_fd;
	int drops_fd;
	int samples_fd;
	int tokens_fd;
	uint32_t *turn;				/* of samples */
	int lost_fd;				/* -1: what is lost cannot be known, lost_why says why */
	char lost_why[256];
	uint32_t pin_max;
	uint32_t abi_found;			/* layout of the pinned maps; 0: none were */
	bool rings_strange;			/* the pinned rings have another layout: made anew */
	uint32_t maps[DP_MAPS_MAX];		/* ids of the pinned maps */
	uint32_t map_count;
	struct carried *carried;		/* maps made beside pinned ones (dp/carry.h) */
	size_t carried_count;
	bool restores;				/* the last daemon was killed in a take-over */
	int fresh_fd;				/* the new program, until it takes over */
	int prog_fd;
	uint32_t prog_id;
	uint32_t prog_insns;			/* instructions that the verifier has walked */
	bool prog_compiled;			/* it runs as machine code */
	int lock_fd;
	int cpus;
	char dir[256];				/* path of <bpffs>/xring */
};

struct dp_options {
	const char *bpffs;
	uint32_t cells;				/* sizes of the maps, if they are made now */
	uint32_t backends;
	uint32_t pins;
	uint32_t fragments;
	uint32_t lines;				/* at least */
};

int dp_open(const struct dp_options *options, struct dp **ret);

/*
 * Lets this version's program take over from the last one. Call when the maps say all that
 * they must.
 */
int dp_take_over(struct dp *dp);
void dp_close(struct dp *dp);			/* leaves all pins, so that traffic goes on */

#endif
