/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_HASH_H
#define XRING_HASH_H

#include <linux/types.h>

/*
 * The keyed hash of a flow key. The words of the key go through NH, the
 * universal hash of UMAC (RFC 4418, section 5.2): the sum of
 *
 *     (low half + k[2i]) * (high half + k[2i + 1])
 *
 * with 32-bit additions and 64-bit products. For an attacker who does not know k, two
 * different flow keys collide with a chance of 2^-32; and the products do not wait for
 * one another. NH spreads its input unevenly, so a multiply-xorshift finishes the sum
 * (with the form and the constants of splitmix64, Steele et al., OOPSLA 2014).
 *
 * The same code runs in the datapath, the daemon and the tests. `key` is what
 * hash_expand() makes of the configuration's hash_key: XRING_HASH_KEYS words.
 */
static __always_inline __u64 hash_nh(__u64 sum, __u64 word, __u64 key)
{
	__u32 lo = (__u32)word + (__u32)key;
	__u32 hi = (__u32)(word >> 32) + (__u32)(key >> 32);

	return sum + (__u64)lo * hi;
}

static __always_inline __u32 hash_finish(__u64 sum, __u64 key)
{
	sum ^= key;
	sum ^= sum >> 30;
	sum *= 0xbf58476d1ce4e5b9ULL;
	sum ^= sum >> 27;
	sum *= 0x94d049bb133111ebULL;
	return (__u32)(sum >> 32);
}

/* src, dst: network byte order; ports: as XRING_PORTS(); all under a slot's masks. */
static __always_inline __u32 hash_flow4(const __u64 *key, __u32 src, __u32 dst, __u64 ports)
{
	__u64 sum = hash_nh(key[0], (__u64)dst << 32 | src, key[1]);

	return hash_finish(hash_nh(sum, ports, key[2]), key[3]);
}

static __always_inline __u32 hash_flow6(const __u64 *key, const __u64 src[2],
			       const __u64 dst[2], __u64 ports)
{
	__u64 sum = hash_nh(key[0], src[0], key[4]);

	sum = hash_nh(sum, src[1], key[5]);
	sum = hash_nh(sum, dst[0], key[6]);
	sum = hash_nh(sum, dst[1], key[7]);
	return hash_finish(hash_nh(sum, ports, key[8]), key[9]);
}

/* The hash of a whole 5-tuple. ports: XRING_PORTS(). */
static __always_inline __u32 hash_tuple(const __u64 *key, __u8 family, const __u64 src[2],
			       const __u64 dst[2], __u64 ports)
{
	return family == 4 ? hash_flow4(key, src[0], dst[0], ports) :
			     hash_flow6(key, src, dst, ports);
}

/*
 * The shard of a flow whose key is split: the high bits of the 5-tuple's hash select one of
 * so many shards.
 */
static __always_inline __u32 hash_shard(__u32 tuple, __u32 shards)
{
	return (__u64)tuple * shards >> 32;
}

/* The position of a shard on the ring: the key's hash and the number of the shard, hashed. */
static __always_inline __u32 hash_split(const __u64 *key, __u32 hash, __u32 shard)
{
	return hash_finish((__u64)shard << 32 | hash, key[10]);
}

/* The position that a new flow tries after its own backend was too loaded. attempt: from 1. */
static __always_inline __u32 hash_again(const __u64 *key, __u32 tuple, __u32 attempt)
{
	return hash_finish((__u64)attempt << 32 | tuple, key[11]);
}

/*
 * The two slots of a VIP in its table (cuckoo hashing, Pagh and Rodler 2001): one is selected
 * by the lowest bits, the other by the highest bits. addr: 16 bytes as two words, an IPv4
 * address in the low half of the first; port: XRING_SLOT_PORT().
 */
static __always_inline __u64 hash_vip(__u32 seed, __u64 addr0, __u64 addr1, __u32 port)
{
	__u64 sum = (addr0 ^ seed) * 0x9e3779b97f4a7c15ULL;
	__u64 more = __builtin_bswap64(addr1) * 0xc2b2ae3d27d4eb4fULL;

	/*
	 * The low bits of a product do not depend on the high bits of its factors, so that
	 * the high bytes of a word reach few bits. Those of the two words must not reach the
	 * same: the second word is reversed, and its product turned round.
	 */
	sum += more << 40 | more >> 24;
	sum ^= sum >> 32;
	sum = (sum + port) * 0xbf58476d1ce4e5b9ULL;
	return sum ^ sum >> 32;
}

#endif
