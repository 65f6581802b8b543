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

/* The hash of a whole 5-tuple, whatever the partition key of its service is. */
static __always_inline __u32 tuple_hash(const struct xring_config *config, __u8 family,
					const __u64 src[2], const __u64 dst[2], __u32 ports,
					__u8 proto)
{
	return hash_tuple(config->hash_key, family, src, dst, (__u64)proto << 32 | ports);
}

/* The position of a flow by one side of an answer: that of its shard, or of its key. */
static __always_inline __u32 side_hash(const struct xring_config *config, __u64 side, __u32 hash,
				       __u32 tuple)
{
	__u32 shards = xring_hot_shards(side);

	return shards ? hash_split(config->hash_key, hash, hash_shard(tuple, shards)) : hash;
}

#endif
