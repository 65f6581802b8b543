/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_HOP_H
#define XRING_BPF_HOP_H

/*
 * What all modes need on the way to a backend: the answer, a copy of ready-made headers
 * (struct xring_template), and one hop less of TTL.
 */

/* The answer of a function that forwards; any other is the counter of the reason why not. */
#define FORWARD_OK XRING_CNT_MAX

/*
 * Copies in words of 8, 4 and 2 bytes; for a copy between bytes the compiler would load
 * single bytes. Unaligned access is allowed on the machines that have a BPF JIT.
 */
static __always_inline void copy(void *to, const void *from, int bytes)
{
	int i = 0;

	for (; i + 8 <= bytes; i += 8)
		*(__u64 *)(to + i) = *(const __u64 *)(from + i);
	if (i + 4 <= bytes) {
		*(__u32 *)(to + i) = *(const __u32 *)(from + i);
		i += 4;
	}
	if (i + 2 <= bytes)
		*(__u16 *)(to + i) = *(const __u16 *)(from + i);
}

/*
 * Counts the TTL down; 0: the TTL is spent. The checksum is updated by RFC 1141: the TTL is
 * the high byte of its 16-bit word.
 */
static __always_inline int ipv4_hop(struct iphdr *ip)
{
	__u32 check = ip->check;

	if (ip->ttl <= 1)
		return 0;
	ip->ttl--;
	check += bpf_htons(0x0100);
	ip->check = check + (check >= 0xffff);
	return 1;
}

static __always_inline int ipv6_hop(struct ipv6hdr *ip)
{
	if (ip->hop_limit <= 1)
		return 0;
	ip->hop_limit--;
	return 1;
}

/* Counts down the TTL or hop limit of an IP header that the packet has whole; 0: it is spent. */
static __always_inline int ip_hop(void *ip, __u8 family)
{
	return family == 4 ? ipv4_hop(ip) : ipv6_hop(ip);
}

#endif
