// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/hot/path.h"

#include <xring/hash.h>

#include "core/hot/entries.h"
#include "core/model/key.h"
#include "core/model/key_value.h"

struct path path_of(const struct xring_hot *table, const uint64_t *expanded, uint32_t number,
		    uint32_t key_hash, const struct xring_flow *flow)
{
	struct path path = { .hash = key_hash, .key = key_hash };
	uint32_t place, shards;
	uint64_t answer;

	if (hot_find((struct xring_hot *)table, number, key_hash, &place))
		return path;
	answer = *hot_word((struct xring_hot *)table, place);
	path.moving = answer & XRING_HOT_MOVING;
	path.backend = xring_hot_backend(answer);
	shards = xring_hot_shards(answer);
	if (shards)
		path.hash = hash_split((const __u64 *)expanded, key_hash,
				       hash_shard(flow_hash(expanded, flow), shards));
	return path;
}
