// SPDX-License-Identifier: GPL-2.0
/*
 * Loops of lookups with random hashes: none, xring's, and a Maglev table both as
 * load balancers keep it in BPF (an array map with one element a slot) and packed
 * as tightly as can be (all slots in one element, two bytes each).
 */
#include <linux/bpf.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include <xring/abi.h>

#include "word.h"
#include "maps.h"
#include "ring.h"

#include "bench.h"

struct lookups lookups;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARRAY_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u16[ARRAY_SLOTS + 1]);
} packed SEC(".maps");

/* Marsaglia's xorshift32. */
static __always_inline __u32 next(__u32 x)
{
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

enum { LOOKUP_NONE, LOOKUP_RING, LOOKUP_ARRAY, LOOKUP_PACKED };

static __always_inline __u32 array_lookup(__u32 hash)
{
	__u32 i = hash % ARRAY_SLOTS;
	__u32 *slot = bpf_map_lookup_elem(&array, &i);

	return slot ? *slot : 0;
}

static __always_inline __u32 packed_lookup(const __u16 *slots, __u32 hash)
{
	__u32 i = hash % ARRAY_SLOTS;

	asm volatile("" : "+r"(i));	/* or clang drops the check that the verifier wants */
	return i < ARRAY_SLOTS ? slots[i] : 0;
}

static __always_inline int loop(int what)
{
	__u32 zero = 0, hash = lookups.random, sum = 0;
	const __u16 *slots = bpf_map_lookup_elem(&packed, &zero);
	__u32 base = lookups.base, shift = lookups.shift;
	__u64 start;

	if (!slots)
		return 0;
	start = bpf_ktime_get_ns();
	for (int i = 0; i < LOOKUPS; i++) {
		hash = next(hash);
		if (what == LOOKUP_RING)
			sum += ring_lookup(base, shift, hash);
		else if (what == LOOKUP_ARRAY)
			sum += array_lookup(hash);
		else if (what == LOOKUP_PACKED)
			sum += packed_lookup(slots, hash);
		else
			sum += hash;
	}
	lookups.elapsed_ns += bpf_ktime_get_ns() - start;
	lookups.random = hash;
	lookups.sum += sum;
	return 0;
}

SEC("xdp")
int bench_lookup_none(struct xdp_md *ctx ignored)
{
	return loop(LOOKUP_NONE);
}

SEC("xdp")
int bench_lookup_ring(struct xdp_md *ctx ignored)
{
	return loop(LOOKUP_RING);
}

SEC("xdp")
int bench_lookup_array(struct xdp_md *ctx ignored)
{
	return loop(LOOKUP_ARRAY);
}

SEC("xdp")
int bench_lookup_packed(struct xdp_md *ctx ignored)
{
	return loop(LOOKUP_PACKED);
}

char _license[] SEC("license") = "GPL";
