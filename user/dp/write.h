/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_WRITE_H
#define XRING_DP_WRITE_H

#include <stdint.h>

#include <xring/abi.h>

/* Writes that a packet must never see half of. */
struct dp;

/* Waits until no packet that was under way is under way any more. */
void dp_grace(struct dp *dp);

/* Makes `from` the template of backend id, never half of it. */
void dp_template_write(struct dp *dp, uint16_t id, const struct xring_template *from);

/* The half of the VIP table in use, and the idle one, ready to be written. */
const struct xring_slot *dp_vips_live(const struct dp *dp);
struct xring_slot *dp_vips_idle(struct dp *dp);
/* Makes the idle half the live one; flags: XRING_VIPS_ANY_PORT and the like. */
void dp_vips_flip(struct dp *dp, uint32_t seed, uint64_t flags);

#endif
