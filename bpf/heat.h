/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_HEAT_H
#define XRING_BPF_HEAT_H

/*
 * How often each key is seen: the sketch of this CPU (struct xring_heat has its format). The
 * update has no branch, as where each packet has another key no branch could be predicted.
 */

/* The sketch of this CPU. */
static __always_inline struct xring_heat *heat_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id(), zero = 0;
	void *map = bpf_map_lookup_elem(&xring_heat, &cpu);

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

static __always_inline int flow_is(const struct xring_flow *is, const struct flow *flow)
{
	return *(__u64 *)is->src == flow->src[0] && *(__u64 *)(is->src + 2) == flow->src[1] &&
	       *(__u64 *)is->dst == flow->dst[0] && *(__u64 *)(is->dst + 2) == flow->dst[1] &&
	       is->ports == flow->ports;
}

/* Keeps a packet beside its word, so that the daemon can show the key, or compares one with it. */
__noinline int heat_sample(struct xdp_md *ctx, __u32 index, __u32 number, __u32 hash, __u32 count)
{
	struct xring_heat *heat = heat_here();
	struct segment segment = {};
	struct xring_heat_key *key;
	struct flow flow = {};

	if (!heat || !flow_read(ctx, &flow))
		return 0;
	if (flow.proto == IPPROTO_TCP && !segment_read(ctx, flow.family, &segment))
		return 0;
	key = &heat->key[index & (XRING_HEAT_WORDS - 1)];
	if ((count & 31) != XRING_HEAT_KEPT) {
		key->proven += key->proven < key->sampled && flow_is(&key->flow, &flow) &&
			       segment.next - key->next - 1 < XRING_FORWARD;
		return 0;
	}
	if (count == XRING_HEAT_KEPT)
		key->sampled = key->proven = 0;
	flow_key(&flow, &key->flow);
	key->number = number;
	key->hash = hash;
	key->next = segment.next;
	key->sampled++;
	key->proven += flow.proto != IPPROTO_TCP;
	return 0;
}

/* All ones if x is not 0, else 0. */
static __always_inline __u64 mask_nonzero(__u64 x)
{
	x |= -x;
	asm volatile("" : "+r"(x));	/* or clang makes it a branch */
	return (__s64)x >> 63;
}

/* All ones if a < b, else 0; both are below 2^63. */
static __always_inline __u64 mask_less(__u64 a, __u64 b)
{
	a -= b;
	asm volatile("" : "+r"(a));
	return (__s64)a >> 63;
}

/*
 * The word after one more packet of the key `owner`. A word belongs to one key. A packet of
 * another key takes one off the count with a chance of 2^-(count / 4), and takes the word
 * over if that leaves nothing: so heavy keys stay. random: 32 random bits.
 */
static __always_inline __u64 heat_word(__u64 word, __u64 owner, __u32 random)
{
	__u64 count = word & XRING_HEAT_COUNT;
	__u64 differs = mask_nonzero(word >> XRING_HEAT_COUNT_BITS ^ owner);
	__u64 shift = (count | mask_less(127, count)) >> 2 & 31;
	__u64 loses = differs & mask_less(random, 0xffffffffu >> shift);
	__u64 taken = loses & mask_less(count, 2);

	word += differs + 1 + loses;
	return word ^ ((word ^ (owner << XRING_HEAT_COUNT_BITS | 1)) & taken);
}

/*
 * Counts a packet with the key `hash` of a service in the open window (not 0). A SYN makes no
 * key hot: anybody can send SYNs.
 */
static __always_inline void heat_count(struct xdp_md *ctx, __u8 family, __u32 window,
				       __u32 number, __u32 hash)
{
	__u32 print = XRING_HEAT_PRINT(hash, number), index;
	struct xring_heat *heat = heat_here();
	__u64 *at, word, owner;

	if (!heat || (window & XRING_HEAT_BLOCKS && XRING_HEAT_SKIPS(heat->seen++)) ||
	    opens_flow(ctx, family))
		return;
	index = XRING_HEAT_PLACE(print, window);
	at = &heat->word[index & (XRING_HEAT_WORDS - 1)];
	/* Knuth's MMIX generator; bpf_get_prandom_u32() costs ten times as much. */
	heat->random = heat->random * 6364136223846793005ULL + 1442695040888963407ULL;
	owner = XRING_HEAT_OWNER(print, number);
	word = heat_word(*at, owner, heat->random >> 32);
	*at = word;
	if (XRING_HEAT_SAMPLE(word)) {
		/* Keeps clang from testing the owner before the sample, which is the rarer. */
		asm volatile("" : "+r"(owner));
		if (word >> XRING_HEAT_COUNT_BITS == owner)
			heat_sample(ctx, index, number, hash, word & XRING_HEAT_COUNT);
	}
}

/* The same of a plain packet (is_plain()). Not static: the callers' stack is too small for it. */
__noinline int heat_plain(struct xdp_md *ctx, __u8 family, __u32 number, __u32 hash)
{
	const struct xring_config *config = config_get();
	__u32 window = config ? *(volatile const __u32 *)&config->window : 0;

	if (window)
		heat_count(ctx, family, window, number, hash);
	return 0;
}

#endif
