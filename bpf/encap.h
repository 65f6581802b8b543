/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_ENCAP_H
#define XRING_BPF_ENCAP_H

/*
 * Modes that put a header before the packet. Each function answers FORWARD_OK or the counter
 * of the reason why not.
 */

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
	sum += len + bpf_htons(protocol);	/* at most two carries */
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

#endif
