/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_GUE_H
#define XRING_BPF_GUE_H

/*
 * Mode gue: UDP between the outer header and the packet. The source port varies by flow, in the
 * range for that (RFC 6335, section 6), so that whoever hashes ports spreads flows. The checksum is 0:
 * the packet has its own (RFC 6935, RFC 6936).
 */
#define GUE_HOP_LIMIT 64

static __always_inline int is_gue(__u8 kind)
{
	return kind >= XRING_GUE4_0;
}

/* The UDP header, and of variant 0 that of GUE, at an address with room for both. */
static __always_inline void gue_put(struct udphdr *udp, __u8 family, __u32 len, __be16 port,
				    __u64 number, __u32 bytes)
{
	udp->source = bpf_htons(0xc000 | number >> 50);
	udp->dest = port;
	udp->len = bpf_htons(len);
	udp->check = 0;
	if (bytes > sizeof(*udp))
		*(struct xring_gue *)(udp + 1) =
			(struct xring_gue){ .proto = family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6 };
}

static __always_inline void gue_outer4(struct iphdr *ip, const struct xring_template *t, __u32 len,
				       __u8 tos)
{
	__u32 sum = ((const struct iphdr *)t->ip)->check;

	__builtin_memcpy(ip, t->ip, sizeof(*ip));
	ip->tos = tos;
	ip->tot_len = bpf_htons(len + sizeof(*ip));
	sum += ip->tot_len + bpf_htons(tos);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
}

static __always_inline void gue_outer6(struct ipv6hdr *ip, const struct xring_template *t, __u32 len,
				       __u8 tos, __u64 number)
{
	__builtin_memcpy(ip, t->ip, sizeof(*ip));
	*(__u16 *)ip = bpf_htons(0x6000 | tos << 4);
	*(__u16 *)((void *)ip + 2) = number >> 48;	/* as encap_ipip6() does */
	ip->payload_len = bpf_htons(len);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = GUE_HOP_LIMIT;
}

/* The length of the IP packet of a frame without tags. */
static __always_inline __u32 gue_inner(const void *ip, __u8 family)
{
	return family == 4 ? bpf_ntohs(((const struct iphdr *)ip)->tot_len) :
			     sizeof(struct ipv6hdr) +
			     bpf_ntohs(((const struct ipv6hdr *)ip)->payload_len);
}

/*
 * Puts the headers in front of a packet without tags that is not longer than the MTU. number: of
 * the flow, as flow_number(). rare: template_rare(). Answers FORWARD_OK or the counter of the
 * reason why not. Not static: the verifier walks it once.
 */
__noinline __u32 encap_gue(struct xdp_md *ctx, const struct xring_template *t, __u64 head,
			   __u64 rare, __u64 number)
{
	__u8 kind = head_kind(head), family = frame_type(ctx) == bpf_htons(ETH_P_IP) ? 4 : 6, tos;
	__u32 bytes = xring_gue_bytes(kind), outer = kind & 1 ? sizeof(struct ipv6hdr) :
							       sizeof(struct iphdr), len;
	struct { __u8 byte[sizeof(struct ethhdr) + sizeof(struct ipv6hdr)]; } *longest;
	void *ip = header_of(ctx, family), *data;
	struct { struct udphdr udp; struct xring_gue gue; } *at;

	if (!ip || !t)
		return XRING_CNT_DROP_MALFORMED;
	if (!ip_hop(ip, family))
		return XRING_CNT_DROP_TTL;
	len = bytes + gue_inner(ip, family);
	tos = traffic_class(ip, family) & head_dscp(head);
	if (bpf_xdp_adjust_head(ctx, -(int)(outer + bytes)))
		return XRING_CNT_DROP_NO_HEADROOM;
	longest = frame_at(ctx, 0, typeof(*longest));
	at = frame_at(ctx, sizeof(struct ethhdr) + outer, typeof(*at));
	if (!longest || !at)
		return XRING_CNT_DROP_MALFORMED;	/* not reached */
	data = longest;
	__builtin_memcpy(data, t->eth, sizeof(t->eth));
	if (kind & 1)
		gue_outer6(data + sizeof(struct ethhdr), t, len, tos, number);
	else
		gue_outer4(data + sizeof(struct ethhdr), t, len, tos);
	gue_put(&at->udp, family, len, rare >> 48, number, bytes);
	return FORWARD_OK;
}

#endif
