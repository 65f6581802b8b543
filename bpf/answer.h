/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_ANSWER_H
#define XRING_BPF_ANSWER_H

/*
 * What a router says to the sender of a packet that cannot go on (RFC 792, 1191, 4443): it is too
 * big, or its time is spent. And the answer to an echo request for a VIP. The three have a budget,
 * as anybody can ask for them in anybody's name, of which each has a third: a flood of pings must
 * not keep clients from hearing what is too big.
 */
#define QUOTE4 548			/* bytes: the message has 576 (RFC 1812, section 4.3.2.3) */
#define QUOTE6 1232			/* 1280, the least MTU (RFC 4443, section 2.4) */
#define SUM_MOST 512			/* bytes that bpf_csum_diff() takes */
#define ICMP_ECHO 8
#define ICMP_FRAG_NEEDED 4		/* code of ICMP_DEST_UNREACH */
#define ICMPV6_PKT_TOOBIG 2
#define ICMPV6_TIME_EXCEED 3
#define ICMPV6_ECHO_REQUEST 128
#define ANSWER_TTL 64
#define ANSWER_TOS 0xc0			/* internetwork control, as for routing (RFC 1812, 4.3.2.5) */
/*
 * So many of a kind a second and CPU, and so many at once: no second has more than 1,000 of all
 * three.
 */
#define ANSWERS 233
#define ANSWERS_AT_ONCE 100

struct budget {
	__u64 time;			/* up to which it is filled, ns */
	__u64 left;
};

struct answers {
	struct budget too_big, ttl, echo;
	__u8 quote[QUOTE6];		/* the head of the packet in hand */
};

MAP_COUNTERS(xring_answers, 1, struct answers);

static __always_inline struct answers *answers_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&xring_answers, &zero);
}

/* Takes an answer from a budget of this CPU; 0: it is spent. */
static __always_inline int budget_take(struct budget *b)
{
	__u64 now = clock_ns(), more = (now - b->time) / (1000000000 / ANSWERS);

	if (more) {
		b->left = b->left + more < ANSWERS_AT_ONCE ? b->left + more : ANSWERS_AT_ONCE;
		b->time = now;
	}
	if (!serves)			/* questions take nothing from anybody */
		return 1;
	if (!b->left)
		return 0;
	b->left--;
	return 1;
}

/*
 * Was the frame sent to a group or everybody, as an interface with any_mac takes it? Nobody is answered that
 * (RFC 1122, section 3.2.2), and the answer would come from the group's address.
 */
static __always_inline int is_to_group(struct xdp_md *ctx)
{
	const __u8 *first = frame_at(ctx, 0, __u8);

	return !first || *first & 1;
}

/*
 * An ICMP error is about no ICMP message, and about a datagram's first fragment alone (RFC 1122,
 * section 3.2.2).
 */
static __always_inline int may_be_told(const void *ip, __u8 family)
{
	const struct iphdr *ip4 = ip;
	const struct ipv6hdr *ip6 = ip;
	const struct uncommon *u;

	if (family == 4)
		return ip4->protocol != IPPROTO_ICMP && !(ip4->frag_off & bpf_htons(IP_OFFSET));
	if (ip6->nexthdr == IPPROTO_TCP || ip6->nexthdr == IPPROTO_UDP)
		return 1;
	u = uncommon_get();
	return u && !u->quoted.family && u->outer.fragment != FRAGMENT_LATER;
}

/* What of the packet goes into the message: whole words. Answers the sum of it and of `seed`. */
static __always_inline __s64 quote_read(struct xdp_md *ctx, struct answers *a, __u32 bytes,
					__u32 seed)
{
	__s64 sum = seed;

	asm volatile("" : "+r"(bytes));	/* or clang tests what it was made of */
	if (bytes < sizeof(struct iphdr))
		return -1;
	/* Or clang makes one test of both bounds, of which the verifier of Linux 6.1 learns one. */
	asm volatile("" : "+r"(bytes));
	if (bytes > QUOTE6 ||
	    bpf_xdp_load_bytes(ctx, sizeof(struct ethhdr), a->quote, bytes))
		return -1;
	for (__u32 at = 0; at < QUOTE6; at += SUM_MOST) {
		const __u32 most = QUOTE6 - at < SUM_MOST ? QUOTE6 - at : SUM_MOST;
		__u32 part = bytes > at ? bytes - at : 0;

		/* Likewise: the bound is to be tested of the very register that the call gets. */
		asm volatile("" : "+r"(part));
		if (part > most)
			part = most;
		asm volatile("" : "+r"(part));
		sum = bpf_csum_diff(NULL, 0, (void *)a->quote + at, part, sum);
	}
	return sum;
}

