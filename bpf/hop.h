/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_HOP_H
#define XRING_BPF_HOP_H

/*
 * Towards the backend: the headers are ready-made (struct xring_template), what
 * remains is to copy them and to patch lengths, TTL and checksums. Each answers
 * FORWARD_OK or the counter of the reason why not.
 */
#define FORWARD_OK XRING_CNT_MAX

/*
 * Copies by words: for bytes the compiler would not dare. Templates are aligned
 * to 8, and packets may be read unaligned where BPF's JIT runs.
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

/* One hop: 0 where the TTL is spent. (RFC 1141: TTL is the high byte of its word.) */
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

/* The packet's own IP header, TTL counted down; 0 where it is spent. */
static __always_inline int ip_hop(struct xdp_md *ctx, const struct flow *flow)
{
	void *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	void *end = (void *)(long)ctx->data_end;

	if (flow->family == 4)
		return ip + sizeof(struct iphdr) <= end && ipv4_hop(ip);
	return ip + sizeof(struct ipv6hdr) <= end && ipv6_hop(ip);
}

#endif
