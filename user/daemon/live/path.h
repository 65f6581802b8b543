/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_PATH_H
#define XRING_DAEMON_LIVE_PATH_H

#include "core/hot/path.h"
#include "daemon/live/services.h"

struct live;

/* What flows of a service have hashed, stretched as the maps hold it. */
const uint64_t *hash_keys(const struct live *live);

/* The hash of a flow's key. */
uint32_t live_key_hash(const struct live *live, const struct live_service *s,
		       const struct xring_flow *flow);

/* Where its newest answer is found: bpf/path.h's twin. */
struct path live_path(const struct live *live, const struct live_service *s,
		      const struct xring_flow *flow);

/* And the answer of a flow without a pin: an id, or 0. */
uint16_t live_answer(const struct live *live, const struct live_service *s,
		     const struct xring_flow *flow);

#endif