static __always_inline void turn_round(struct ethhdr *eth, const __u8 *macs)
{
	__builtin_memcpy(eth->h_dest, macs + ETH_ALEN, ETH_ALEN);
	__builtin_memcpy(eth->h_source, macs, ETH_ALEN);
}

/* The same frame, cut to the quotation, with `head` bytes of room behind its Ethernet header. */
static __always_inline int make_room(struct xdp_md *ctx, __u32 quote, __u32 head)
{
	__s32 more = (__s32)(sizeof(struct ethhdr) + quote) - (__s32)bpf_xdp_get_buff_len(ctx);

	return !bpf_xdp_adjust_tail(ctx, more) && !bpf_xdp_adjust_head(ctx, -(int)head);
}

/* The sum of the words of an ICMP header whose checksum is 0. */
static __always_inline __u32 head_sum(const struct icmp_head *head)
{
	return *(const __u16 *)head + (head->rest & 0xffff) + (head->rest >> 16);
}

static __always_inline __u32 quote_bytes(struct xdp_md *ctx, __u32 len, __u32 most)
{
	__u32 there = ctx->data_end - ctx->data - sizeof(struct ethhdr);

	if (len > there)
		len = there;
	return (len < most ? len : most) & ~3u;
}

/* Where the headers of an untagged frame are, which has them whole. */
#define headers_at(data, ip_type)                                              \
	struct ethhdr *eth = (data);                                           \
	ip_type *ip = (data) + sizeof(*eth);                                   \
	struct icmp_head *icmp = (void *)(ip + 1)

struct bytes4 { __u8 byte[sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct icmp_head)]; };
struct bytes6 { __u8 byte[sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + sizeof(struct icmp_head)]; };

/* mtu: of a packet that is too big; 0: its time is spent. */
static __always_inline int answer4(struct xdp_md *ctx, struct answers *a, __u32 mtu)
{
	struct icmp_head head = { .type = mtu ? ICMP_DEST_UNREACH : ICMP_TIME_EXCEEDED,
				  .code = mtu ? ICMP_FRAG_NEEDED : 0, .rest = bpf_htonl(mtu) };
	struct iphdr *in = header_of(ctx, 4);
	__be32 client, vip;
	__u32 quote;
	__u8 macs[12];
	void *data;
	__s64 sum;

	if (!in || !may_be_told(in, 4))
		return 0;
	client = in->saddr;
	vip = in->daddr;
	__builtin_memcpy(macs, (void *)in - sizeof(struct ethhdr), sizeof(macs));
	quote = quote_bytes(ctx, bpf_ntohs(in->tot_len), QUOTE4);
	sum = quote_read(ctx, a, quote, head_sum(&head));
	if (sum < 0 || !make_room(ctx, quote, sizeof(*in) + sizeof(head)))
		return 0;
	data = frame_at(ctx, 0, struct bytes4);
	if (!data)
		return 0;
	headers_at(data, struct iphdr);
	turn_round(eth, macs);
	eth->h_proto = bpf_htons(ETH_P_IP);
	head.check = ~csum_fold(sum);
	*icmp = head;
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = ANSWER_TOS;
	ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(head) + quote);
	ip->ttl = ANSWER_TTL;
	ip->protocol = IPPROTO_ICMP;
	ip->saddr = vip;
	ip->daddr = client;
	ip->check = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof(*ip), 0));
	return 1;
}

