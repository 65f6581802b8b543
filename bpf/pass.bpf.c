// SPDX-License-Identifier: GPL-2.0
/*
 * Passes every packet. The far end of a veth needs an XDP program before the near end can
 * send by XDP, and this is the least program.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
