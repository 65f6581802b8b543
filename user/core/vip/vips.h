/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VIP_VIPS_H
#define XRING_CORE_VIP_VIPS_H

#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

/*
 * Builds one half of the VIP table (XRING_VIP_SLOTS slots): a cuckoo table in
 * which each entry stands in one of the two places that hash_vip() gives it with
 * *ret_seed, in the second one only where the first is taken. Of entries with one
 * address and port word the first is taken. -ENOSPC where no seed can place them all
 * (VIPS_MAX entries always fit).
 */

int vips_build(struct xring_slot *half, const struct xring_slot *entries, size_t count,
	       uint32_t *ret_seed);

/* The slot that answers for address and port word; NULL: none. */
const struct xring_slot *vips_find(const struct xring_slot *half, uint32_t seed,
				   const __be32 addr[4], uint32_t port);

#endif
