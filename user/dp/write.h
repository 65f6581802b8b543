/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_WRITE_H
#define XRING_DP_WRITE_H

#include <stdint.h>

#include <xring/abi.h>

/* Writes to the maps of which a packet must never see one half. */
struct dp;

/* Waits until every packet that the program was handling at the call is done. */
void dp_grace(struct dp *dp);

/*
 * Makes `from` the template of a backend. A packet sees the whole old template or the whole
 * new one.
 */
void dp_template_write(struct dp *dp, uint16_t id, const struct xring_template *from);

/* The half of the VIP table that is in use; and the idle half, when no packet reads it any more. */
const struct xring_slot *dp_vips_live(const struct dp *dp);
struct xring_slot *dp_vips_idle(struct dp *dp);
/* The shapes of the idle half, which dp_vips_idle() makes sure of. */
struct xring_shape *dp_shapes_idle(struct dp *dp);
/*
 * Makes the idle half the one in use. flags: XRING_VIPS_ANY_PORT and others; sources: of the
 * entries in both halves.
 */
void dp_vips_flip(struct dp *dp, uint32_t seed, uint64_t flags, uint64_t sources);

#endif
