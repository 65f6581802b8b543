// SPDX-License-Identifier: GPL-2.0
/*
 * The driver: runs under BPF_PROG_TEST_RUN with `repeat`, and hands on to the
 * tested program by a tail call. repeat gives a program its own output the next
 * time, so each step puts the packet back as it was (its length, its headers, the
 * next tuple) before it goes on. What a step costs is the same whatever program
 * is tested (the same stores, one tail call), but for the head: shifting it back
 * costs a helper's call, which only a program that grew the packet causes. With
 * `shift` it is shifted always, by 0 where need be: the empty program that way is
 * the baseline that has this cost in it.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "stream.h"

struct drive drive;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tested SEC(".maps");

static __always_inline void step_clock(void)
{
	__u64 step = drive.step++;

	if (step == drive.first)
		drive.start_ns = bpf_ktime_get_ns();
	else if (step == drive.last)
		drive.stop_ns = bpf_ktime_get_ns();
}

SEC("xdp")
int bench_drive(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 grown = (__u32)(end - data) - FRAME_BYTES;

	if (grown > FRAME_GROWN_MAX || data + grown + FRAME_BYTES > end) {
		drive.strange++;
		return XDP_ABORTED;
	}
	stream_write(data + grown, &drive.stream);
	drive.grown += grown;
	if (grown | drive.shift)
		bpf_xdp_adjust_head(ctx, grown);
	step_clock();
	bpf_tail_call_static(ctx, &tested, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
