/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_UNCOMMON_H
#define XRING_BPF_UNCOMMON_H

/*
 * Packets that are not common ones, and belong to a flow all the same: with IP options or
 * extension headers, fragments, and ICMP errors, which belong to the flow of the packet that they
 * quote.
 */
struct header {				/* an IP header with all its options or extensions */
	__u64 src[2];			/* as in struct flow */
	__u64 dst[2];
	__u32 len;			/* bytes of the IP packet */
	__u32 at;			/* its offset in the frame */
	__u32 next;			/* offset of what follows */
	__u32 id;			/* of the datagram, where this is a fragment */
	__u8 proto;
	__u8 family;
	__u8 fragment;			/* enum fragment */
	__u8 defect;			/* 0, or the reason to drop the packet if it is for a service */
};

enum fragment {
	FRAGMENT_NONE,
	FRAGMENT_FIRST,
	FRAGMENT_LATER,			/* it has no ports */
};

/*
 * What is known of the packet in hand. It is in a map: the stack is too small for it, and whoever
 * wants to know a packet's flow or segment finds it here (flow_read(), segment_read()).
 */
struct uncommon {
	struct flow flow;		/* to which the packet belongs; without ports they are 0 */
	struct segment segment;		/* all 0: there is no TCP header */
	struct header outer;
	struct header quoted;		/* by an ICMP error; family 0: there is none */
	__u8 opened;			/* the path of its flow is open */
	__u8 hidden;			/* 0, or the reason why the packet has no ports */
	__u32 slot;			/* that was found last for any packet, also a common one: slot_found() */
};

MAP_COUNTERS(xring_uncommon, 1, struct uncommon);

static __always_inline struct uncommon *uncommon_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&xring_uncommon, &zero);
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
	__sum16 check;
	__be32 rest;
};

#define IPV6_EXTENSIONS 8		/* at most so many are walked */
#define IPV6_MOBILITY 135
#define IP_MORE 0x2000			/* IPv4: more fragments follow */
#define IP_OFFSET 0x1fff

static __always_inline int header_read4(struct xdp_md *ctx, struct header *h)
{
	struct iphdr *ip = frame_at(ctx, h->at, struct iphdr);

	if (!ip || ip->ihl < 5)
		return 0;
	h->proto = ip->protocol;
	h->src[0] = ip->saddr;
	h->dst[0] = ip->daddr;
	h->len = bpf_ntohs(ip->tot_len);
	h->next = h->at + ip->ihl * 4;
	h->id = ip->id;
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		h->fragment = FRAGMENT_LATER;
	else if (ip->frag_off & bpf_htons(IP_MORE))
		h->fragment = FRAGMENT_FIRST;
	return 1;
}

static __always_inline int is_extension(__u8 type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_FRAGMENT ||
	       type == IPPROTO_DSTOPTS || type == IPPROTO_AH || type == IPV6_MOBILITY;
}

/* A fragment header without another fragment (RFC 6946) is one more extension. */
static __always_inline void fragment_read6(struct header *h, __u16 offset, __u32 id)
{
	h->id = id;
	if (offset & bpf_htons(0xfff8))
		h->fragment = FRAGMENT_LATER;
	else if (offset & bpf_htons(1))
		h->fragment = FRAGMENT_FIRST;
}

struct extension_walk {
	struct xdp_md *ctx;
	struct header *h;
	__u64 cut;			/* 1: the packet ends before a header does */
};

/* Steps over one extension header; 1: there is none any more, or nothing more can be read. */
static long extension_next(__u32 index, struct extension_walk *w)
{
	struct extension { __u8 next, len; __u16 offset; __u32 id; } *ext;
	struct header *h = w->h;
	__u8 type = h->proto;

	(void)index;
	if (!is_extension(type) || h->fragment == FRAGMENT_LATER)
		return 1;
	ext = h->next > IP_DEEPEST ? NULL : frame_at(w->ctx, h->next, struct extension);
	if (!ext) {
		w->cut = 1;
		return 1;
	}
	h->proto = ext->next;
	if (type == IPPROTO_FRAGMENT)
		fragment_read6(h, ext->offset, ext->id);
	if (type == IPPROTO_FRAGMENT)
		h->next += 8;
	else
		h->next += type == IPPROTO_AH ? 8 + ext->len * 4 : 8 + ext->len * 8;
	return 0;
}

