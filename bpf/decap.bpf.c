// SPDX-License-Identifier: GPL-2.0
/*
 * The program of a backend without a tunnel device. It takes the outer header off packets
 * that a balancer in mode ipip sent (4in4, 6in4, 4in6, 6in6) and passes the inner packet to
 * the host, which must have the VIP as one of its addresses.
 *
 *     ip link set dev eth0 xdp obj decap.bpf.o sec xdp
 *
 * The program unwraps every whole tunnel packet to this host's MAC address, so it must not
 * run on a host that routes the tunnels of others. All other packets pass unchanged.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_FRAGMENT 0x3fff

/* The Ethernet type of the inner packet; 0: the packet is no tunnel. */
static __always_inline __be16 inner_type(__u8 protocol)
{
	if (protocol == IPPROTO_IPIP)
		return bpf_htons(ETH_P_IP);
	if (protocol == IPPROTO_IPV6)
		return bpf_htons(ETH_P_IPV6);
	return 0;
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

/* Removes the outer header of so many bytes, and answers the verdict. */
static __always_inline int unwrap(struct xdp_md *ctx, int bytes, __be16 type)
{
	struct ethhdr eth, *at = (void *)(long)ctx->data;

	if ((void *)(at + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	eth = *at;
	eth.h_proto = type;
	if (bpf_xdp_adjust_head(ctx, bytes))
		return XDP_PASS;
	at = (void *)(long)ctx->data;
	if ((void *)(at + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	*at = eth;
	return XDP_PASS;
}

SEC("xdp")
int decap(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct ipv6hdr *ip6 = (void *)(eth + 1);
	__be16 type = 0;
	int bytes = 0;

	if ((void *)(ip + 1) > end || eth->h_dest[0] & 1)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_FRAGMENT))
			return XDP_PASS;
		type = inner_type(ip->protocol);
		bytes = sizeof(*ip);
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		if ((void *)(ip6 + 1) > end)
			return XDP_PASS;
		type = inner_type(ip6->nexthdr);
		bytes = sizeof(*ip6);
	}
	if (!type || !inner_whole((void *)(eth + 1) + bytes, end, type))
		return XDP_PASS;
	return unwrap(ctx, bytes, type);
}

char _license[] SEC("license") = "GPL";

struct {
	__uint(priority, 20);
	__uint(XDP_PASS, 1);
} _decap SEC(".xdp_run_config") __attribute__((used));
