/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_NAT_H
#define XRING_BPF_NAT_H

/*
 * Mode nat: rewrites an address and a port, to the backend (here) and back (reply.h). Each
 * function answers FORWARD_OK or the counter of the reason why not.
 */

static __always_inline void l4_patch(void *l4, void *end, __u8 proto, __u64 delta)
{
	struct tcphdr *tcp = l4;
	struct udphdr *udp = l4;

	if (proto == IPPROTO_TCP) {
		if ((void *)(tcp + 1) <= end)
			csum_apply(&tcp->check, delta);
	} else if ((void *)(udp + 1) <= end && udp->check) {	/* 0: no checksum (RFC 768) */
		csum_apply(&udp->check, delta);
		if (!udp->check)
			udp->check = 0xffff;
	}
}

/*
 * Rewrites the destination (dst is not 0) or the source to addr and port (0: the packet
 * keeps its port), and counts down the TTL.
 */
static __always_inline __u32 nat4(struct xdp_md *ctx, __be32 addr, __be16 port, int dst)
{
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct udphdr *l4 = (void *)(ip + 1);	/* TCP has its ports there too */
	__be32 *where;
	__be16 *at;
	__u64 delta;

	if ((void *)(l4 + 1) > end)
		return XRING_CNT_DROP_MALFORMED;
	if (!ipv4_hop(ip))
		return XRING_CNT_DROP_TTL;
	where = dst ? &ip->daddr : &ip->saddr;
	at = dst ? &l4->dest : &l4->source;
	delta = csum_delta(*where, addr);
	csum_apply(&ip->check, delta);
	*where = addr;
	if (port) {
		delta += csum_delta(*at, port);
		*at = port;
	}
	l4_patch(l4, end, ip->protocol, delta);
	return FORWARD_OK;
}

static __always_inline __u32 nat6(struct xdp_md *ctx, const __be32 addr[4], __be16 port, int dst)
{
	void *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct udphdr *l4 = (void *)(ip + 1);
	__be32 *where;
	__be16 *at;
	__u64 delta = 0;

	if ((void *)(l4 + 1) > end)
		return XRING_CNT_DROP_MALFORMED;
	if (!ipv6_hop(ip))
		return XRING_CNT_DROP_TTL;
	where = dst ? ip->daddr.s6_addr32 : ip->saddr.s6_addr32;
	at = dst ? &l4->dest : &l4->source;
	for (int i = 0; i < 4; i++) {
		delta += csum_delta(where[i], addr[i]);
		where[i] = addr[i];
		asm volatile("" : "+r"(delta));	/* one after the other: the stack is small */
	}
	if (port) {
		delta += csum_delta(*at, port);
		*at = port;
	}
	l4_patch(l4, end, ip->nexthdr, delta);
	return FORWARD_OK;
}

/* ---- packets that are not common ones ---- */

/*
 * Puts an address in the place of the one at an offset of the frame; *delta grows by what the sum
 * of its words does. 0: the packet ends before.
 */
static __always_inline int address_put(struct xdp_md *ctx, __u32 at, __u8 family,
				       const __be32 *addr, __u64 *delta)
{
	struct { __be32 word[4]; } *six;
	__be32 *four;

	if (family == 4) {
		four = frame_at(ctx, at, __be32);
		if (!four)
			return 0;
		*delta += csum_delta(*four, addr[0]);
		*four = addr[0];
		return 1;
	}
	six = frame_at(ctx, at, typeof(*six));
	if (!six)
		return 0;
	for (int i = 0; i < 4; i++) {
		*delta += csum_delta(six->word[i], addr[i]);
		six->word[i] = addr[i];
		asm volatile("" : "+r"(six));
	}
	return 1;
}

static __always_inline int port_put(struct xdp_md *ctx, __u32 at, __be16 port, __u64 *delta)
{
	__be16 *where = frame_at(ctx, at, __be16);

	if (!where)
		return 0;
	if (port) {
		*delta += csum_delta(*where, port);
		*where = port;
	}
	return 1;
}