/* Walks the extension headers (RFC 8200, section 4; AH: RFC 4302; mobility: RFC 6275). */
static __always_inline int header_read6(struct xdp_md *ctx, struct header *h)
{
	struct extension_walk w = { .ctx = ctx, .h = h };
	struct ipv6hdr *ip = frame_at(ctx, h->at, struct ipv6hdr);

	if (!ip)
		return 0;
	h->proto = ip->nexthdr;
	__builtin_memcpy(h->src, &ip->saddr, 16);
	__builtin_memcpy(h->dst, &ip->daddr, 16);
	h->len = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	h->next = h->at + sizeof(*ip);
	bpf_loop(IPV6_EXTENSIONS, extension_next, &w, 0);
	if (w.cut)
		return 0;
	if (is_extension(h->proto) && h->fragment != FRAGMENT_LATER)
		h->defect = XRING_CNT_DROP_OPTIONS;
	return 1;
}

/*
 * Reads the IP header of either version at h->at into *h, which is all 0 but for that; 0: there is
 * none. Not static: the verifier walks it once.
 */
__noinline int header_read(struct xdp_md *ctx, struct header *h)
{
	__u8 *first;

	if (!h || h->at > IP_DEEPEST)
		return 0;
	first = frame_at(ctx, h->at, __u8);
	if (!first)
		return 0;
	h->family = *first >> 4;
	return h->family == 4 ? header_read4(ctx, h) : h->family == 6 && header_read6(ctx, h);
}

