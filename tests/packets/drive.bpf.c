// SPDX-License-Identifier: GPL-2.0
/*
 * Runs under BPF_PROG_TEST_RUN with `repeat`, which gives a program its own frame
 * again: each step writes the next packet's tuple over it and hands it on to the
 * tested program by a tail call. In mode l2 the frame then says which backend it
 * went to, in the last bytes of its destination, and keeps its length.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_helpers.h>

#include "drive.h"

struct drive drive;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tested SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DRIVE_PACKETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct drive_packet);
} packets SEC(".maps");

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

static __always_inline struct frame *frame_of(struct xdp_md *ctx)
{
	struct frame *f = (void *)(long)ctx->data;

	return (void *)(f + 1) > (void *)(long)ctx->data_end ? NULL : f;
}

static __always_inline void frame_write(struct frame *f, const struct drive_packet *p)
{
	f->eth.h_dest[4] = f->eth.h_dest[5] = 0;
	f->ip.saddr = p->addr;
	f->tcp.source = p->port;
	f->tcp.seq = __builtin_bswap32(p->seq);
	((__u8 *)&f->tcp)[13] = p->flags;
}

/* Marsaglia's xorshift64. */
static __always_inline __u64 random_next(void)
{
	__u64 x = drive.random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	drive.random = x;
	return x;
}

SEC("xdp")
int drive_random(struct xdp_md *ctx)
{
	struct frame *f = frame_of(ctx);
	__u64 tuple = random_next();
	struct drive_packet p = {
		.addr = tuple,
		.port = tuple >> 32,
		.flags = drive.flags,
		.seq = random_next(),
	};

	p.addr = (p.addr & ~0xffu) | (64 + (p.addr & 31));	/* 64 to 95: of hosts that may send */
	if (!f)
		return XDP_ABORTED;
	drive.step++;
	frame_write(f, &p);
	bpf_tail_call_static(ctx, &tested, 0);
	return XDP_ABORTED;
}

/* What the frame says of the packet before is its answer; the last one's is left in it. */
SEC("xdp")
int drive_listed(struct xdp_md *ctx)
{
	struct frame *f = frame_of(ctx);
	__u32 at = drive.step++, before = at - 1;
	struct drive_packet *p;

	if (!f)
		return XDP_ABORTED;
	p = bpf_map_lookup_elem(&packets, &before);
	if (p)
		p->backend = f->eth.h_dest[4] << 8 | f->eth.h_dest[5];
	p = bpf_map_lookup_elem(&packets, &at);
	if (!p)
		return XDP_ABORTED;
	frame_write(f, p);
	bpf_tail_call_static(ctx, &tested, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
