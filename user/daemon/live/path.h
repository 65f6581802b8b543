/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_PATH_H
#define XRING_DAEMON_LIVE_PATH_H

#include "core/hot/path.h"
#include "daemon/live/services.h"

struct live;

/* The keys of the hash function, stretched as the maps hold them. */
const uint64_t *hash_keys(const struct live *live);

/* The hash of the flow's partition key. */
uint32_t live_key_hash(const struct live *live, const struct live_service *s,
		       const struct xring_flow *flow);

/* Where the newest answer of the flow is found: the same steps as in bpf/path.h. */
struct path live_path(const struct live *live, const struct live_service *s,
		      const struct xring_flow *flow);

/* The newest answer, for a flow without a pin: the id of a backend, or 0. */
uint16_t live_answer(const struct live *live, const struct live_service *s,
		     const struct xring_flow *flow);

#endif
