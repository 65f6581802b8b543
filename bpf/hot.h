/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_HOT_H
#define XRING_BPF_HOT_H

/* The entries of keys that are split or given to one backend (struct xring_hot). */

/* The answer in the entry of a key; NULL: the key has no entry. */
static __always_inline __u64 *hot_find(__u32 number, __u32 hash)
{
	__u32 bucket = XRING_HOT_BUCKET(hash, number);
	struct xring_hot *hot = bpf_map_lookup_elem(&xring_hot, &bucket);

	if (!hot)
		return NULL;
	for (__u32 i = 0; i < XRING_HOT_WAYS; i++)
		if (hot->key[i].hash == hash && hot->key[i].number == number)
			return &hot->key[i].answer;
	return NULL;
}

/* 0: the ring answers. Loaded once, so that the sides and the flags belong together. */
static __always_inline __u64 hot_answer(__u32 number, __u32 hash)
{
	__u64 *answer = hot_find(number, hash);

	return answer ? *(volatile __u64 *)answer : 0;
}

/* The hash of a flow's whole 5-tuple, whatever the partition key of its service is. */
static __always_inline __u32 flow_hash(const struct xring_config *config, const struct flow *flow)
{
	return hash_tuple(config->hash_key, flow->family, flow->src, flow->dst,
			  (__u64)flow->proto << 32 | flow->ports);
}

/* The position of a flow by one side of an answer: that of its shard, or of its key. */
static __always_inline __u32 side_hash(const struct xring_config *config, __u64 side, __u32 hash,
				       __u32 tuple)
{
	__u32 shards = xring_hot_shards(side);

	return shards ? hash_split(config->hash_key, hash, hash_shard(tuple, shards)) : hash;
}

/*
 * The position of a packet's flow by the newest side of its key's answer. hash: of the key.
 * Not static, so that the verifier walks the function once, and not once for each caller.
 */
__noinline __u32 newest_position(struct xdp_md *ctx, __u64 answer, __u32 hash)
{
	const struct xring_config *config = config_get();
	struct flow flow = {};

	if (!config || !flow_read(ctx, &flow))
		return hash;
	return side_hash(config, answer, hash, flow_hash(config, &flow));
}

#endif
