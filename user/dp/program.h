/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_PROGRAM_H
#define XRING_DP_PROGRAM_H

#include <stdint.h>

struct dp;

/*
 * Pins the program `fresh` and makes every pinned link run it, unless the very same program
 * is pinned already. Fills in dp's prog_ fields.
 */
int program_pin(struct dp *dp, int fresh);

/* Does the pinned program use that map? 1: yes, 0: no, or no program is pinned. */
int program_uses(const struct dp *dp, int map);

/* The number of the program that is pinned below a bpffs, of whatever version; 0: none is. Changes nothing. */
uint32_t program_pinned(const char *bpffs);

#endif
