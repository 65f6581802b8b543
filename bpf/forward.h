/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_FORWARD_H
#define XRING_BPF_FORWARD_H

/*
 * Sends a packet to a backend by the template: checks the MTU and chooses the mode. Answers
 * FORWARD_OK or the counter of the reason why not.
 */
static __always_inline __u32 forward(struct xdp_md *ctx, const struct flow *flow,
				     const struct xring_template *t)
{
	void *data = (void *)(long)ctx->data;

	if (flow->len > t->mtu)
		return t->kind == XRING_NONE ? XRING_CNT_DROP_NO_BACKEND :
		       t->kind == XRING_UNRESOLVED ? XRING_CNT_DROP_NO_NEXT_HOP :
		       XRING_CNT_DROP_TOO_BIG;	/* without a link, mtu is 0 */

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