/* The offset of the source or the destination in the frame. */
static __always_inline __u32 address_at(const struct header *h, int dst)
{
	if (h->family == 4)
		return h->at + (dst ? offsetof(struct iphdr, daddr) : offsetof(struct iphdr, saddr));
	return h->at + (dst ? offsetof(struct ipv6hdr, daddr) : offsetof(struct ipv6hdr, saddr));
}

/* Changes the checksum of an IPv4 header as its words have changed. */
static __always_inline void header_patch(struct xdp_md *ctx, const struct header *h, __u64 delta)
{
	__sum16 *check = h->family == 4 ?
			 frame_at(ctx, h->at + offsetof(struct iphdr, check), __sum16) : NULL;

	if (check)
		csum_apply(check, delta);
}

/*
 * The same of a TCP or UDP header at an offset of the packet h. 0: it has no checksum, or the packet
 * ends before, as one with a quotation may.
 */
static __always_inline int l4_patch_at(struct xdp_md *ctx, const struct header *h, __u32 at,
				       __u8 proto, __u64 delta)
{
	__u32 field = proto == IPPROTO_TCP ? offsetof(struct tcphdr, check) :
					     offsetof(struct udphdr, check);
	__sum16 *check = frame_at(ctx, at + field, __sum16);

	if (!check || at + field + sizeof(*check) > header_end(h) ||
	    (proto == IPPROTO_UDP && !*check))
		return 0;
	csum_apply(check, delta);
	if (proto == IPPROTO_UDP && !*check)
		*check = 0xffff;
	return 1;
}

/*
 * In the packet that an ICMP error quotes, and that went the other way: an address and a port. The
 * ICMP checksum is over them, too. In IPv4 the quoted address and the checksum of the quoted header
 * cancel each other out. ICMPv6 has the outer addresses in its sum (RFC 4443, section 2.3): outer
 * is by how much those have grown.
 */
static __always_inline __u32 nat_quoted(struct xdp_md *ctx, const struct uncommon *u,
					const __be32 *addr, __be16 port, int dst, __u64 outer)
{
	const struct header *h = &u->quoted;
	int later = h->fragment == FRAGMENT_LATER;
	__u64 address = 0, ports = 0, sum;
	__sum16 *check;

	if (!address_put(ctx, address_at(h, !dst), h->family, addr, &address) ||
	    (!later && !port_put(ctx, h->next + (dst ? 0 : 2), port, &ports)))
		return XRING_CNT_DROP_MALFORMED;
	header_patch(ctx, h, address);
	sum = h->family == 4 ? 0 : outer + address;
	sum += ports;
	if (!later && l4_patch_at(ctx, &u->outer, h->next, h->proto, address + ports))
		sum += (__u16)~csum_fold(address + ports);
	check = frame_at(ctx, u->outer.next + offsetof(struct icmp_head, check), __sum16);
	if (!check)
		return XRING_CNT_DROP_MALFORMED;
	csum_apply(check, sum);
	return FORWARD_OK;
}

/* Does an ICMP error come from the host that the quoted packet was for, and not from a router? */
static __always_inline int is_of_receiver(const struct uncommon *u)
{
	return u->outer.src[0] == u->quoted.dst[0] && u->outer.src[1] == u->quoted.dst[1];
}

/*
 * As nat4() and nat6(), for the packet of uncommon_get(). Not static: the verifier walks it once.
 * addr: 16 bytes, IPv4 in the first.
 */
