// SPDX-License-Identifier: GPL-2.0
/*
 * Sends health checks of a VIP to the backend that their mark names (include/xring/check.h), with
 * the headers that the datapath would give a client's packet. It stands where packets leave by lo.
 * Unlike a client's, these packets do not depend on the ring, and a dead backend gets them too.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <xring/abi.h>
#include <xring/check.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_BACKENDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xring_backend);
} xring_templates SEC(".maps");

/* The Ethernet type stays that of the packet. */
static __always_inline int send_l2(struct __sk_buff *skb, const struct xring_template *t)
{
	return bpf_skb_store_bytes(skb, 0, t->eth, 2 * ETH_ALEN, 0);
}

static __always_inline int send_ipip4(struct __sk_buff *skb, const struct xring_template *t, int is_ipv6)
{
	const struct iphdr *ready = (const void *)t->ip;
	__u16 len = bpf_htons(skb->len - ETH_HLEN + sizeof(struct iphdr));
	__u32 sum = ready->check + len;
	struct iphdr ip;

	__builtin_memcpy(&ip, ready, sizeof(ip));
	ip.tot_len = len;
	if (is_ipv6) {
		ip.protocol = IPPROTO_IPV6;
		sum += bpf_htons(IPPROTO_IPV6 - IPPROTO_IPIP);
	}
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = ~(sum + (sum >> 16));
	return bpf_skb_adjust_room(skb, sizeof(ip), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4) ?:
	       bpf_skb_store_bytes(skb, 0, t->eth, sizeof(t->eth), 0) ?:
	       bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof(ip), 0);
}

static __always_inline int send_ipip6(struct __sk_buff *skb, const struct xring_template *t, int is_ipv6)
{
	struct ipv6hdr ip;

	__builtin_memcpy(&ip, t->ip, sizeof(ip));
	ip.payload_len = bpf_htons(skb->len - ETH_HLEN);
	if (is_ipv6)
		ip.nexthdr = IPPROTO_IPV6;
	return bpf_skb_adjust_room(skb, sizeof(ip), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV6) ?:
	       bpf_skb_store_bytes(skb, 0, t->eth, sizeof(t->eth), 0) ?:
	       bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof(ip), 0);
}

/* What mode gue has between the outer header and the packet; of variant 1 the first half of it. */
static __always_inline void gue_fill(struct __sk_buff *skb, const struct xring_rare *rare, __u32 bytes,
				     int is_ipv6, struct udphdr *ret)
{
	struct xring_gue *gue = (void *)(ret + 1);

	ret->source = bpf_htons(0xc000 | (bpf_get_hash_recalc(skb) & 0x3fff));
	ret->dest = rare->port;
	ret->len = bpf_htons(skb->len - ETH_HLEN + bytes);
	ret->check = 0;
	*gue = (struct xring_gue){ .proto = is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IPIP };
}

static __always_inline int send_gue4(struct __sk_buff *skb, const struct xring_template *t, int is_ipv6,
				     __u32 bytes)
{
	struct { struct iphdr ip; struct udphdr udp; struct xring_gue gue; } h = {};
	const struct iphdr *ready = (const void *)t->ip;
	__u32 sum;

	gue_fill(skb, (const void *)(t->ip + xring_rare_at(XRING_GUE4_0)), bytes, is_ipv6, &h.udp);
	__builtin_memcpy(&h.ip, ready, sizeof(h.ip));
	h.ip.tot_len = bpf_htons(skb->len - ETH_HLEN + bytes + sizeof(h.ip));
	sum = ready->check + h.ip.tot_len;
	sum = (sum & 0xffff) + (sum >> 16);
	h.ip.check = ~(sum + (sum >> 16));
	return bpf_skb_adjust_room(skb, sizeof(h.ip) + bytes, BPF_ADJ_ROOM_MAC,
				   BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP) ?:
	       bpf_skb_store_bytes(skb, 0, t->eth, sizeof(t->eth), 0) ?:
	       bpf_skb_store_bytes(skb, ETH_HLEN, &h, sizeof(h.ip) + bytes, 0);
}

static __always_inline int send_gue6(struct __sk_buff *skb, const struct xring_template *t, int is_ipv6,
				     __u32 bytes)
{
	struct { struct ipv6hdr ip; struct udphdr udp; struct xring_gue gue; } h = {};

	gue_fill(skb, (const void *)t->ip, bytes, is_ipv6, &h.udp);
	__builtin_memcpy(&h.ip, t->ip, sizeof(h.ip));
	*(__u32 *)&h.ip = bpf_htonl(0x60000000);
	h.ip.payload_len = bpf_htons(skb->len - ETH_HLEN + bytes);
	h.ip.nexthdr = IPPROTO_UDP;
	h.ip.hop_limit = 64;
	return bpf_skb_adjust_room(skb, sizeof(h.ip) + bytes, BPF_ADJ_ROOM_MAC,
				   BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP) ?:
	       bpf_skb_store_bytes(skb, 0, t->eth, sizeof(t->eth), 0) ?:
	       bpf_skb_store_bytes(skb, ETH_HLEN, &h, sizeof(h.ip) + bytes, 0);
}

/* The inner tag first: each is put in front of what is there. */
static __always_inline int put_tags(struct __sk_buff *skb, __u32 tags)
{
	for (int shift = 16; shift >= 0; shift -= 16) {
		__u32 tag = tags >> shift & 0xffff;
		__u16 type = tag & XRING_TAG_AD ? ETH_P_8021AD : ETH_P_8021Q;

		if (tag && bpf_skb_vlan_push(skb, bpf_htons(type), tag & 0x0fff))
			return -1;
	}
	return 0;
}

static __always_inline int send(struct __sk_buff *skb, const struct xring_template *t)
{
	int is_ipv6 = skb->protocol == bpf_htons(ETH_P_IPV6);

	switch (t->kind & ~XRING_TAGGED) {
	case XRING_L2:
		return send_l2(skb, t);
	case XRING_IPIP4:
	case XRING_IPIP4_BY_FLOW:
		return send_ipip4(skb, t, is_ipv6);
	case XRING_IPIP6:
		return send_ipip6(skb, t, is_ipv6);
	case XRING_GUE4_0:
		return send_gue4(skb, t, is_ipv6, sizeof(struct udphdr) + sizeof(struct xring_gue));
	case XRING_GUE4_1:
		return send_gue4(skb, t, is_ipv6, sizeof(struct udphdr));
	case XRING_GUE6_0:
		return send_gue6(skb, t, is_ipv6, sizeof(struct udphdr) + sizeof(struct xring_gue));
	case XRING_GUE6_1:
		return send_gue6(skb, t, is_ipv6, sizeof(struct udphdr));
	default:
		return -1;		/* no next hop is known */
	}
}

SEC("tc")
int check(struct __sk_buff *skb)
{
	__u32 id = skb->mark & ~XRING_CHECK_MASK;
	const struct xring_template *t;
	const struct xring_backend *b;
	__u32 tags = 0;

	if ((skb->mark & XRING_CHECK_MASK) != XRING_CHECK_MARK)
		return TC_ACT_UNSPEC;
	b = bpf_map_lookup_elem(&xring_templates, &id);
	if (!b)
		return TC_ACT_SHOT;
	t = xring_template(b);
	skb->mark = 0;
	if (t->kind & XRING_TAGGED)
		tags = ((const struct xring_rare *)(t->ip + xring_rare_at(t->kind)))->tags;
	return send(skb, t) || put_tags(skb, tags) ? TC_ACT_SHOT : bpf_redirect(t->ifindex, 0);
}

char _license[] SEC("license") = "GPL";
