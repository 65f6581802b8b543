// SPDX-License-Identifier: GPL-2.0
/*
 * Passes every packet. Some drivers send by XDP only while their device runs a program, a veth
 * only while its far end does, and this is the least program.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

/* The same where the MTU is so large that a packet takes several buffers. */
SEC("xdp.frags")
int pass_frags(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
