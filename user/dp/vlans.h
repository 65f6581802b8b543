/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_VLANS_H
#define XRING_DP_VLANS_H

#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

/* Which VLANs are taken (map xring_vlans). */
struct dp;

struct dp_vlan {
	struct xring_vlan key;
	uint32_t ingress;		/* index of the interface at which its frames count as coming in */
};

/*
 * Makes the map hold these and no others; sorts them, and of those of one key the first counts.
 * -E2BIG: it has no room for all.
 */
int dp_vlans_set(struct dp *dp, struct dp_vlan *list, size_t count);

#endif
