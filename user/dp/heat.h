/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_HEAT_H
#define XRING_DP_HEAT_H

struct dp;


/*
 * Gives each CPU a sketch of its own (struct heat_map of bpf/maps.h), in memory from then
 * on, and takes the place of what an earlier daemon gave them: what that had counted is of
 * no use to anybody. maps: where they are.
 */
int heat_open(struct dp *dp, int maps);

#endif
