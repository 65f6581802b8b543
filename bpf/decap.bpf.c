// SPDX-License-Identifier: GPL-2.0
/*
 * The program of a backend without a tunnel device. It takes the outer header off packets
 * that a balancer in mode ipip sent (4in4, 6in4, 4in6, 6in6), in mode gue UDP with it, and passes
 * the inner packet to the host, which must have the VIP as one of its addresses.
 *
 *     xring-backend attach eth0 --balancer 192.0.2.0/28 --vip 203.0.113.0/24
 *     ip link set dev eth0 xdp obj decap.bpf.o sec xdp
 *
 * With xring-backend, packets are unwrapped that come from a balancer and are for a VIP. Loaded by
 * ip, the program unwraps every whole tunnel packet: then whoever can send such a packet to this host
 * chooses the source address of what is in it. It must not run on a host that routes the tunnels of
 * others. All other packets pass unchanged.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <xring/backend.h>
#include <xring/decap.h>

#define IP_FRAGMENT 0x3fff
#define NETWORKS 65536

/* Do the lists count? */
const volatile __u8 listed = 0;
/* To which UDP port mode gue sends, in host byte order; 0: what it sends is left to the host. */
const volatile __u16 gue_port = XRING_GUE_PORT;

struct networks {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, NETWORKS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct decap_network);
	__type(value, __u8);
};

struct networks balancers SEC(".maps");
struct networks vips SEC(".maps");

/* By enum xring_decap. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XRING_DECAP_MAX);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline int pass(__u32 counter)
{
	__u64 *count = bpf_map_lookup_elem(&counters, &counter);

	if (count)
		++*count;
	return XDP_PASS;
}

/* The Ethernet type of the inner packet; 0: the packet is no tunnel. */
static __always_inline __be16 inner_type(__u8 protocol)
{
	if (protocol == IPPROTO_IPIP)
		return bpf_htons(ETH_P_IP);
	if (protocol == IPPROTO_IPV6)
		return bpf_htons(ETH_P_IPV6);
	return 0;
}

struct gue { struct udphdr udp; struct xring_gue head; };

/*
 * The Ethernet type of what a UDP packet of mode gue has in it, and the bytes before that; 0: it
 * is no such packet. A control message, fields that only some have, and variants that are not
 * known are for the host.
 */
static __always_inline __be16 gue_type(const struct gue *gue, const void *end, int *bytes)
{
	__u8 bits;

	if ((const void *)(gue + 1) > end || !gue_port || gue->udp.dest != bpf_htons(gue_port))
		return 0;
	bits = gue->head.bits;
	*bytes += sizeof(gue->udp);
	if (XRING_GUE_VARIANT(bits) == 1)
		return bits >> 4 == 4 ? bpf_htons(ETH_P_IP) : bits >> 4 == 6 ? bpf_htons(ETH_P_IPV6) : 0;
	*bytes += sizeof(gue->head);
	return bits || gue->head.flags ? 0 : inner_type(gue->head.proto);
}

/* Does the inner packet begin with a whole IP header of its type? */
static __always_inline int inner_whole(const void *inner, const void *end, __be16 type)
{
	const struct iphdr *ip = inner;
	const struct ipv6hdr *ip6 = inner;

	if (type == bpf_htons(ETH_P_IP))
		return (const void *)(ip + 1) <= end && ip->version == 4;
	return (const void *)(ip6 + 1) <= end && ip6->version == 6;
}

/* Is the source (or the destination) of a whole IP header in the list? */
static __always_inline int is_listed(void *list, const void *head, __be16 type, int source)
{
	struct decap_network key = { .bits = 128 };
	const struct ipv6hdr *ip6 = head;
	const struct iphdr *ip = head;

	if (type == bpf_htons(ETH_P_IP)) {
		key.address[10] = key.address[11] = 0xff;
		__builtin_memcpy(key.address + 12, source ? &ip->saddr : &ip->daddr, 4);
	} else {
		__builtin_memcpy(key.address, source ? &ip6->saddr : &ip6->daddr, 16);
	}
	return bpf_map_lookup_elem(list, &key) != NULL;
}

/* Removes the outer header of so many bytes, and answers the verdict. */
static __always_inline int unwrap(struct xdp_md *ctx, int bytes, __be16 type)
{
	struct ethhdr eth, *at = (void *)(long)ctx->data;

	if ((void *)(at + 1) > (void *)(long)ctx->data_end)
		return pass(XRING_DECAP_OTHER);
	eth = *at;
	eth.h_proto = type;
	if (bpf_xdp_adjust_head(ctx, bytes))
		return pass(XRING_DECAP_OTHER);
	at = (void *)(long)ctx->data;
	if ((void *)(at + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	*at = eth;
	return pass(XRING_DECAP_UNWRAPPED);
}

static __always_inline int unwrap_tunnel(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct ipv6hdr *ip6 = (void *)(eth + 1);
	__be16 type = 0;
	int bytes = 0;

	if ((void *)(ip + 1) > end || eth->h_dest[0] & 1)
		return pass(XRING_DECAP_OTHER);
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_FRAGMENT))
			return pass(XRING_DECAP_OTHER);
		bytes = sizeof(*ip);
		type = ip->protocol == IPPROTO_UDP ? gue_type((void *)(ip + 1), end, &bytes) :
						     inner_type(ip->protocol);
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		if ((void *)(ip6 + 1) > end)
			return pass(XRING_DECAP_OTHER);
		bytes = sizeof(*ip6);
		type = ip6->nexthdr == IPPROTO_UDP ? gue_type((void *)(ip6 + 1), end, &bytes) :
						     inner_type(ip6->nexthdr);
	}
	if (!type || !inner_whole((void *)(eth + 1) + bytes, end, type))
		return pass(XRING_DECAP_OTHER);
	if (listed && !is_listed(&balancers, eth + 1, eth->h_proto, 1))
		return pass(XRING_DECAP_STRANGER);
	if (listed && !is_listed(&vips, (void *)(eth + 1) + bytes, type, 0))
		return pass(XRING_DECAP_NOT_VIP);
	return unwrap(ctx, bytes, type);
}

SEC("xdp")
int decap(struct xdp_md *ctx)
{
	return unwrap_tunnel(ctx);
}

/* The same where the MTU is so large that a packet takes several buffers: `sec xdp.frags`. */
SEC("xdp.frags")
int decap_frags(struct xdp_md *ctx)
{
	return unwrap_tunnel(ctx);
}

char _license[] SEC("license") = "GPL";

struct {
	__uint(priority, 20);
	__uint(XDP_PASS, 1);
} _decap SEC(".xdp_run_config") __attribute__((used));
