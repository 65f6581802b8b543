/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BENCH_STREAM_H
#define XRING_BENCH_STREAM_H

#include "bench.h"

#define load(type, at) (*(const type *)(at))
#define store(type, at, value) (*(volatile type *)(at) = (value))

/* Marsaglia's xorshift64. */
static __always_inline __u64 stream_next(struct stream *s)
{
	__u64 x = s->random, flow;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	s->random = x;
	flow = s->sequence + ((x >> 32) * s->flows >> 32);
	s->sequence += s->fresh;
	return flow;
}

/* 2^36 flows have tuples of their own: 20 bits of the address, 16 of the port. */
static __always_inline __u32 flow_address(const struct stream *s, __u64 flow)
{
	return (flow & 0xfffff) * s->spread;
}

static __always_inline __u16 flow_port(__u64 flow)
{
	return (flow >> 20) + flow * 40503;
}

/* What is changed in the last two bytes of an address: it becomes the service's. */
static __always_inline __u64 flow_service(const struct stream *s, __u64 flow)
{
	__u32 service = (__u64)(__u32)(flow * 0x9e3779b1u) * s->services >> 32;

	return (__u64)__builtin_bswap16(service) << 48;
}

/*
 * The stores are cut where headers have their fields, and never between: a
 * program that loads a field finds it in one store. (Where a load straddles two
 * stores the processor waits until both are in the cache; with a packet from a
 * NIC it would not.)
 */
static __always_inline void write_copy(void *frame, const struct stream *s, int from, int to)
{
	for (int i = from; i + 8 <= to; i += 8)
		store(__u64, frame + i, load(__u64, s->frame + i));
}

static __always_inline void write_ether(void *frame, const struct stream *s)
{
	store(__u32, frame, load(__u32, s->frame));
	store(__u16, frame + 4, load(__u16, s->frame + 4));
	store(__u32, frame + 6, load(__u32, s->frame + 6));
	store(__u16, frame + 10, load(__u16, s->frame + 10));
	store(__u16, frame + 12, load(__u16, s->frame + 12));
}

/* Ports and the rest of TCP's header, which starts at `at`. */
static __always_inline void write_tcp(void *frame, const struct stream *s, int at, __u64 flow)
{
	__u64 word = load(__u64, s->frame + at) & ~0xffffULL;

	store(__u64, frame + at, word | flow_port(flow));
	store(__u64, frame + at + 8, load(__u64, s->frame + at + 8));
	store(__u32, frame + at + 16, load(__u32, s->frame + at + 16));
}

/* The first byte of an address that a host may have: 1 to 223, but for 127. */
static __always_inline __u64 host_address(__u64 address)
{
	__u64 first = (address & 0xff) % 223 + 1;

	return (address & ~0xffULL) | (first - (first == 127));
}

/* at: of the IP header. options: bytes of them, at most 4. */
static __always_inline void write_ipv4(void *frame, const struct stream *s, int at, int options,
				       __u64 flow)
{
	store(__u64, frame + at, load(__u64, s->frame + at));
	store(__u32, frame + at + 8, load(__u32, s->frame + at + 8));
	store(__u64, frame + at + 12, host_address(load(__u64, s->frame + at + 12) ^
						   flow_address(s, flow)) ^ flow_service(s, flow));
	if (options)
		store(__u32, frame + at + 20, load(__u32, s->frame + at + 20));
	write_tcp(frame, s, at + 20 + options, flow);
}

/* Of two packets the first is a datagram's first fragment, the second its last. */
static __always_inline void write_fragment(void *frame, struct stream *s)
{
	__u32 step = s->fragments++;

	store(__u16, frame + 18, step / 2);
	store(__u16, frame + 20, step % 2 ? __builtin_bswap16(1) : __builtin_bswap16(0x2000));
}

/* All of them at places that are known here. */
static __always_inline void write_shape(void *frame, struct stream *s, __u64 flow)
{
	if (s->shape == SHAPE_OPTION) {
		write_ipv4(frame, s, 14, 4, flow);
	} else if (s->shape == SHAPE_TAGGED) {
		store(__u32, frame + 14, load(__u32, s->frame + 14));
		write_ipv4(frame, s, 18, 0, flow);
	} else {
		write_ipv4(frame, s, 14, 0, flow);
		if (s->shape == SHAPE_FRAGMENTS)
			write_fragment(frame, s);
	}
}

static __always_inline void write_ipv6(void *frame, const struct stream *s, __u64 flow)
{
	write_copy(frame, s, 14, 22);
	store(__u64, frame + 22, load(__u64, s->frame + 22) ^ (__u64)flow_address(s, flow) << 16);
	write_copy(frame, s, 30, 38);
	write_copy(frame, s, 38, 54);
	write_tcp(frame, s, 54, flow);
}

/* The next packet's headers; frame: FRAME_BYTES, in bounds. */
static __always_inline void stream_write(void *frame, struct stream *s)
{
	__u64 flow = stream_next(s);

	write_ether(frame, s);
	if (s->family == 4)
		write_shape(frame, s, flow);
	else
		write_ipv6(frame, s, flow);
}

#endif
