// SPDX-License-Identifier: GPL-2.0
/* The floors: the least that a program of each kind can do. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bench.h"

/* What xring is counted over: a program that does nothing. */
SEC("xdp")
int floor_empty(struct xdp_md *ctx ignored)
{
	return XDP_PASS;
}

SEC("xdp")
int floor_tx(struct xdp_md *ctx ignored)
{
	return XDP_TX;
}

SEC("xdp")
int floor_swap(struct xdp_md *ctx)
{
	__u16 *mac = (void *)(long)ctx->data;

	if ((void *)(mac + 7) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	for (int i = 0; i < 3; i++) {
		__u16 word = mac[i];

		mac[i] = mac[i + 3];
		mac[i + 3] = word;
	}
	return XDP_TX;
}

/* The same headers for every packet, lengths and checksum included. */
#define words(p, n, value)                                                     \
	for (int i_ = 0; i_ < (n); i_++)                                       \
		((__u32 *)(p))[i_] = (value) + i_

SEC("xdp")
int floor_encap4(struct xdp_md *ctx)
{
	void *data;

	if (bpf_xdp_adjust_head(ctx, -20))
		return XDP_DROP;
	data = (void *)(long)ctx->data;
	if (data + 34 > (void *)(long)ctx->data_end)
		return XDP_DROP;
	words(data, 3, 0x02000001);
	*(__u16 *)(data + 12) = 0x0008;
	words(data + 14, 5, 0x45000046);
	return XDP_TX;
}

SEC("xdp")
int floor_encap6(struct xdp_md *ctx)
{
	void *data;

	if (bpf_xdp_adjust_head(ctx, -40))
		return XDP_DROP;
	data = (void *)(long)ctx->data;
	if (data + 54 > (void *)(long)ctx->data_end)
		return XDP_DROP;
	words(data, 3, 0x02000001);
	*(__u16 *)(data + 12) = 0xdd86;
	words(data + 14, 10, 0x60000046);
	return XDP_TX;
}

char _license[] SEC("license") = "GPL";
