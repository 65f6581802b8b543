/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VIP_VIPS_H
#define XRING_CORE_VIP_VIPS_H

#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

/*
 * Builds one half of the VIP table (XRING_VIP_SLOTS slots): a cuckoo table. hash_vip()
 * gives each entry two places, which depend on *ret_seed; an entry is in the second place
 * only if the first is taken. Of several entries with the same address and port word the
 * first is used. -ENOSPC: no seed places all entries; XRING_VIPS_MAX entries always fit.
 *
 *     look-up: first place    the entry? found.  empty? not in the table.  else:
 *              second place   the entry? found.  else: not in the table.
 */
int vips_build(struct xring_slot *half, const struct xring_slot *entries, size_t count,
	       uint32_t *ret_seed);

/* The VIPs among the entries, as xring_config.sources has them. */
uint64_t vips_sources(const struct xring_slot *entries, size_t count);

/* The slot that answers for an address and port word; NULL: none. */
const struct xring_slot *vips_find(const struct xring_slot *half, uint32_t seed,
				   const __be32 addr[4], uint32_t port);

#endif
