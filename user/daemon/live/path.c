// SPDX-License-Identifier: GPL-2.0-or-later
/* The path of a flow, as the datapath would follow it. */
#include "daemon/live/path.h"

#include <string.h>

#include "core/hot/path.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/ring/cells.h"
#include "daemon/live/backends.h"
#include "daemon/live/client_rings.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "dp/dp.h"

const uint64_t *hash_keys(const struct live *live)
{
	return (const uint64_t *)live->dp->config->hash_key;
}

uint32_t live_key_hash(const struct live *live, const struct live_service *s,
		       const struct xring_flow *flow)
{
	return key_hash_flow(&s->key, flow, hash_keys(live));
}

struct path live_path(const struct live *live, const struct live_service *s,
		      const struct xring_flow *flow)
{
	struct path path = path_of(live->dp->hot, hash_keys(live), s->number,
				   live_key_hash(live, s, flow), flow);
	const struct live_backend *backend = live->by_id[path.backend];

	if (!backend || backend->dead)
		path.backend = 0;
	return path;
}

uint16_t live_answer(const struct live *live, const struct live_service *s,
		     const struct xring_flow *flow)
{
	struct path path = live_path(live, s, flow);

	return path.backend ?: cells_lookup(&ring_of_flow(live, s, flow)->cells, path.hash);
}
