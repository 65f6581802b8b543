/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_ENCAP_H
#define XRING_BPF_ENCAP_H

/*
 * Modes that put a header before the packet. family and inner_len are of the packet as it
 * came in. Each function answers FORWARD_OK or the counter of the reason why not.
 */

static __always_inline __u32 encap_ipip4(struct xdp_md *ctx, __u8 family, __u32 inner_len,
					 const struct xring_template *t)
{
	__u16 len = bpf_htons(inner_len + sizeof(struct iphdr));
	__u32 sum = ((const struct iphdr *)t->ip)->check + len;
	struct iphdr *ip;
	void *data;

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
		return XRING_CNT_DROP_NO_HEADROOM;
	data = (void *)(long)ctx->data;
	ip = data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_NO_HEADROOM;
	copy(data, t->eth, sizeof(t->eth) + sizeof(*ip));
	ip->tot_len = len;
	if (family == 6) {
		ip->protocol = IPPROTO_IPV6;
		sum += bpf_htons(IPPROTO_IPV6 - IPPROTO_IPIP);
	}
	sum = (sum & 0xffff) + (sum >> 16);	/* at most one carry, two with family 6 */
	ip->check = ~(family == 6 ? sum + (sum >> 16) : sum);
	return FORWARD_OK;
}

static __always_inline __u32 encap_ipip6(struct xdp_md *ctx, __u8 family, __u32 inner_len,
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
	copy(data, t->eth, sizeof(t->eth) + sizeof(*ip));
	ip->payload_len = bpf_htons(inner_len);
	if (family == 6)
		ip->nexthdr = IPPROTO_IPV6;
	return FORWARD_OK;
}

#endif
