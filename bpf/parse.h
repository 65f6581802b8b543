/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_PARSE_H
#define XRING_BPF_PARSE_H

/*
 * From bytes to a flow, where the packet is a common one: untagged, TCP or UDP directly after the
 * IP header. It is read at fixed offsets. uncommon.h reads any other packet.
 *
 * The flow of a common packet lives in registers, from the parse to the hash of its key, and
 * is gone at the next look-up. So no function gets its address, and whoever needs it later
 * reads it anew (flow_read()): that costs only the packets that need it.
 */
struct flow {
	__u64 src[2];			/* network byte order; IPv4 in the low 32 bits */
	__u64 dst[2];
	__u32 ports;			/* as in the packet: source, destination */
	__u8 proto;
	__u8 family;			/* 4 or 6 */
};

enum flow_status {
	FLOW_OK,
	FLOW_UNCOMMON,			/* see uncommon.h */
	FLOW_NOT_OURS,
	FLOW_ICMP,			/* a message that quotes no packet */
};

static __always_inline __be16 flow_sport(const struct flow *flow)
{
	return flow->ports;
}

static __always_inline __be16 flow_dport(const struct flow *flow)
{
	return flow->ports >> 16;
}

/* The flow as a key of maps. */
static __always_inline void flow_key(const struct flow *flow, struct xring_flow *ret)
{
	*(__u64 *)ret->src = flow->src[0];
	*(__u64 *)(ret->src + 2) = flow->src[1];
	*(__u64 *)ret->dst = flow->dst[0];
	*(__u64 *)(ret->dst + 2) = flow->dst[1];
	ret->ports = flow->ports;
	ret->proto = flow->proto;
	ret->family = flow->family;
}

/* Of an IP header without options. */
static __always_inline __u32 ip_bytes(__u8 family)
{
	return family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

#define IP_FRAGMENT 0x3fff		/* more fragments, or an offset */

/*
 * The common packet is read in two steps: first what says to which service it belongs, and
 * the rest (body_read()) only when its backend is known. On a busy host most packets may
 * belong to no service.
 */
static __always_inline enum flow_status parse_l4(void *l4, void *end, struct flow *flow)
{
	struct udphdr *udp = l4;	/* TCP has its ports there too */

	if ((flow->proto != IPPROTO_TCP && flow->proto != IPPROTO_UDP) ||
	    (void *)(udp + 1) > end)
		return FLOW_UNCOMMON;
	flow->ports = *(__u32 *)l4;
	return FLOW_OK;
}

static __always_inline enum flow_status flow_parse4(void *data, void *end, struct flow *flow)
{
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_FRAGMENT))
		return FLOW_UNCOMMON;
	flow->family = 4;
	flow->proto = ip->protocol;
	flow->src[0] = ip->saddr;
	flow->src[1] = 0;
	flow->dst[0] = ip->daddr;
	flow->dst[1] = 0;
	return parse_l4(ip + 1, end, flow);
}

static __always_inline enum flow_status flow_parse6(void *data, void *end, struct flow *flow)
{
	struct ipv6hdr *ip = data + sizeof(struct ethhdr);
	__u64 *addresses = (void *)&ip->saddr;

	if ((void *)(ip + 1) > end || *(__u8 *)ip >> 4 != 6)
		return FLOW_UNCOMMON;
	flow->family = 6;
	flow->proto = ip->nexthdr;
	flow->src[0] = addresses[0];
	flow->src[1] = addresses[1];
	flow->dst[0] = addresses[2];
	flow->dst[1] = addresses[3];
	return parse_l4(ip + 1, end, flow);
}

/* Reads the flow of a common packet of that family anew; 0: it is not a common packet. */
static __always_inline int flow_again(struct xdp_md *ctx, __u8 family, struct flow *flow)
{
	void *data, *end;

	/* Or clang keeps what was read before, in registers that the common packet needs. */
	asm volatile("" : "+r"(ctx));
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + sizeof(struct ethhdr) + sizeof(struct iphdr) > end)
		return 0;
	return (family == 4 ? flow_parse4(data, end, flow) : flow_parse6(data, end, flow)) ==
	       FLOW_OK;
}

/* Does a common packet open a TCP flow (SYN without ACK)? */
static __always_inline int opens_flow(struct xdp_md *ctx, __u8 family)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 head = family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct ipv6hdr *ip6 = (void *)ip;
	struct tcphdr *tcp = (void *)ip + head;

	return (void *)(tcp + 1) <= end &&
	       (family == 4 ? ip->protocol : ip6->nexthdr) == IPPROTO_TCP &&
	       tcp->syn && !tcp->ack;
}

/* What a common packet says beside its flow. */
struct body {
	void *ip;			/* its IP header, which the packet has whole */
	__u32 len;			/* bytes of the IP packet, without padding */
	__u32 bytes;			/* of the whole frame as it came in */
	__u8 syn;			/* TCP: SYN without ACK */
};

/* Is the IP packet longer than what the first buffer has of it? */
static __always_inline int body_goes_on(const struct body *body)
{
	return body->len > body->bytes - sizeof(struct ethhdr);
}

/* Is the IP packet there as a whole, in further buffers where it goes on? */
static __always_inline int body_is_whole(struct xdp_md *ctx, const struct body *body)
{
	return !rare(body_goes_on(body)) ||
	       body->len <= bpf_xdp_get_buff_len(ctx) - sizeof(struct ethhdr);
}

/*
 * Of an untagged frame at data, or what is one from there on. 0: the packet's length is less than that of its
 * headers, or the L4 header is cut off.
 */
static __always_inline int body_at(void *data, void *end, __u8 family, struct body *ret)
{
	__u32 head = family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct ipv6hdr *ip6 = (void *)ip;
	__u8 *l4 = (void *)ip + head, proto;
	__u32 l4_head = sizeof(struct udphdr);

	if ((void *)l4 + sizeof(struct udphdr) > end)
		return 0;
	proto = family == 4 ? ip->protocol : ip6->nexthdr;
	ret->ip = ip;
	ret->bytes = end - data;
	ret->len = family == 4 ? bpf_ntohs(ip->tot_len) : head + bpf_ntohs(ip6->payload_len);
	ret->syn = 0;
	if (proto == IPPROTO_TCP) {
		l4_head = sizeof(struct tcphdr);
		if ((void *)l4 + sizeof(struct tcphdr) > end)
			return 0;
		ret->syn = l4[13] >> 1 & ~(l4[13] >> 4) & 1;	/* SYN without ACK */
	}
	return ret->len >= head + l4_head;
}

static __always_inline int body_read(struct xdp_md *ctx, __u8 family, struct body *ret)
{
	return body_at((void *)(long)ctx->data, (void *)(long)ctx->data_end, family, ret);
}

#endif
