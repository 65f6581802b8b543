/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_FRAME_H
#define XRING_BPF_FRAME_H

/* Access to a frame at offsets that only the packet says. */
#define IP_DEEPEST 16384		/* bytes: nothing that is read begins later in a frame */

/* What is at an offset of the frame, of that type; NULL: the first buffer ends before its end. */
#define frame_at(ctx, at, type)                                                \
	({                                                                     \
		type *it_ = (void *)(long)(ctx)->data + ((at) & (2 * IP_DEEPEST - 1)); \
		if ((void *)(it_ + 1) > (void *)(long)(ctx)->data_end)         \
			it_ = NULL;                                            \
		/* Or clang compares with the end again, of which the verifier learns less. */ \
		asm volatile("" : "+r"(it_));                                  \
		it_;                                                           \
	})

/* Bytes of an untagged frame with an IP packet of that length. Only one of several buffers is worth a call. */
static __always_inline __u32 frame_bytes(struct xdp_md *ctx, __u32 len)
{
	__u32 first = ctx->data_end - ctx->data;

	return len > first - sizeof(struct ethhdr) ? bpf_xdp_get_buff_len(ctx) : first;
}

/* The EtherType, or that of the first VLAN tag; 0: the frame ends before. */
static __always_inline __be16 frame_type(struct xdp_md *ctx)
{
	__be16 *type = frame_at(ctx, offsetof(struct ethhdr, h_proto), __be16);

	return type ? *type : 0;
}

#endif
