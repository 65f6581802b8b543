// SPDX-License-Identifier: GPL-2.0
/*
 * The client of the real path: its program makes frames (under test run with
 * BPF_F_TEST_XDP_LIVE_FRAMES, whose pages come back as they left), and the
 * one on its interface counts what returns.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "stream.h"

struct stream stream;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sink);
} sunk SEC(".maps");

SEC("xdp")
int bench_source(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;

	if (data + FRAME_BYTES > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	stream_write(data, &stream);
	return XDP_TX;
}

SEC("xdp")
int bench_sink(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct sink *sink = bpf_map_lookup_elem(&sunk, &zero);

	if (!sink)
		return XDP_ABORTED;
	sink->packets++;
	sink->bytes += ctx->data_end - ctx->data;
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
