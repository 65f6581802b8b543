/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_LAYOUT2_H
#define XRING_DP_LAYOUT2_H

/*
 * The maps of version 0.3.0, whose layout is XRING_ABI 2. Its rings, pins and counters are as
 * they are now; these functions see to the rest: the configuration, the VIP table and the
 * templates.
 */
struct dp;

#define LAYOUT2 2			/* its XRING_ABI */

/* Fills the new maps from those, if these are what was found. pins: the folder of the pins. */
int layout2_fill(struct dp *dp, const char *pins);
/* Takes away the pin of a map that no program uses any more. */
void layout2_forget(const struct dp *dp);

#endif
