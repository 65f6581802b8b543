/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_H
#define XRING_DP_H

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

/* Waits until no packet that was under way is under way any more. */
void dp_grace(struct dp *dp);

/* Makes `from` the template of backend id, never half of it. */
void dp_template_write(struct dp *dp, uint16_t id, const struct xring_template *from);

/* The half of the VIP table in use, and the idle one, ready to be written. */
const struct xring_slot *dp_vips_live(const struct dp *dp);
struct xring_slot *dp_vips_idle(struct dp *dp);
/* Makes the idle half the live one; flags: XRING_VIPS_ANY_PORT and the like. */
void dp_vips_flip(struct dp *dp, uint32_t seed, uint64_t flags);

/* Sums over all CPUs. */
int dp_counters_read(const struct dp *dp, uint64_t ret[XRING_CNT_MAX]);
int dp_traffic_read(const struct dp *dp, uint16_t id, struct xring_traffic *ret);
/* The same of the backends from `first` on. */
int dp_traffic_read_many(const struct dp *dp, uint16_t first, uint32_t count,
			 struct xring_traffic *ret);
int dp_traffic_clear(const struct dp *dp, uint16_t id);
/* What rings of rules sent where (struct xring_placed), from the counter `first` on. */
int dp_placed_read(const struct dp *dp, uint32_t first, uint32_t count, struct xring_placed *ret);
int dp_placed_clear(const struct dp *dp, uint32_t first, uint32_t count);
/* Where clients came in since the last call. */
int dp_homes_take(const struct dp *dp,
		  void (*each)(void *context, const struct xring_home_key *key,
			       const struct xring_home *home), void *context);
int dp_events_read(const struct dp *dp, uint64_t ret[XRING_EVENT_MAX]);

/*
 * A walk over the flows that changes hold where they are, or over the handshakes
 * that are not confirmed. What comes or goes meanwhile may be seen or not.
 */
#define DP_WALK_STEP 4096
struct dp_walk {
	int fd;
	bool begun;
	bool done;
	uint32_t position;
	uint32_t count;				/* of this step */
	struct xring_flow flows[DP_WALK_STEP];
	struct xring_pin pins[DP_WALK_STEP];
};

void dp_walk_begin(const struct dp *dp, bool syns, struct dp_walk *walk);
int dp_walk_step(struct dp_walk *walk);
void dp_pin_delete(const struct dp *dp, const struct xring_flow *flow);

enum dp_mode {
	DP_MODE_ANY,				/* native first, then generic */
	DP_MODE_NATIVE,
	DP_MODE_GENERIC,
};

struct dp_interface {
	char name[16];
	const char *mode;			/* native, generic, offload */
	const char *by;				/* link (made here), ip (the pinned program), other */
	uint32_t prog_id;
};

/* *ret_mode says which it became; why (size bytes) gets the reason of a failure. */
int dp_attach(struct dp *dp, const char *name, enum dp_mode mode, const char **ret_mode,
	      char *why, size_t size);
int dp_detach(struct dp *dp, const char *name, char *why, size_t size);
/* Every interface with an XDP program; freed by the caller. */
int dp_interfaces(const struct dp *dp, struct dp_interface **ret, size_t *ret_count);

#endif
