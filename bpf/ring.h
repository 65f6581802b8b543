/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_RING_H
#define XRING_BPF_RING_H

/*
 * Who owns a hash: one load and one compare (struct xring_cell). base is the
 * ring's first cell, shift 32 less the logarithm of their number. 0 is no backend.
 */
static __always_inline __u32 spill_lookup(__u32 bucket, __u32 hash)
{
	struct xring_spill *spill = bpf_map_lookup_elem(&xring_spills, &bucket);
	__u32 owner;

	if (!spill)
		return 0;
	owner = spill->owner[0];
	for (int i = 0; i < XRING_SPILL_POINTS; i++)
		if (hash >= spill->split[i])
			owner = spill->owner[i + 1];
	return owner;
}

static __always_inline __u32 ring_lookup(__u32 base, __u8 shift, __u32 hash)
{
	__u32 i = base + (hash >> (shift & 31));
	__u64 *cell = bpf_map_lookup_elem(&xring_cells, &i);
	__u32 owner;
	__u64 word;

	if (!cell)
		return 0;
	word = *(volatile __u64 *)cell;	/* an answer is never read in two parts */
	owner = word >> (hash < (__u32)word ? 32 : 48) & XRING_ID_MASK;
	if (owner == XRING_SPILL)
		return spill_lookup(word, hash);
	return owner;
}

#endif
