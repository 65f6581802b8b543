/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_PARSE_H
#define XRING_BPF_PARSE_H

/*
 * From bytes to a flow. The common packet (untagged, TCP or UDP directly after the IP header)
 * is read at fixed offsets. Any other packet goes through parse_unusual(), which finds out
 * to which service it would belong: a packet for a service is dropped with its reason, all
 * others pass.
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
	__u8 defect;			/* 0, or the reason to drop a packet for a service */
};

enum flow_status {
	FLOW_OK,
	FLOW_UNUSUAL,			/* not a common packet: see parse_unusual() */
	FLOW_NOT_OURS,
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

/* From linux/icmp.h, which would include the C library's socket headers. */
#define ICMP_DEST_UNREACH 3
#define ICMP_SOURCE_QUENCH 4
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETERPROB 12
#define ICMPV6_INFOMSG_MASK 0x80
struct icmp_head {
	__u8 type;
	__u8 code;
	__be16 check;
	__be32 rest;
};

#define VLAN_DEPTH 2
#define IPV6_EXTENSIONS 4		/* at most so many are walked */
#define IP_FRAGMENT 0x3fff		/* more fragments, or an offset */
#define IP_OFFSET 0x1fff

struct cursor {
	void *pos;
	void *end;
	__u8 later_fragment;		/* no L4 header follows */
};

/* The next header, as a pointer to its type; NULL: the packet ends before. */
#define cursor_take(c, type)                                                   \
	({                                                                     \
		type *it_ = (c)->pos;                                          \
		(void *)(it_ + 1) > (c)->end ? NULL : ((c)->pos = it_ + 1, it_); \
	})

/* Only the first defect of a packet is counted. */
static __always_inline void flow_defect(struct flow *flow, __u8 reason)
{
	if (!flow->defect)
		flow->defect = reason;
}

/*
 * The IPv4 header with its options. A fragment after the first has no ports: they stay 0, so
 * that only a service of any port is found.
 */
static __always_inline int parse_ipv4(struct cursor *cur, struct flow *flow)
{
	struct iphdr *ip = cursor_take(cur, struct iphdr);

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return 0;
	flow->family = 4;
	flow->proto = ip->protocol;
	flow->src[0] = ip->saddr;
	flow->dst[0] = ip->daddr;
	if (ip->ihl > 5)
		flow_defect(flow, XRING_CNT_DROP_OPTIONS);
	if (ip->frag_off & bpf_htons(IP_FRAGMENT))
		flow_defect(flow, XRING_CNT_DROP_FRAGMENT);
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		cur->later_fragment = 1;
	cur->pos += (ip->ihl * 4 - sizeof(*ip)) & 0x3c;
	return 1;
}

/* The IPv6 header with its extension headers (RFC 8200, section 4). */
static __always_inline int parse_ipv6(struct cursor *cur, struct flow *flow)
{
	struct extension { __u8 next, len; __be16 offset; __u32 rest; } *ext;
	struct ipv6hdr *ip = cursor_take(cur, struct ipv6hdr);

	if (!ip || ip->version != 6)
		return 0;
	flow->family = 6;
	flow->proto = ip->nexthdr;
	__builtin_memcpy(flow->src, &ip->saddr, 16);
	__builtin_memcpy(flow->dst, &ip->daddr, 16);
	for (int i = 0; i < IPV6_EXTENSIONS; i++) {
		__u8 type = flow->proto;

		if (type != IPPROTO_HOPOPTS && type != IPPROTO_ROUTING &&
		    type != IPPROTO_DSTOPTS && type != IPPROTO_FRAGMENT)
			return 1;
		ext = cursor_take(cur, struct extension);
		if (!ext)
			return 0;
		flow->proto = ext->next;
		if (type != IPPROTO_FRAGMENT) {
			flow_defect(flow, XRING_CNT_DROP_OPTIONS);
			cur->pos += ext->len * 8;
			continue;
		}
		flow_defect(flow, XRING_CNT_DROP_FRAGMENT);
		if (ext->offset & bpf_htons(0xfff8)) {
			cur->later_fragment = 1;
			return 1;
		}
	}
	return 0;
}

/*
 * The IP header of either version that begins at an offset of the frame. Answers the offset of what
 * follows it, with IP_LATER for a fragment after the first; 0: there is none. Not static, like
 * parse_unusual(): the verifier walks it once.
 */
#define IP_LATER 0x10000
#define IP_DEEPEST 16384		/* bytes: no header that is read begins later in a frame */
__noinline int parse_ip(struct xdp_md *ctx, struct flow *flow, __u32 at)
{
	void *data = (void *)(long)ctx->data;
	struct cursor cur = { data, (void *)(long)ctx->data_end, 0 };
	__u8 *first;

	if (!flow || at > IP_DEEPEST)
		return 0;
	cur.pos += at;
	first = cur.pos;
	if ((void *)(first + 1) > cur.end)
		return 0;
	if (*first >> 4 == 4 ? !parse_ipv4(&cur, flow) : !parse_ipv6(&cur, flow))
		return 0;
	return (cur.pos - data) | (cur.later_fragment ? IP_LATER : 0);
}

/* Does an ICMP message of a family quote the packet that it is about? */
static __always_inline int icmp_is_error(__u8 family, __u8 type)
{
	if (family == 6)
		return type < ICMPV6_INFOMSG_MASK;
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

/*
 * The packet that an ICMP error at an offset quotes was sent by the service, so that its source and
 * destination change places. Answers like parse_ip().
 */
static __always_inline int parse_icmp_error(struct xdp_md *ctx, struct flow *flow, __u32 at)
{
	struct cursor cur = { (void *)(long)ctx->data, (void *)(long)ctx->data_end, 0 };
	__u8 family = flow->family;
	struct icmp_head *icmp;
	__u64 src[2];
	int next;

	if (at > IP_DEEPEST)
		return 0;
	cur.pos += at;
	icmp = cursor_take(&cur, struct icmp_head);	/* ICMPv6 too */
	if (!icmp || !icmp_is_error(family, icmp->type))
		return 0;
	flow->defect = XRING_CNT_DROP_ICMP_ERROR;
	next = parse_ip(ctx, flow, at + sizeof(*icmp));
	if (flow->family != family)
		return 0;
	__builtin_memcpy(src, flow->src, 16);
	__builtin_memcpy(flow->src, flow->dst, 16);
	__builtin_memcpy(flow->dst, src, 16);
	return next;
}

/* The ports at an offset, as in struct flow; 0: the packet ends before. */
static __always_inline __u32 ports_read(struct xdp_md *ctx, __u32 at)
{
	struct cursor cur = { (void *)(long)ctx->data, (void *)(long)ctx->data_end, 0 };
	struct { __u32 ports, rest; } *l4;

	if (at > IP_DEEPEST)
		return 0;
	cur.pos += at;
	l4 = cursor_take(&cur, typeof(*l4));
	return l4 ? l4->ports : 0;
}

/* Parses any packet but the common one, and leaves its defect in the flow. */
__noinline int parse_unusual(struct xdp_md *ctx, struct flow *flow)
{
	struct cursor cur = { (void *)(long)ctx->data, (void *)(long)ctx->data_end, 0 };
	struct ethhdr *eth = cursor_take(&cur, struct ethhdr);
	__u32 at = sizeof(*eth);
	__u8 quoted = 0;
	__be16 type;
	int next;

	if (!eth || !flow)
		return FLOW_NOT_OURS;
	type = eth->h_proto;
	for (int i = 0; i < VLAN_DEPTH; i++) {
		struct { __be16 tci, type; } *vlan;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		vlan = cursor_take(&cur, typeof(*vlan));
		if (!vlan)
			return FLOW_NOT_OURS;
		flow_defect(flow, XRING_CNT_DROP_VLAN);
		type = vlan->type;
		at += sizeof(*vlan);
	}
	if (type != bpf_htons(ETH_P_IP) && type != bpf_htons(ETH_P_IPV6))
		return FLOW_NOT_OURS;
	next = parse_ip(ctx, flow, at);
	if (!next || (flow->family == 4) != (type == bpf_htons(ETH_P_IP)))
		return FLOW_NOT_OURS;
	if (!(next & IP_LATER) &&
	    flow->proto == (flow->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
		quoted = 1;
		next = parse_icmp_error(ctx, flow, next);
	}
	if (!next || (flow->proto != IPPROTO_TCP && flow->proto != IPPROTO_UDP))
		return FLOW_NOT_OURS;
	if (!(next & IP_LATER)) {
		__u32 ports = ports_read(ctx, next);

		flow->ports = quoted ? ports << 16 | ports >> 16 : ports;
	}
	/* Only a packet that is too short for a common one has no defect up to here. */
	flow_defect(flow, XRING_CNT_DROP_MALFORMED);
	return FLOW_OK;
}

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
		return FLOW_UNUSUAL;
	flow->ports = *(__u32 *)l4;
	return FLOW_OK;
}

static __always_inline enum flow_status flow_parse4(void *data, void *end, struct flow *flow)
{
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_FRAGMENT))
		return FLOW_UNUSUAL;
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
		return FLOW_UNUSUAL;
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

/* The same where the family is not known. */
static __always_inline int flow_read(struct xdp_md *ctx, struct flow *flow)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__be16 *type = data + offsetof(struct ethhdr, h_proto);

	if (data + sizeof(struct ethhdr) > end)
		return 0;
	if (*type == bpf_htons(ETH_P_IP))
		return flow_again(ctx, 4, flow);
	return *type == bpf_htons(ETH_P_IPV6) && flow_again(ctx, 6, flow);
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

/* 0: the packet's length is less than that of its headers, or the L4 header is cut off. */
static __always_inline int body_read(struct xdp_md *ctx, __u8 family, struct body *ret)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
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

#endif
