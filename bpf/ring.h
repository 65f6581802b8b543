/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_RING_H
#define XRING_BPF_RING_H

/*
 * Which backend owns a hash: one load and one comparison (struct xring_cell). base is the
 * index of the ring's first cell; shift is 32 - k for a ring of 2^k cells. Owner 0 is no
 * backend.
 */

/* The owner of a hash in a bucket; XRING_SPILL: it is in the bucket *next. */
static __always_inline __u32 bucket_lookup(__u32 bucket, __u32 hash, __u32 *next)
{
	struct xring_spill *spill = bpf_map_lookup_elem(&xring_spills, &bucket);
	__u32 owner;

	if (!spill)
		return 0;
	owner = spill->owner[XRING_SPILL_POINTS];
	for (int i = XRING_SPILL_POINTS - 1; i >= 0; i--)
		if (hash < spill->split[i])
			owner = spill->owner[i];
	*next = spill->split[XRING_SPILL_POINTS - 1];
	return owner;
}

/*
 * The owner of a hash in a second bucket, which hardly any cell has. Not static, so
 * that the verifier walks the function once, and not once for each cell that is read.
 */
__noinline __u32 bucket_second(__u32 bucket, __u32 hash)
{
	__u32 owner = bucket_lookup(bucket, hash, &bucket);

	return owner == XRING_SPILL ? 0 : owner;
}

/* The owner of a hash in a cell that holds several splits. */
static __always_inline __u32 spill_lookup(__u32 bucket, __u32 hash)
{
	__u32 next = 0, owner = bucket_lookup(bucket, hash, &next);

	return owner == XRING_SPILL ? bucket_second(next, hash) : owner;
}

/* The word of a cell, in one load, as the daemon may write it; 0: there is no such cell. */
static __always_inline __u64 cell_read(__u32 i)
{
	__u64 *cell = bpf_map_lookup_elem(&xring_cells, &i);

	return cell ? *(volatile __u64 *)cell : 0;
}

/*
 * The owner of a hash by the word of its cell. Without a branch: where packets are of many
 * flows, one in two of these choices would be foretold wrong, when the packet has waited for
 * the cell.
 */
static __always_inline __u32 cell_owner(__u64 word, __u32 hash)
{
	__u64 before = (__u64)hash - low_half(word);	/* below 0 where the split is above */
	__u32 owner;

	asm volatile("" : "+r"(before));	/* or clang makes it a branch */
	owner = word >> (48 - (before >> 63 << 4)) & XRING_ID_MASK;
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