static __always_inline int answer6(struct xdp_md *ctx, struct answers *a, __u32 mtu)
{
	struct icmp_head head = { .type = mtu ? ICMPV6_PKT_TOOBIG : ICMPV6_TIME_EXCEED,
				  .rest = bpf_htonl(mtu) };
	struct { __u64 word[4]; } addresses;	/* of the client and the VIP */
	struct ipv6hdr *in = header_of(ctx, 6);
	__u32 quote, len;
	__u8 macs[12];
	void *data;
	__s64 sum;

	if (!in || !may_be_told(in, 6))
		return 0;
	__builtin_memcpy(&addresses, &in->saddr, sizeof(addresses));
	__builtin_memcpy(macs, (void *)in - sizeof(struct ethhdr), sizeof(macs));
	quote = quote_bytes(ctx, sizeof(*in) + bpf_ntohs(in->payload_len), QUOTE6);
	len = sizeof(head) + quote;
	/* The pseudo header: addresses, length and protocol (RFC 8200, section 8.1). */
	sum = quote_read(ctx, a, quote, head_sum(&head) + bpf_htons(len) +
					bpf_htons(IPPROTO_ICMPV6));
	if (sum < 0)
		return 0;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&addresses, sizeof(addresses), sum);
	if (!make_room(ctx, quote, sizeof(*in) + sizeof(head)))
		return 0;
	data = frame_at(ctx, 0, struct bytes6);
	if (!data)
		return 0;
	headers_at(data, struct ipv6hdr);
	turn_round(eth, macs);
	eth->h_proto = bpf_htons(ETH_P_IPV6);
	head.check = ~csum_fold(sum);
	*icmp = head;
	*(__u32 *)ip = bpf_htonl(0x60000000 | ANSWER_TOS << 20);
	ip->payload_len = bpf_htons(len);
	ip->nexthdr = IPPROTO_ICMPV6;
	ip->hop_limit = ANSWER_TTL;
	__builtin_memcpy(&ip->daddr, addresses.word, 16);
	__builtin_memcpy(&ip->saddr, addresses.word + 2, 16);
	return 1;
}

/*
 * Turns a packet for a VIP that cannot go on, as it came in but for its VLAN tags, into the message about
 * that to its sender. mtu: of a packet that is too big; 0: its time is spent. Answers 0 where there
 * is no message; the packet may be spoilt then. Not static: the verifier walks it once.
 */
__noinline int answer(struct xdp_md *ctx, __u32 mtu)
{
	__be16 type = frame_type(ctx);
	struct answers *a = answers_get();

	if (!a || is_to_group(ctx) || !budget_take(mtu ? &a->too_big : &a->ttl))
		return 0;
	return (type == bpf_htons(ETH_P_IP) ? answer4(ctx, a, mtu) : answer6(ctx, a, mtu)) &&
	       tags_back(ctx);
}

/* ---- echo ---- */

/* Is the packet, untagged, whole and without options, an echo request to one host? */
static __always_inline int is_echo(struct xdp_md *ctx, const struct header *h)
{
	__u8 *type;

	if (h->defect || h->fragment || h->at != sizeof(struct ethhdr) ||
	    h->next != h->at + ip_bytes(h->family) || is_to_group(ctx))
		return 0;
	type = frame_at(ctx, h->next, __u8);
	return type && *type == (h->family == 4 ? ICMP_ECHO : ICMPV6_ECHO_REQUEST);
}

static __always_inline int echo4(struct xdp_md *ctx)
{
	void *data = frame_at(ctx, 0, struct bytes4);
	__u8 macs[12];
	__be32 vip;

	if (!data)
		return 0;
	headers_at(data, struct iphdr);
	__builtin_memcpy(macs, eth, sizeof(macs));
	turn_round(eth, macs);
	vip = ip->daddr;
	ip->daddr = ip->saddr;
	ip->saddr = vip;
	csum_apply(&ip->check, csum_delta(bpf_htons(ip->ttl << 8), bpf_htons(ANSWER_TTL << 8)));
	ip->ttl = ANSWER_TTL;
	csum_apply(&icmp->check, csum_delta(bpf_htons(ICMP_ECHO << 8), 0));
	icmp->type = 0;
	return 1;
}

static __always_inline int echo6(struct xdp_md *ctx)
{
	const __u8 reply = ICMPV6_ECHO_REQUEST + 1;
	void *data = frame_at(ctx, 0, struct bytes6);
	struct in6_addr client;
	__u8 macs[12];

	if (!data)
		return 0;
	headers_at(data, struct ipv6hdr);
	__builtin_memcpy(macs, eth, sizeof(macs));
	turn_round(eth, macs);
	client = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = client;
	ip->hop_limit = ANSWER_TTL;
	csum_apply(&icmp->check, csum_delta(bpf_htons(ICMPV6_ECHO_REQUEST << 8),
					    bpf_htons(reply << 8)));
	icmp->type = reply;
	return 1;
}

/* Turns an echo request into its answer; 0: the budget is spent. Not static, as answer(). */
__noinline int echo(struct xdp_md *ctx)
{
	const struct uncommon *u = uncommon_get();
	struct answers *a = answers_get();

	if (!a || !u || !budget_take(&a->echo))
		return 0;
	return (u->outer.family == 4 ? echo4(ctx) : echo6(ctx)) && tags_back(ctx);
}

#endif
