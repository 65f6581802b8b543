/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_ENCAP_H
#define XRING_BPF_ENCAP_H

/*
 * Modes that put a header before the packet. family and inner_len are of the packet as it
 * came in. Each function answers FORWARD_OK or the counter of the reason why not.
 *
 * Queues of a NIC and paths of a fabric are selected by the outer header. So that the flows of one
 * backend do not all take one, the header varies by flow: an outer IPv6 header by its flow label
 * (RFC 6438), an outer IPv4 header by its source, where the operator gave a network for that.
 */

/*
 * A number in the high bits of which any two flows differ, most likely: of addresses, ports and
 * protocol (but for the first half of an IPv6 VIP). ip: the header of a common packet, which the
 * packet has whole with the ports after it. The number has no secret: who foresees it can choose
 * the path of his own flows, and nothing else.
 */
#define FLOW_FACTOR 0x9e3779b97f4a7c15ULL	/* odd: 2^64 by the golden ratio */
static __always_inline __u64 flow_number(const void *ip, __u8 family)
{
	const __u64 *address = ip + (family == 4 ? offsetof(struct iphdr, saddr) :
						   offsetof(struct ipv6hdr, saddr));
	__u64 sum = *(const __u8 *)(ip + (family == 4 ? offsetof(struct iphdr, protocol) :
							offsetof(struct ipv6hdr, nexthdr)));

	sum += address[0] + *(const __u32 *)(ip + ip_bytes(family));
	if (family == 6)
		sum += address[1] + address[3];
	return sum * FLOW_FACTOR;
}

/* The same of a packet that is not a common one. Fragments of a datagram have one number. */
static __always_inline __u64 uncommon_number(const struct uncommon *u)
{
	const struct flow *flow = &u->flow;
	__u64 sum = flow->proto + (u->outer.fragment ? 0 : flow->ports);

	if (flow->family == 4)
		sum += flow->src[0] | flow->dst[0] << 32;
	else
		sum += flow->src[0] + flow->src[1] + flow->dst[1];
	return sum * FLOW_FACTOR;
}

/* The traffic class of an IP header, of which the packet has the first two bytes. */
static __always_inline __u8 traffic_class(const void *ip, __u8 family)
{
	return family == 4 ? ((const struct iphdr *)ip)->tos : bpf_ntohs(*(const __u16 *)ip) >> 4;
}

/*
 * dscp: the bits of the inner traffic class that the outer one gets (RFC 2983, section 4; RFC 6040).
 * tag: bytes of a tag that the frame has, and loses.
 */
static __always_inline __u32 encap_ipip4(struct xdp_md *ctx, __u8 family, __u32 inner_len,
					 const struct xring_template *t, __u8 dscp, int tag)
{
	__u16 len = bpf_htons(inner_len + sizeof(struct iphdr));
	__u32 sum = ((const struct iphdr *)t->ip)->check + len;
	struct iphdr *ip;
	void *data;
	__u8 tos;

	if (bpf_xdp_adjust_head(ctx, tag - (int)sizeof(*ip)))
		return XRING_CNT_DROP_NO_HEADROOM;
	data = (void *)(long)ctx->data;
	ip = data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) + 2 > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_NO_HEADROOM;
	copy(data, t->eth, sizeof(t->eth) + sizeof(*ip));
	tos = traffic_class(ip + 1, family) & dscp;
	ip->tos = tos;
	ip->tot_len = len;
	sum += bpf_htons(tos);
	if (family == 6) {
		ip->protocol = IPPROTO_IPV6;
		sum += bpf_htons(IPPROTO_IPV6 - IPPROTO_IPIP);
	}
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
	return FORWARD_OK;
}

/* dscp, tag: likewise. number: of the flow; NULL: flow_number() of the packet, which is a common one. */
static __always_inline __u32 encap_ipip6(struct xdp_md *ctx, __u8 family, __u32 inner_len,
					 const struct xring_template *t, __u8 dscp, int tag,
					 const __u64 *number)
{
	struct ipv6hdr *ip;
	void *data, *inner;

	if (bpf_xdp_adjust_head(ctx, tag - (int)sizeof(*ip)))
		return XRING_CNT_DROP_NO_HEADROOM;
	data = (void *)(long)ctx->data;
	ip = data + sizeof(struct ethhdr);
	inner = ip + 1;
	if (inner + (number ? 2 : ip_bytes(family) + sizeof(__u32)) > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_NO_HEADROOM;
	/* Of the flow label the low 16 bits are enough. */
	copy(data, t->eth, sizeof(t->eth));
	*(__u16 *)ip = bpf_htons(0x6000 | (traffic_class(inner, family) & dscp) << 4);
	*(__u16 *)((void *)ip + 2) = (number ? *number : flow_number(inner, family)) >> 48;
	ip->payload_len = bpf_htons(inner_len);
	copy(&ip->nexthdr, t->ip + offsetof(struct ipv6hdr, nexthdr),
	     sizeof(*ip) - offsetof(struct ipv6hdr, nexthdr));
	if (family == 6)
		ip->nexthdr = IPPROTO_IPV6;
	return FORWARD_OK;
}

#endif
