/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_CSUM_H
#define XRING_BPF_CSUM_H

/* Incremental Internet checksums (RFC 1624, equation 3), on words as in memory. */
static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* What replacing word `old` by `new` adds to the sum. */
static __always_inline __u64 csum_delta(__u32 old, __u32 new)
{
	return (__u64)(__u32)~old + new;
}

static __always_inline void csum_apply(__sum16 *check, __u64 delta)
{
	*check = ~csum_fold((__u16)~*check + delta);
}

#endif
