// SPDX-License-Identifier: GPL-2.0
/* bpf/ring.h's lookup, asked for many hashes at a time. */
#include <linux/bpf.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include <xring/abi.h>

#include "word.h"
#include "maps.h"
#include "ring.h"

#include "lookup.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct lookup_batch);
} batches SEC(".maps");

static long one(__u32 i, void *context)
{
	__u32 zero = 0;
	struct lookup_batch *b = bpf_map_lookup_elem(&batches, &zero);

	(void)context;
	if (!b || i >= LOOKUP_BATCH)
		return 1;
	b->answer[i] = ring_lookup(b->base, b->shift, b->hash[i]);
	return 0;
}

SEC("xdp")
int lookup(struct xdp_md *ctx)
{
	(void)ctx;
	bpf_loop(LOOKUP_BATCH, one, NULL, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
