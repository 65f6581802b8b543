/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_MACS_H
#define XRING_DP_MACS_H

#include <stddef.h>
#include <stdint.h>

#include <xring/mac.h>

/* To which MAC addresses frames for services may go: what the datapath compares them with. */
struct dp;

/*
 * Makes the map hold these keys, sorted by dp_macs_order(), and no others. -E2BIG: it has no room
 * for all, and holds the first. Logs nothing.
 */
int dp_macs_order(const void *a, const void *b);
int dp_macs_set(struct dp *dp, const struct xring_mac *keys, size_t count);
/* The two addresses that cost a packet least, after the map has them; 0: none. */
void dp_macs_first(struct dp *dp, const uint64_t macs[2]);

#endif
