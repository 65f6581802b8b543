/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_HEAT_H
#define XRING_BPF_HEAT_H

/*
 * How often each key is seen: the sketch of this CPU (struct xring_heat has its format). The
 * update has no branch, as where each packet has another key no branch could be predicted.
 */

/* Keeps the flow of a packet beside the word, so that the daemon can show the key. */
static __always_inline void heat_sample(struct xring_heat *heat, __u32 index,
					const struct flow *flow, __u32 number, __u32 hash)
{
	struct xring_heat_key *key = &heat->key[index & (XRING_HEAT_WORDS - 1)];

	flow_key(flow, &key->flow);
	key->number = number;
	key->hash = hash;
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

/* Counts a packet of an established flow in the open window (not 0). */
static __always_inline void heat_count(__u32 window, const struct xring_slot *slot,
				       const struct flow *flow, __u32 hash)
{
	__u32 cpu = bpf_get_smp_processor_id(), number = slot_number(slot), zero = 0;
	__u32 print = XRING_HEAT_PRINT(hash, number), index;
	struct xring_heat *heat;
	__u64 *at, word, owner;
	void *map;

	map = bpf_map_lookup_elem(&xring_heat, &cpu);
	heat = map ? bpf_map_lookup_elem(map, &zero) : NULL;
	if (!heat)
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
			heat_sample(heat, index, flow, number, hash);
	}
}

#endif
