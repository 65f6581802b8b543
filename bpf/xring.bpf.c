// SPDX-License-Identifier: GPL-2.0
/*
 * The datapath. In the steady state a packet takes these steps:
 *
 *     parse -> service -> class of the client -> key -> ring -> backend -> forward -> count
 *
 * A packet whose class, key or cell is open (MOVING or LOOK) takes a longer way from the ring
 * to the backend: its path (path.h) and the rule of changes (pins.h). Only this file turns
 * answers into verdicts.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <xring/abi.h>
#include <xring/hash.h>

/*
 * Features. One that is switched off before the program is loaded costs nothing, as the
 * verifier removes its code: so tests/bench measures what each of them costs.
 */
/* Changes keep live flows where they are. */
const volatile __u8 changes = 1;
/* Keys are counted, and may be split. */
const volatile __u8 hot = 1;
/* Services may have rules for their clients. */
const volatile __u8 rules = 1;
/* For tests: time is only what the configuration's clock says. */
const volatile __u8 clock_stopped = 0;

#include "maps.h"
#include "parse.h"
#include "service.h"
#include "classes.h"
#include "ring.h"
#include "csum.h"
#include "hop.h"
#include "encap.h"
#include "nat.h"
#include "forward.h"
#include "reply.h"
#include "stats.h"
#include "heat.h"
#include "hot.h"
#include "path.h"
#include "segment.h"
#include "pins.h"

/* Sends the packet out of an interface, which may be the one at which it came in. */
static __always_inline int transmit(struct xdp_md *ctx, __u32 ifindex, __u32 counter)
{
	if (ifindex == ctx->ingress_ifindex)
		return finish(XDP_TX, counter);
	if (counter == XRING_CNT_TX)
		counter = XRING_CNT_TX_REDIRECT;
	return finish(bpf_redirect(ifindex, 0), counter);
}

static __always_inline int drop(__u32 reason)
{
	return finish(XDP_DROP, reason);
}

/* A reply of a nat backend. */
static __always_inline int from_backend(struct xdp_md *ctx, void *data, void *end,
					struct flow *flow, const struct xring_slot *slot)
{
	__u32 done, ifindex = 0;

	if (!flow_rest(data, end, flow))
		return drop(XRING_CNT_DROP_MALFORMED);
	done = reply_forward(ctx, flow, slot, &ifindex);
	switch (done) {
	case XRING_CNT_TX_REPLY:
		return transmit(ctx, ifindex, done);
	case XRING_CNT_PASS_LOCAL_REPLY:
	case XRING_CNT_PASS_UNRESOLVED:
	case XRING_CNT_PASS_NO_FORWARDING:
		return finish(XDP_PASS, done);
	}
	return drop(done);
}

/*
 * The backend of a packet whose path is open. The rule gets a copy of the flow, so that the
 * flow of a common packet can stay in registers.
 */
static __always_inline __u32 path_backend(struct xdp_md *ctx, const struct flow *flow,
					  const struct xring_slot *slot, __u32 hash)
{
	struct path_request request = {
		.key_hash = hash,
		.number = slot_number(slot),
		.base = slot->ring_base,
		.shift = slot->ring_shift,
		.bound = !!(slot->flags & XRING_SERVICE_BOUND),
		.idle_ms = flow->proto == IPPROTO_TCP ? slot->tcp_idle : slot->udp_idle * 100,
	};

	flow_key(flow, &request.flow);
	if (rules && slot->flags & XRING_SERVICE_RULES)
		request.class_index = client_class_index(
			slot->ring_base, flow->src[0], flow->src[1],
			arrival_of(slot, ctx->ingress_ifindex, flow->family));
	return path_answer(ctx, &request);
}

/*
 * The position at which the newest path of the flow's key ends. Sets *open if the key has an
 * entry that is moving, or that gives the key to one backend.
 */
static __always_inline __u32 key_position(const struct xring_config *config,
					  const struct xring_slot *slot, const struct flow *flow,
					  __u32 hash, __u8 *open)
{
	__u64 answer = hot_answer(slot_number(slot), hash);

	if (!answer)
		return hash;
	*open |= answer & XRING_HOT_MOVING || xring_hot_backend(answer);
	return side_hash(config, answer, hash,
			 tuple_hash(config, flow->family, flow->src, flow->dst, flow->ports,
				    flow->proto));
}

/* Must a new flow keep off the backend, as that is over its bound? */
static __always_inline int is_kept_off(const struct xring_slot *slot, const struct flow *flow,
				       __u32 id)
{
	return slot->flags & XRING_SERVICE_BOUND && flow->syn && load_of(id) > XRING_LOAD_FULL;
}

/*
 * Counts what a rule sent to the region of a backend; and with HOME, one packet in
 * XRING_HOME_EACH by network and ingress.
 */
static __always_inline void region_count(struct xdp_md *ctx, const struct flow *flow,
					 const struct xring_slot *slot, __u64 class, __u64 place)
{
	__u32 counter = xring_class_counter(class) + 1 + (place >> XRING_PLACE_REGION);
	const struct xring_placed *placed = placed_count(counter, flow->bytes);

	if (!placed || !(class & XRING_CLASS_HOME) || placed->packets % XRING_HOME_EACH)
		return;
	home_count(slot->ring_base, flow->src[0], flow->src[1],
		   arrival_of(slot, ctx->ingress_ifindex, flow->family));
}

