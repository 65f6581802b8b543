/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_FORWARD_H
#define XRING_BPF_FORWARD_H

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

static __always_inline __u32 encap_ipip4(struct xdp_md *ctx, const struct flow *flow,
					 const struct xring_template *t)
{
	__u8 protocol = flow->family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	__u16 len = bpf_htons(flow->len + sizeof(struct iphdr));
	__u32 sum = ((const struct iphdr *)t->ip)->check;
	struct iphdr *ip;
	void *data;

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
		return XRING_CNT_DROP_NO_HEADROOM;
	data = (void *)(long)ctx->data;
	ip = data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_NO_HEADROOM;
	copy(data, t->eth, sizeof(t->eth));
	copy(ip, t->ip, sizeof(*ip));
	ip->tot_len = len;
	ip->protocol = protocol;
	sum += len + bpf_htons(protocol);	/* two carries at the most */
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
	return FORWARD_OK;
}

static __always_inline __u32 encap_ipip6(struct xdp_md *ctx, const struct flow *flow,
					 const struct xring_template *t)
{
	struct ipv6hdr *ip;
	void *data;

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
		return XRING_CNT_DROP_NO_HEADROOM;
	data = (void *)(long)ctx->data;
	ip = data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_NO_HEADROOM;
	copy(data, t->eth, sizeof(t->eth));
	copy(ip, t->ip, sizeof(*ip));
	ip->payload_len = bpf_htons(flow->len);
	ip->nexthdr = flow->family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	return FORWARD_OK;
}

static __always_inline void l4_patch(void *l4, void *end, __u8 proto, __u64 delta)
{
	struct tcphdr *tcp = l4;
	struct udphdr *udp = l4;

	if (proto == IPPROTO_TCP) {
		if ((void *)(tcp + 1) <= end)
			csum_apply(&tcp->check, delta);
	} else if ((void *)(udp + 1) <= end && udp->check) {	/* 0: none (RFC 768) */
		csum_apply(&udp->check, delta);
		if (!udp->check)
			udp->check = 0xffff;
	}
}

/*
 * Rewrites the destination (dst true) or the source to addr and port (network
 * byte order, 0 to keep), TTL counted down.
 */
static __always_inline __u32 nat4(struct xdp_md *ctx, const struct flow *flow,
				  __be32 addr, __be16 port, int dst)
{
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct udphdr *l4 = (void *)(ip + 1);	/* TCP has its ports there too */
	__be32 *where;
	__be16 *at;
	__u64 delta;

	if ((void *)(l4 + 1) > end)
		return XRING_CNT_DROP_MALFORMED;
	if (!ipv4_hop(ip))
		return XRING_CNT_DROP_TTL;
	where = dst ? &ip->daddr : &ip->saddr;
	at = dst ? &l4->dest : &l4->source;
	delta = csum_delta(*where, addr);
	csum_apply(&ip->check, delta);
	*where = addr;
	if (port) {
		delta += csum_delta(*at, port);
		*at = port;
	}
	l4_patch(l4, end, flow->proto, delta);
	return FORWARD_OK;
}

static __always_inline __u32 nat6(struct xdp_md *ctx, const struct flow *flow,
				  const __be32 addr[4], __be16 port, int dst)
{
	void *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct udphdr *l4 = (void *)(ip + 1);
	__be32 *where;
	__be16 *at;
	__u64 delta = 0;

	if ((void *)(l4 + 1) > end)
		return XRING_CNT_DROP_MALFORMED;
	if (!ipv6_hop(ip))
		return XRING_CNT_DROP_TTL;
	where = dst ? ip->daddr.s6_addr32 : ip->saddr.s6_addr32;
	at = dst ? &l4->dest : &l4->source;
	for (int i = 0; i < 4; i++) {
		delta += csum_delta(where[i], addr[i]);
		where[i] = addr[i];
	}
	if (port) {
		delta += csum_delta(*at, port);
		*at = port;
	}
	l4_patch(l4, end, flow->proto, delta);
	return FORWARD_OK;
}

static __always_inline __u32 forward_nat(struct xdp_md *ctx, const struct flow *flow,
					 const struct xring_template *t)
{
	const struct xring_nat *nat = (const void *)t->ip;
	void *data;
	__u32 done;

	if (flow->family == 4)
		done = nat4(ctx, flow, nat->addr[0], nat->port, 1);
	else
		done = nat6(ctx, flow, nat->addr, nat->port, 1);
	if (done != FORWARD_OK)
		return done;
	data = (void *)(long)ctx->data;
	if (data + sizeof(struct ethhdr) > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_MALFORMED;
	copy(data, t->eth, sizeof(t->eth));
	return FORWARD_OK;
}

static __always_inline __u32 forward(struct xdp_md *ctx, const struct flow *flow,
				     const struct xring_template *t)
{
	void *data = (void *)(long)ctx->data;

	if (flow->len > t->mtu)
		return t->kind == XRING_NONE ? XRING_CNT_DROP_NO_BACKEND :
		       t->kind == XRING_UNRESOLVED ? XRING_CNT_DROP_NO_NEXT_HOP :
		       XRING_CNT_DROP_TOO_BIG;	/* mtu is 0 where there is no link */

	switch (t->kind) {
	case XRING_IPIP4:
		return ip_hop(ctx, flow) ? encap_ipip4(ctx, flow, t) : XRING_CNT_DROP_TTL;
	case XRING_IPIP6:
		return ip_hop(ctx, flow) ? encap_ipip6(ctx, flow, t) : XRING_CNT_DROP_TTL;
	case XRING_L2:
		if (data + sizeof(struct ethhdr) > (void *)(long)ctx->data_end)
			return XRING_CNT_DROP_MALFORMED;
		copy(data, t->eth, 2 * ETH_ALEN);
		return FORWARD_OK;
	case XRING_NAT4:
	case XRING_NAT6:
		if ((t->kind == XRING_NAT4) != (flow->family == 4))
			return XRING_CNT_DROP_FAMILY;
		return forward_nat(ctx, flow, t);
	}
	return XRING_CNT_DROP_NO_BACKEND;
}

#endif
