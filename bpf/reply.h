/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_REPLY_H
#define XRING_BPF_REPLY_H

/*
 * Replies in mode nat: the address of the backend becomes the VIP again. A reply may go to
 * any client, so here, and only here, the datapath asks the kernel's routes for each packet.
 */
#ifndef AF_INET
#define AF_INET 2
#define AF_INET6 10
#endif

/* uncommon: the packet is that of uncommon_get(). */
static __always_inline __u32 reply_rewrite(struct xdp_md *ctx, const struct flow *flow,
					   const struct xring_slot *slot, int uncommon)
{
	struct xring_nat vip = { .port = slot->vip_port };

	if (uncommon) {
		__builtin_memcpy(vip.addr, slot->vip_addr, sizeof(vip.addr));
		return nat_uncommon(ctx, &vip, 0);
	}
	return flow->family == 4 ? nat4(ctx, slot->vip_addr[0], slot->vip_port, 0) :
				   nat6(ctx, slot->vip_addr, slot->vip_port, 0);
}

/*
 * Did the packet come in by the interface that leads to the backend whose reply it would be? A
 * client that takes its address comes in elsewhere. A bridge and a bond have several interfaces.
 */
static __always_inline int reply_is_real(struct xdp_md *ctx, const struct xring_slot *slot)
{
	__u32 id = slot->backend, ifindex;
	struct xring_backend *backend = bpf_map_lookup_elem(&xring_templates, &id);

	if (!id || !backend)
		return 1;
	ifindex = head_ifindex(head_that_counts(backend, head_read(&backend->t[0])));
	return !ifindex || ifindex == ctx->ingress_ifindex || is_beside(ifindex, ctx->ingress_ifindex);
}

/* Has the daemon ask for the MAC address of the next hop, which the look-up has put in the place of the receiver. */
static __always_inline void ask_for(const struct bpf_fib_lookup *fib)
{
	struct xring_ask ask = { .ifindex = fib->ifindex, .family = fib->family };
	__u8 there = 1;

	ask.address[0] = fib->ipv4_dst;
	if (fib->family == AF_INET6)
		__builtin_memcpy(ask.address, fib->ipv6_dst, 16);
	if (serves)
		bpf_map_update_elem(&xring_asks, &ask, &there, BPF_NOEXIST);
}

static __always_inline __u32 replies_flags(void)
{
	const struct xring_config *config = config_get();

	return config ? *(const volatile __u32 *)&config->replies : 0;
}

/*
 * Does the host forward a reply that has no MAC address to go to yet? It holds the reply back until the next
 * hop has answered, but drops one that comes from a VIP which is its own, or from elsewhere than rp_filter
 * wants (IPv4 alone): the daemon has said what there is to doubt, and the route to the VIP answers it. fib:
 * of the look-up before; what is in it is spent.
 */
static __always_inline int host_forwards(struct xdp_md *ctx, const struct flow *flow,
					 const struct xring_slot *slot, __u32 ingress,
					 struct bpf_fib_lookup *fib)
{
	__u32 doubts = flow->family == 4 ? replies_flags() & ~XRING_REPLIES_STACKED : 0;
	long ret;

	if (!doubts)
		return 1;
	fib->family = AF_INET;
	fib->tot_len = 0;
	fib->ifindex = ingress;
	fib->ipv4_src = flow->dst[0];
	fib->ipv4_dst = slot->vip_addr[0];
	ret = bpf_fib_lookup(ctx, fib, sizeof(*fib), 0);
	if (ret != BPF_FIB_LKUP_RET_SUCCESS && ret != BPF_FIB_LKUP_RET_NO_NEIGH)
		return 0;
	return !(doubts & XRING_REPLIES_STRICT) || fib->ifindex == ingress;
}

static __always_inline int dont_fragment(struct xdp_md *ctx)
{
	const struct iphdr *ip = header_of(ctx, 4);

	return ip && ip->frag_off & bpf_htons(0x4000);
}

/*
 * Answers the counter that says what became of the reply. With XRING_CNT_TX_REPLY, ifindex is
 * the interface at which the reply must leave. len: bytes of the IP packet.
 */
static __always_inline __u32 reply_forward(struct xdp_md *ctx, const struct flow *flow, __u32 len,
					   const struct xring_slot *slot, int uncommon,
					   __u32 *ifindex)
{
	__u32 ingress = uncommon ? ingress_of(ctx) : ctx->ingress_ifindex;
	struct bpf_fib_lookup fib = {
		.family = flow->family == 4 ? AF_INET : AF_INET6,
		.l4_protocol = flow->proto,
		.sport = slot->vip_port ?: flow_sport(flow),
		.dport = flow_dport(flow),
		.tot_len = len,
		.ifindex = ingress,
	};
	struct ethhdr *eth;
	__u32 done;
	long ret;

	if (flow->family == 4) {
		fib.ipv4_src = slot->vip_addr[0];
		fib.ipv4_dst = flow->dst[0];
	} else {
		__builtin_memcpy(fib.ipv6_src, slot->vip_addr, 16);
		__builtin_memcpy(fib.ipv6_dst, flow->dst, 16);
	}
	ret = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	tell(ROUTE, ret, fib.ifindex);
	switch (ret) {
	case BPF_FIB_LKUP_RET_SUCCESS:
	case BPF_FIB_LKUP_RET_NO_NEIGH:
		break;
	case BPF_FIB_LKUP_RET_FWD_DISABLED:
		return XRING_CNT_PASS_NO_FORWARDING;
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		/* The host fragments it, or tells the backend: as a reply, or as it came in. */
		if (flow->family == 6 || dont_fragment(ctx))
			return XRING_CNT_PASS_TOO_BIG;
		break;
	case BPF_FIB_LKUP_RET_BLACKHOLE:
	case BPF_FIB_LKUP_RET_UNREACHABLE:
	case BPF_FIB_LKUP_RET_PROHIBIT:
		return XRING_CNT_DROP_NO_ROUTE;
	default:
		return XRING_CNT_PASS_LOCAL_REPLY;
	}

	done = reply_rewrite(ctx, flow, slot, uncommon);
	if (done != FORWARD_OK)
		return done;
	if (ret == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return XRING_CNT_PASS_TOO_BIG;
	if (ret == BPF_FIB_LKUP_RET_NO_NEIGH) {
		ask_for(&fib);
		return host_forwards(ctx, flow, slot, ingress, &fib) ? XRING_CNT_PASS_UNRESOLVED :
							      XRING_CNT_DROP_UNRESOLVED;
	}
	*ifindex = fib.ifindex;
	if (rare(replies_flags() & XRING_REPLIES_STACKED))
		*ifindex = sender_of(fib.ifindex);
	if (!*ifindex)
		return XRING_CNT_PASS_STACKED;
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_MALFORMED;
	__builtin_memcpy(eth->h_dest, fib.dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, fib.smac, ETH_ALEN);
	return *ifindex == fib.ifindex || tags_put_of(ctx, fib.ifindex) ? XRING_CNT_TX_REPLY :
									  XRING_CNT_DROP_NO_HEADROOM;
}

#endif
