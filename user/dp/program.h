/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_PROGRAM_H
#define XRING_DP_PROGRAM_H

#include <stdbool.h>

struct dp;

/*
 * Sees to it that the pinned program, and what every pinned link runs, is
 * `fresh` or the very same one loaded before. Fills dp's prog_ fields.
 */
int program_pin(struct dp *dp, int fresh);

/* Does the pinned program use this map? */
bool program_uses(const struct dp *dp, int map);

#endif