__noinline __u32 nat_uncommon(struct xdp_md *ctx, const struct xring_nat *to, int dst)
{
	const struct uncommon *u = uncommon_get();
	__u64 address = 0, ports = 0;
	const struct header *h;
	void *ip;

	if (!u || !to)
		return XRING_CNT_DROP_MALFORMED;
	h = &u->outer;
	if (h->at > IP_DEEPEST || h->next > IP_DEEPEST || u->quoted.at > IP_DEEPEST ||
	    u->quoted.next > IP_DEEPEST)
		return XRING_CNT_DROP_MALFORMED;
	ip = header_of(ctx, h->family);
	if (!ip || !ip_hop(ip, h->family))
		return XRING_CNT_DROP_TTL;
	if (dst || !u->quoted.family || is_of_receiver(u)) {
		if (!address_put(ctx, address_at(h, dst), h->family, to->addr, &address))
			return XRING_CNT_DROP_MALFORMED;
		header_patch(ctx, h, address);
	}
	if (u->quoted.family)
		return nat_quoted(ctx, u, to->addr, to->port, dst, address);
	if (h->fragment == FRAGMENT_LATER)
		return FORWARD_OK;
	if (!port_put(ctx, h->next + (dst ? 2 : 0), to->port, &ports))
		return XRING_CNT_DROP_MALFORMED;
	l4_patch_at(ctx, h, h->next, u->flow.proto, address + ports);
	return FORWARD_OK;
}

/* ---- to the backend ---- */

static __always_inline __u32 eth_put(struct xdp_md *ctx, const struct xring_template *t)
{
	void *data = (void *)(long)ctx->data;

	if (data + sizeof(struct ethhdr) > (void *)(long)ctx->data_end)
		return XRING_CNT_DROP_MALFORMED;
	copy(data, t->eth, sizeof(t->eth));
	return FORWARD_OK;
}

/*
 * Makes the MSS of a packet smaller, as its template says, which is of mode nat or of any other. Not
 * static: the verifier walks it once.
 */
__noinline int nat_mss(struct xdp_md *ctx, const struct xring_template *t, __u64 head)
{
	__u8 kind = head_kind(head_untagged(head));

	return t && (kind == XRING_NAT4 || kind == XRING_NAT6) && head_dscp(head) &&
	       mss_lower(ctx, ((const struct xring_nat *)t->ip)->mss);
}

/* Rewrites the destination to the backend's, and puts the Ethernet header in place. */
static __always_inline __u32 forward_nat(struct xdp_md *ctx, __u8 family,
					 const struct xring_template *t)
{
	const struct xring_nat *nat = (const void *)t->ip;
	__u32 done;

	if (family == 4)
		done = nat4(ctx, nat->addr[0], nat->port, 1);
	else
		done = nat6(ctx, nat->addr, nat->port, 1);
	return done == FORWARD_OK ? eth_put(ctx, t) : done;
}

/*
 * Does the packet open a connection, and would it leave by the interface at which it came in, or is
 * the MSS that it names looked at? In the first case a nat backend may send it, which nat_sent_back()
 * asks the VIP table. Other packets of a connection need no asking: it does not come about, or its
 * answers do come back this way. Datagrams are not asked about: each of them would pay a third more
 * for it.
 */
static __always_inline int nat_looks(struct xdp_md *ctx, const struct body *body, __u64 head)
{
	return body->syn && (head_ifindex(head) == ctx->ingress_ifindex || head_dscp(head));
}

/*
 * Such a packet, rewritten: does it come from a nat backend? The one that gets it would answer the
 * sender directly, from an address that the sender has not asked. The port to which it goes is
 * that from which the sender replies, if both are backends of one service or of alike ones. Not static:
 * the verifier walks it once. t: of mode nat.
 */
__noinline __u32 nat_sent_back(struct xdp_md *ctx, const struct xring_template *t)
{
	struct xring_vips *table = vips_get();
	const struct xring_nat *to;
	struct flow flow = {};

	if (!table || !t || !flow_read(ctx, &flow))
		return XRING_CNT_DROP_MALFORMED;	/* not reached */
	/* The flow of a packet that is not a common one is known as it was before. */
	to = (const void *)t->ip;
	__builtin_memcpy(flow.dst, to->addr, sizeof(flow.dst));
	if (to->port)
		flow.ports = (flow.ports & 0xffff) | (__u32)to->port << 16;
	if (flow.src[0] == flow.dst[0] && flow.src[1] == flow.dst[1])
		return XRING_CNT_DROP_LOOP;
	flow.ports = flow.ports << 16 | flow.ports >> 16;
	return reply_find(table, vips_read(table), &flow) ? XRING_CNT_TX_HAIRPIN : FORWARD_OK;
}

#endif
