/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_FORWARD_H
#define XRING_BPF_FORWARD_H

static __always_inline int mac_is(const __u8 *mac, const __u8 *other)
{
	__u16 differ = 0;

	for (int i = 0; i < ETH_ALEN; i += 2)
		differ |= *(__u16 *)(mac + i) ^ *(__u16 *)(other + i);
	return !differ;
}

/* Why a packet that is longer than the MTU cannot be sent: without a link, that is 0. */
static __always_inline __u32 forward_refuse(__u8 kind)
{
	return kind == XRING_NONE ? XRING_CNT_DROP_NO_BACKEND :
	       kind == XRING_UNRESOLVED ? XRING_CNT_DROP_NO_NEXT_HOP : XRING_CNT_DROP_TOO_BIG;
}

/* The answer of forward() to a packet that send_rarely() must send. */
#define FORWARD_RARELY (FORWARD_OK + 1)

/* Ends what forward() and its like have done: with the tags of the way. */
static __always_inline __u32 forward_end(struct xdp_md *ctx, __u64 rare, __u32 done)
{
	if (done != FORWARD_OK && done != XRING_CNT_TX_HAIRPIN)
		return done;
	return !(__u32)rare || tags_put(ctx, rare) ? done : XRING_CNT_DROP_NO_HEADROOM;
}

/*
 * Sends a packet that is not longer than the MTU to a backend, by the template and its kind.
 * Answers FORWARD_OK, the counter of the reason why not, or FORWARD_RARELY.
 */
static __always_inline __u32 forward(struct xdp_md *ctx, __u8 family, const struct body *body,
				     const struct xring_template *t, __u64 head)
{
	__u8 kind = head_kind(head);

	/* Before the switch, which clang makes a binary search. */
	if (kind == XRING_IPIP4)
		return ip_hop(body->ip, family) ? encap_ipip4(ctx, family, body->len, t,
							  head_dscp(head), 0) :
						  XRING_CNT_DROP_TTL;
	if (kind == XRING_IPIP6)
		return ip_hop(body->ip, family) ? encap_ipip6(ctx, family, body->len, t,
							  head_dscp(head), 0, NULL) :
						  XRING_CNT_DROP_TTL;
	switch (kind) {
	case XRING_L2:
		if (rare(mac_is(body->ip - ETH_ALEN - 2, t->eth)))
			return XRING_CNT_DROP_LOOP;
		copy(body->ip - sizeof(struct ethhdr), t->eth, 2 * ETH_ALEN);
		return FORWARD_OK;
	case XRING_NAT4:
	case XRING_NAT6:
		if ((kind == XRING_NAT4) != (family == 4))
			return XRING_CNT_DROP_FAMILY;
		if (rare(nat_looks(ctx, body, head)))
			return FORWARD_RARELY;
		return forward_nat(ctx, family, t);
	}
	return XRING_CNT_DROP_NO_BACKEND;
}

/* The same by XRING_IPIP4_BY_FLOW, whatever the length of the packet. number: flow_number() */
static __always_inline __u32 forward_by_flow4(struct xdp_md *ctx, __u8 family,
					      const struct body *body,
					      const struct xring_template *t, __u8 dscp,
					      __u64 number)
{
	const struct xring_by_flow *by_flow = (const void *)t->ip;
	struct iphdr *outer;
	__u32 varying, done;

	if (!ip_hop(body->ip, family))
		return XRING_CNT_DROP_TTL;
	varying = (number ^ number >> 32) * FLOW_FACTOR >> 32 & by_flow->varying;
	done = encap_ipip4(ctx, family, body->len, t, dscp, 0);
	outer = (void *)(long)ctx->data + sizeof(struct ethhdr);
	if (done != FORWARD_OK || (void *)(outer + 1) > (void *)(long)ctx->data_end)
		return done;
	csum_apply(&outer->check, varying);	/* the bits were 0 */
	outer->saddr |= varying;
	return FORWARD_OK;
}

/* ---- packets that are not common ones ---- */

static __always_inline __u32 forward_uncommon(struct xdp_md *ctx, __u8 family,
					      const struct uncommon *u, __u32 bytes,
					      const struct xring_template *t, __u64 head,
					      __u64 rare)
{
	struct body body = { .ip = header_of(ctx, family), .len = u->outer.len, .bytes = bytes };
	__u8 kind = head_kind(head_untagged(head));
	__u64 number = uncommon_number(u);
	__u32 done;

	if (!body.ip)
		return XRING_CNT_DROP_MALFORMED;
	if (body.len > rare_mtu(rare))
		return forward_refuse(kind);
	if (kind == XRING_IPIP4_BY_FLOW)
		return forward_by_flow4(ctx, family, &body, t, head_dscp(head), number);
	if (is_gue(kind))
		return encap_gue(ctx, t, head_untagged(head), rare, number);
	if (kind == XRING_NAT4 || kind == XRING_NAT6) {
		if ((kind == XRING_NAT4) != (family == 4))
			return XRING_CNT_DROP_FAMILY;
		nat_mss(ctx, t, head);
		done = nat_uncommon(ctx, (const void *)t->ip, 1);
		if (done == FORWARD_OK)
			done = eth_put(ctx, t);
		return done == FORWARD_OK && u->segment.opens && head_ifindex(head) == ctx->ingress_ifindex ?
			       nat_sent_back(ctx, t) : done;
	}
	if (kind == XRING_IPIP6)
		return ip_hop(body.ip, family) ? encap_ipip6(ctx, family, body.len, t,
							  head_dscp(head), 0, &number) :
						 XRING_CNT_DROP_TTL;
	return forward(ctx, family, &body, t, head_untagged(head));
}

#endif