/* A packet for a service. */
static __always_inline int to_backend(struct xdp_md *ctx, void *data, void *end,
				      struct flow *flow, const struct xring_config *config,
				      const struct xring_slot *slot)
{
	const struct xring_template *t;
	__u32 hash = key_hash(config, slot, flow), at = hash;
	__u32 base = slot->ring_base;
	__u64 word, class = 0, place = 0;
	struct xring_backend *backend;
	__u8 open = 0, shift = slot->ring_shift;
	__u32 id, done, window;

	if (rules && __builtin_expect(slot->flags & XRING_SERVICE_RULES, 0)) {
		class = client_class_word(base, flow->src[0], flow->src[1],
					  arrival_of(slot, ctx->ingress_ifindex, flow->family));
		base = xring_class_base(class);
		shift = xring_class_shift(class);
		open = class >> 63;	/* XRING_CLASS_MOVING */
	}
	if (hot && slot->flags & XRING_SERVICE_HOT)
		at = key_position(config, slot, flow, hash, &open);
	/* Each look-up waits for the one before: the rest of the packet is read meanwhile. */
	word = cell_read(ring_cell(base, shift, at));
	if (!flow_rest(data, end, flow))
		return drop(XRING_CNT_DROP_MALFORMED);
	id = cell_owner(word, at);
	if (changes && (open || word & (XRING_MOVING | XRING_LOOK) || is_kept_off(slot, flow, id)))
		id = path_backend(ctx, flow, slot, hash);
	if (__builtin_expect(!!class, 0)) {
		place = place_of(id);
		/* Tested wherever the answer came from: this test makes a rule strict. */
		id *= place_allows(place, class);
	}
	backend = bpf_map_lookup_elem(&xring_backends, &id);
	if (!backend)
		return drop(XRING_CNT_DROP_NO_BACKEND);
	t = &backend->t[backend->t[0].live & 1];
	asm volatile("" : "+r"(t));	/* or clang computes it again at each use */
	done = forward(ctx, flow, t);
	if (done == XRING_CNT_DROP_NO_BACKEND &&
	    (class & XRING_CLASS_STRICT || slot->flags & XRING_SERVICE_STRICT)) {
		if (class)
			placed_count(xring_class_counter(class), flow->bytes);
		return drop(XRING_CNT_DROP_RESIDENCY);
	}
	if (done == XRING_CNT_DROP_NO_BACKEND && slot->flags & XRING_SERVICE_PASS)
		return finish(XDP_PASS, XRING_CNT_PASS_NO_BACKEND);
	if (done != FORWARD_OK)
		return drop(done);
	backend_count(id, flow->bytes, flow->syn);
	if (__builtin_expect(!!class, 0))
		region_count(ctx, flow, slot, class, place);
	window = *(volatile const __u32 *)&config->window;
	/* A SYN makes no key hot: anybody can send SYNs. */
	if (hot && window && !flow->syn)
		heat_count(window, slot, flow, hash);
	return transmit(ctx, t->ifindex, XRING_CNT_TX);
}

/* Any packet but the common one. If it is for a service, it is dropped with its defect. */
static __noinline int unusual(struct xdp_md *ctx, __u64 vips)
{
	struct flow flow = {};

	if (parse_unusual(ctx, &flow) == FLOW_NOT_OURS)
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	if (!service_find(vips, &flow) && !reply_find(vips, &flow))
		return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	return drop(flow.defect);
}

/* A common packet: for a service, from a nat backend, or neither. */
static __always_inline int common(struct xdp_md *ctx, void *data, void *end,
				  const struct xring_config *config, struct flow *flow,
				  __u64 vips)
{
	struct xring_slot *slot = service_find(vips, flow);

	if (slot)
		return to_backend(ctx, data, end, flow, config, slot);
	slot = reply_find(vips, flow);
	if (slot)
		return from_backend(ctx, data, end, flow, slot);
	return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
}

SEC("xdp")
int xring(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct xring_config *config;
	__be16 *type = data + offsetof(struct ethhdr, h_proto);
	struct flow flow;
	__u32 zero = 0;
	__u64 vips;

	config = bpf_map_lookup_elem(&xring_config, &zero);
	if (!config || data + sizeof(struct ethhdr) + sizeof(struct iphdr) > end)
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);

	vips = *(volatile const __u64 *)&config->vips;
	if (*type == bpf_htons(ETH_P_IP)) {
		if (flow_parse4(data, end, &flow) == FLOW_OK)
			return common(ctx, data, end, config, &flow, vips);
	} else if (*type == bpf_htons(ETH_P_IPV6)) {
		if (flow_parse6(data, end, &flow) == FLOW_OK)
			return common(ctx, data, end, config, &flow, vips);
	}
	return unusual(ctx, vips);
}

char _license[] SEC("license") = "GPL";

/* For libxdp's dispatcher, by which programs share an interface: run early, go on at a pass. */
struct {
	__uint(priority, 10);
	__uint(XDP_PASS, 1);
} _xring SEC(".xdp_run_config") __attribute__((used));
