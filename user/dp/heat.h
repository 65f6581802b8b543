/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_HEAT_H
#define XRING_DP_HEAT_H

struct dp;


/*
 * Gives each CPU a sketch (struct heat_map of bpf/maps.h), which is in memory from then on.
 * A sketch that an earlier daemon has given is replaced: nobody needs what it had counted.
 * maps: descriptor of the map of the sketches.
 */
int heat_open(struct dp *dp, int maps);

#endif
