/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_RING_H
#define XRING_BPF_RING_H

/*
 * Which backend owns a hash: one load and one comparison (struct xring_cell). base is the
 * index of the ring's first cell; shift is 32 - k for a ring of 2^k cells. Owner 0 is no
 * backend.
 */

/* The owner of a hash in a cell that holds several splits. */
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

/* The word of a cell, in one load, as the daemon may write it; 0: there is no such cell. */
static __always_inline __u64 cell_read(__u32 i)
{
	__u64 *cell = bpf_map_lookup_elem(&xring_cells, &i);

	return cell ? *(volatile __u64 *)cell : 0;
}

static __always_inline __u32 cell_owner(__u64 word, __u32 hash)
{
	__u32 owner = word >> (hash < (__u32)word ? 32 : 48) & XRING_ID_MASK;

	return owner == XRING_SPILL ? spill_lookup(word, hash) : owner;
}

static __always_inline __u32 ring_cell(__u32 base, __u8 shift, __u32 hash)
{
	return base + (hash >> shift);
}

static __always_inline __u32 ring_lookup(__u32 base, __u8 shift, __u32 hash)
{
	return cell_owner(cell_read(ring_cell(base, shift, hash)), hash);
}

#endif
