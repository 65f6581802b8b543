// SPDX-License-Identifier: GPL-2.0
/* Passes everything: for the far end of a veth, which wants a program where XDP sends. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