/* The IP header of an untagged frame, as a whole; NULL: the packet ends before. */
static __always_inline void *header_of(struct xdp_md *ctx, __u8 family)
{
	return family == 4 ? (void *)frame_at(ctx, sizeof(struct ethhdr), struct iphdr) :
			     (void *)frame_at(ctx, sizeof(struct ethhdr), struct ipv6hdr);
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
 * The packet that an ICMP error quotes went the other way, so that its source and destination
 * change places. Only its sender is told of it: an error to anybody else is none of ours.
 */
static __always_inline enum flow_status quotation_read(struct xdp_md *ctx, struct uncommon *u)
{
	struct header *outer = &u->outer, *quoted = &u->quoted;
	struct icmp_head *icmp;

	if (outer->fragment || outer->next > IP_DEEPEST)
		return FLOW_NOT_OURS;
	icmp = frame_at(ctx, outer->next, struct icmp_head);	/* ICMPv6 too */
	if (!icmp)
		return FLOW_NOT_OURS;
	if (!icmp_is_error(outer->family, icmp->type))
		return FLOW_ICMP;
	quoted->at = outer->next + sizeof(*icmp);
	return header_read(ctx, quoted) && quoted->family == outer->family &&
	       quoted->src[0] == outer->dst[0] && quoted->src[1] == outer->dst[1] ?
	       FLOW_OK : FLOW_NOT_OURS;
}

/* The offset of the end of a header's packet in the frame, where padding may follow. */
static __always_inline __u32 header_end(const struct header *h)
{
	return h->at + h->len;
}

/* The ports, and of TCP the segment. 0: the packet ends before, and is no flow's. */
static __always_inline int ports_read(struct xdp_md *ctx, struct uncommon *u,
				      const struct header *h)
{
	struct { __u32 ports, rest; } *l4;
	struct tcphdr *tcp;

	l4 = h->next > IP_DEEPEST ? NULL : frame_at(ctx, h->next, typeof(*l4));
	if (!l4)
		return 0;
	if (u->quoted.family) {
		if (h->next + sizeof(*l4) > header_end(&u->outer))
			return 0;
		u->flow.ports = l4->ports << 16 | l4->ports >> 16;
		return 1;
	}
	u->flow.ports = l4->ports;
	if (h->next - h->at + sizeof(*l4) > h->len)
		u->outer.defect = XRING_CNT_DROP_MALFORMED;
	if (u->flow.proto != IPPROTO_TCP)
		return 1;
	tcp = frame_at(ctx, h->next, struct tcphdr);
	if (!tcp || h->next - h->at + sizeof(*tcp) > h->len) {	/* a tiny fragment: RFC 1858 */
		u->outer.defect = XRING_CNT_DROP_MALFORMED;
		return 1;
	}
	segment_of(tcp, h->len - (h->next - h->at), &u->segment);
	return 1;
}

static __always_inline void flow_of(struct flow *flow, const struct header *h)
{
	flow->family = h->family;
	flow->proto = h->proto;
	__builtin_memcpy(flow->src, h->src, 16);
	__builtin_memcpy(flow->dst, h->dst, 16);
}

/* The IP header. 0: there is none. */
static __always_inline int outer_read(struct xdp_md *ctx, struct uncommon *u)
{
	__be16 type = frame_type(ctx);
	struct header *h = &u->outer;

	h->at = sizeof(struct ethhdr);
	if (type != bpf_htons(ETH_P_IP) && type != bpf_htons(ETH_P_IPV6))
		return 0;
	if (!header_read(ctx, h) || (h->family == 4) != (type == bpf_htons(ETH_P_IP)))
		return 0;
	if (!h->defect &&
	    (h->len > frame_bytes(ctx, h->len) - h->at || h->len < h->next - h->at))
		h->defect = XRING_CNT_DROP_MALFORMED;
	return 1;
}

/* Is the packet a common one but for its tags, so that what reads common packets anew may read it? */
static __always_inline int is_plain(const struct uncommon *u)
{
	return !u->outer.fragment && !u->quoted.family &&
	       u->outer.next == u->outer.at + ip_bytes(u->outer.family);
}

/* Reads the packet into uncommon_get(). Not static: the verifier walks it once. */
__noinline int uncommon_read(struct xdp_md *ctx)
{
	struct uncommon *u = uncommon_get();
	const struct header *h;

	if (!u)
		return FLOW_NOT_OURS;
	__builtin_memset(u, 0, sizeof(*u));
	if (!outer_read(ctx, u))
		return FLOW_NOT_OURS;
	h = &u->outer;
	flow_of(&u->flow, h);
	if (h->fragment != FRAGMENT_LATER &&
	    h->proto == (h->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
		enum flow_status status = quotation_read(ctx, u);

		if (status != FLOW_OK)
			return status;
		h = &u->quoted;
		flow_of(&u->flow, h);
		__builtin_memcpy(u->flow.src, h->dst, 16);
		__builtin_memcpy(u->flow.dst, h->src, 16);
	}
	/* Behind too many extensions, or in another fragment, the protocol may be hidden, too. */
	if (h->fragment == FRAGMENT_LATER || h->defect == XRING_CNT_DROP_OPTIONS)
		u->hidden = u->quoted.family ? XRING_CNT_DROP_ICMP_ERROR :
			    h->defect ?: XRING_CNT_DROP_FRAGMENT;
	if (h->family == 6 && is_extension(h->proto))
		return FLOW_OK;
	if (h->proto != IPPROTO_TCP && h->proto != IPPROTO_UDP)
		return FLOW_NOT_OURS;
	if (u->hidden)
		return FLOW_OK;
	return ports_read(ctx, u, h) ? FLOW_OK : FLOW_NOT_OURS;
}

/* ---- anew, whatever the packet is ---- */

enum flow_kind {
	FLOW_NONE,
	FLOW_COMMON,
	FLOW_OTHER,			/* it is that of uncommon_get() */
};

/*
 * The flow of the packet in hand; answers enum flow_kind. Not static: the verifier walks it once, and
 * whoever asks need not go on once for each kind.
 */
__noinline int flow_read(struct xdp_md *ctx, struct flow *flow)
{
	__be16 type = frame_type(ctx);
	const struct uncommon *u;

	if (!flow)
		return FLOW_NONE;
	if (type == bpf_htons(ETH_P_IP) && flow_again(ctx, 4, flow))
		return FLOW_COMMON;
	if (type == bpf_htons(ETH_P_IPV6) && flow_again(ctx, 6, flow))
		return FLOW_COMMON;
	u = uncommon_get();
	if (!u)
		return FLOW_NONE;
	*flow = u->flow;
	return FLOW_OTHER;
}

#endif
