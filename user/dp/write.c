// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/write.h"

#include <stddef.h>
#include <string.h>

#include "base/step.h"
#include "dp/dp.h"

void dp_template_write(struct dp *dp, uint16_t id, const struct xring_template *from)
{
	const size_t live = offsetof(struct xring_template, live);
	struct xring_backend *backend = &dp->backends[id];
	uint8_t idle = !backend->t[0].live;
	uint8_t *to = (uint8_t *)&backend->t[idle];

	if (dp->template_epoch[id] == dp->epoch)
		dp_grace(dp);
	memcpy(to, from, live);
	memcpy(to + live + 1, (const uint8_t *)from + live + 1, sizeof(*from) - live - 1);
	step();
	__atomic_store_n(&backend->t[0].live, idle, __ATOMIC_RELEASE);
	dp->template_epoch[id] = dp->epoch;
}

const struct xring_slot *dp_vips_live(const struct dp *dp)
{
	return dp->vips + (dp->config->vips & XRING_VIPS_HALF ? XRING_VIP_SLOTS : 0);
}

struct xring_slot *dp_vips_idle(struct dp *dp)
{
	if (dp->vips_epoch == dp->epoch)
		dp_grace(dp);
	return dp->vips + (dp->config->vips & XRING_VIPS_HALF ? 0 : XRING_VIP_SLOTS);
}

void dp_vips_flip(struct dp *dp, uint32_t seed, uint64_t flags)
{
	uint64_t half = ~dp->config->vips & XRING_VIPS_HALF;

	step();
	__atomic_store_n(&dp->config->vips, seed | half | flags, __ATOMIC_RELEASE);
	dp->vips_epoch = dp->epoch;
}
