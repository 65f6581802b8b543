// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/write.h"

#include <stddef.h>
#include <string.h>

#include "base/step.h"
#include "dp/dp.h"

void dp_template_write(struct dp *dp, uint16_t id, const struct xring_template *from)
{
	const size_t body = sizeof(from->head);
	struct xring_backend *backend = &dp->backends[id];
	bool second = xring_template(backend) == &backend->t[0];
	struct xring_template head = *from;

	if (dp->template_epoch[id] == dp->epoch)
		dp_grace(dp);
	memcpy((uint8_t *)&backend->t[second] + body, (const uint8_t *)from + body,
	       sizeof(*from) - body);
	if (second) {
		backend->t[1].head = from->head;
		/* A packet that has read the head before may still read the interface there. */
		head = (struct xring_template){ .ifindex = backend->t[0].ifindex,
						.kind = XRING_SECOND };
	}
	step();
#ifndef __x86_64__
	dp_grace(dp);	/* other processors may read what follows the head before the head */
#endif
	__atomic_store_n(&backend->t[0].head, head.head, __ATOMIC_RELEASE);
	dp->template_epoch[id] = dp->epoch;
}

const struct xring_slot *dp_vips_live(const struct dp *dp)
{
	return dp->vips->slot + (dp->config->vips & XRING_VIPS_HALF ? XRING_VIP_SLOTS : 0);
}

struct xring_slot *dp_vips_idle(struct dp *dp)
{
	if (dp->vips_epoch == dp->epoch)
		dp_grace(dp);
	return dp->vips->slot + (dp->config->vips & XRING_VIPS_HALF ? 0 : XRING_VIP_SLOTS);
}

struct xring_shape *dp_shapes_idle(struct dp *dp)
{
	return dp->shapes + (dp->config->vips & XRING_VIPS_HALF ? 0 : XRING_SHAPES);
}

void dp_vips_flip(struct dp *dp, uint32_t seed, uint64_t flags, uint64_t sources)
{
	uint64_t half = ~dp->config->vips & XRING_VIPS_HALF;

	__atomic_store_n(&dp->config->sources, sources, __ATOMIC_RELAXED);
	step();
	__atomic_store_n(&dp->config->vips, seed | half | flags, __ATOMIC_RELEASE);
	dp->vips_epoch = dp->epoch;
}
