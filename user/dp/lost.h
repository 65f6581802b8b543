/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_LOST_H
#define XRING_DP_LOST_H

#include <stddef.h>
#include <stdint.h>

#include <xring/lost.h>

/*
 * What is lost behind the verdict (bpf/lost.bpf.c). The programs' links are pinned beside those of
 * interfaces, as bpffs/xring/lost-NAME, so that nothing is missed while no daemon runs.
 */
struct dp;

/*
 * Loads the programs, which take over from those of the last daemon. pins: the folder of the maps.
 * Where the kernel does not take them that is logged, and dp->lost_why says so: no reason not to start.
 */
void lost_open(struct dp *dp, const char *pins);

struct dp_lost {
	uint32_t ifindex;		/* 0: the map had no room for the device */
	uint32_t reason;		/* as in struct xring_lost_key */
	uint64_t packets;
};

/* All counts that are not 0, in no order; the caller frees *ret. Logs errors. */
int dp_lost_read(const struct dp *dp, struct dp_lost **ret, size_t *ret_count);

/* The reason in a word ("ENXIO"), and for people. */
const char *dp_lost_word(uint32_t reason);
const char *dp_lost_help(uint32_t reason);

#endif
