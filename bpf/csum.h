/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_CSUM_H
#define XRING_BPF_CSUM_H

/*
 * Incremental Internet checksums (RFC 1624, equation 3). Words are in network byte order,
 * as they stand in the packet: the sum does not depend on the byte order.
 */
static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* What the sum of the words grows by when `old` is replaced by `new`. */
static __always_inline __u64 csum_delta(__u32 old, __u32 new)
{
	return (__u64)(__u32)~old + new;
}

/* Adds a csum_delta(), or a sum of several, to a checksum field. */
static __always_inline void csum_apply(__sum16 *check, __u64 delta)
{
	*check = ~csum_fold((__u16)~*check + delta);
}

#endif
