/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_MSS_H
#define XRING_BPF_MSS_H

/*
 * The maximum segment size that a SYN or SYN+ACK names is made smaller where it is greater than a service of mode
 * nat allows (RFC 9293, section 3.7.1). It is never made greater, and never put in.
 */
#define TCPOPT_EOL 0
#define TCPOPT_NOP 1
#define TCPOPT_MSS 2
#define TCPOPT_MSS_LEN 4
#define TCP_OPTIONS 40			/* bytes at most */

struct option_walk {
	struct xdp_md *ctx;
	__u32 at, end;			/* offsets in the frame: of the next option, and after the last */
	__u32 found;			/* the offset of the MSS; 0: none was found yet */
};

/* Looks at one option; 1: the walk is over. An option that goes on after the end is none. */
static long option_next(__u32 index, struct option_walk *w)
{
	struct { __u8 kind, len; } *option = frame_at(w->ctx, w->at, typeof(*option));

	(void)index;
	if (!option || w->at >= w->end || option->kind == TCPOPT_EOL)
		return 1;
	if (option->kind == TCPOPT_NOP) {
		w->at++;
		return 0;
	}
	if (option->len < 2 || w->at + option->len > w->end)
		return 1;
	if (option->kind == TCPOPT_MSS) {
		w->found = option->len == TCPOPT_MSS_LEN ? w->at + 2 : 0;
		return 1;
	}
	w->at += option->len;
	return 0;
}

/*
 * Does so to the packet, which has no tags; nothing, if it is no SYN. Not static: the verifier walks it
 * once.
 */
__noinline int mss_lower(struct xdp_md *ctx, __u32 mss)
{
	struct header h = { .at = sizeof(struct ethhdr) };
	struct option_walk w = { .ctx = ctx };
	struct { __u8 high, low; } *value;
	struct tcphdr *tcp;
	__u16 old, new = mss;

	if (!header_read(ctx, &h) || h.proto != IPPROTO_TCP || h.fragment == FRAGMENT_LATER ||
	    h.next > IP_DEEPEST)
		return 0;
	tcp = frame_at(ctx, h.next, struct tcphdr);
	if (!tcp || !tcp->syn)
		return 0;
	w.at = h.next + sizeof(*tcp);
	w.end = h.next + tcp->doff * 4;
	if (w.end > h.at + h.len)
		return 0;
	bpf_loop(TCP_OPTIONS, option_next, &w, 0);
	value = frame_at(ctx, w.found, typeof(*value));
	tcp = frame_at(ctx, h.next, struct tcphdr);
	if (!w.found || !value || !tcp)
		return 0;
	old = value->high << 8 | value->low;
	if (old <= new)
		return 0;
	value->high = new >> 8;
	value->low = new;
	/* A word at an odd offset is in the sum with its bytes in the other order. */
	old = bpf_htons(old);
	new = bpf_htons(new);
	if ((w.found - h.next) & 1) {
		old = __builtin_bswap16(old);
		new = __builtin_bswap16(new);
	}
	csum_apply(&tcp->check, csum_delta(old, new));
	return 1;
}

#endif
