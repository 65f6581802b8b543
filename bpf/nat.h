/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_NAT_H
#define XRING_BPF_NAT_H

/*
 * Mode nat: rewrites an address and a port, to the backend (here) and back (reply.h). Each
 * function answers FORWARD_OK or the counter of the reason why not.
 */

static __always_inline void l4_patch(void *l4, void *end, __u8 proto, __u64 delta)
{
	struct tcphdr *tcp = l4;
	struct udphdr *udp = l4;

	if (proto == IPPROTO_TCP) {
		if ((void *)(tcp + 1) <= end)
			csum_apply(&tcp->check, delta);
	} else if ((void *)(udp + 1) <= end && udp->check) {	/* 0: no checksum (RFC 768) */
		csum_apply(&udp->check, delta);
		if (!udp->check)
			udp->check = 0xffff;
	}
}

/*
 * Rewrites the destination (dst is not 0) or the source to addr and port (0: the packet
 * keeps its port), and counts down the TTL.
 */
static __always_inline __u32 nat4(struct xdp_md *ctx, __be32 addr, __be16 port, int dst)
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
	l4_patch(l4, end, ip->protocol, delta);
	return FORWARD_OK;
}

static __always_inline __u32 nat6(struct xdp_md *ctx, const __be32 addr[4], __be16 port, int dst)
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
		asm volatile("" : "+r"(delta));	/* one after the other: the stack is small */
	}
	if (port) {
		delta += csum_delta(*at, port);
		*at = port;
	}
	l4_patch(l4, end, ip->nexthdr, delta);
	return FORWARD_OK;
}

/* Rewrites the destination to the backend's, and puts the Ethernet header in place. */
static __always_inline __u32 forward_nat(struct xdp_md *ctx, __u8 family,
					 const struct xring_template *t)
{
	const struct xring_nat *nat = (const void *)t->ip;
	void *data;
	__u32 done;

	if (family == 4)
		done = nat4(ctx, nat->addr[0], nat->port, 1);
	else
		done = nat6(ctx, nat->addr, nat->port, 1);
	if (done != FORWARD_OK)
		return done;
	data = (void *)(long)ctx->data;
	if (data + sizeof(struct ethhdr) > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_MALFORMED;
	copy(data, t->eth, sizeof(t->eth));
	return FORWARD_OK;
}

#endif
