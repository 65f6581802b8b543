/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_SEGMENT_H
#define XRING_BPF_SEGMENT_H

/* What the rule of changes reads of a TCP header. */
struct segment {
	__u32 seq;
	__u32 next;			/* the sequence number after this segment */
	__u8 flags;
	__u8 opens;			/* 1: it is a SYN */
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* len: bytes of the header and what it carries. */
static __always_inline void segment_of(const struct tcphdr *tcp, __u32 len, struct segment *ret)
{
	ret->seq = bpf_ntohl(tcp->seq);
	ret->flags = ((const __u8 *)tcp)[13];
	ret->opens = (ret->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	ret->next = ret->seq + len - tcp->doff * 4 + tcp->syn + tcp->fin;
}

/* Reads the segment of a common packet; 0: the TCP header is cut off. */
static __always_inline int segment_read(struct xdp_md *ctx, __u8 family, struct segment *ret)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip6 = data + sizeof(struct ethhdr);
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct tcphdr *tcp;
	__u32 len;

	if (family == 4) {
		if ((void *)(ip + 1) > end)
			return 0;
		tcp = (void *)(ip + 1);
		len = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	} else {
		if ((void *)(ip6 + 1) > end)
			return 0;
		tcp = (void *)(ip6 + 1);
		len = bpf_ntohs(ip6->payload_len);
	}
	if ((void *)(tcp + 1) > end)
		return 0;
	segment_of(tcp, len, ret);
	return 1;
}

#endif
