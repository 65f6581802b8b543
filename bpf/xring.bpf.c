// SPDX-License-Identifier: GPL-2.0
/*
 * The datapath: parse, service, key, ring, forward, count. Only this file turns
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

#include "maps.h"
#include "parse.h"
#include "service.h"
#include "ring.h"
#include "csum.h"
#include "forward.h"
#include "reply.h"
#include "stats.h"

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

/* Not for a service: a nat backend's reply, or nothing of ours. */
static __always_inline int from_backend(struct xdp_md *ctx, const struct flow *flow, __u64 vips)
{
	struct xring_slot *slot = reply_find(vips, flow);
	__u32 done, ifindex = 0;

	if (!slot)
		return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	if (flow->defect)
		return drop(flow->defect);
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

static __always_inline int to_backend(struct xdp_md *ctx, const struct flow *flow,
				      const struct xring_config *config,
				      const struct xring_slot *slot)
{
	const struct xring_template *t;
	struct xring_backend *backend;
	__u32 id, done;

	id = ring_lookup(slot->ring_base, slot->ring_shift, key_hash(config, slot, flow));
	backend = bpf_map_lookup_elem(&xring_backends, &id);
	if (!backend)
		return drop(XRING_CNT_DROP_NO_BACKEND);
	t = &backend->t[backend->t[0].live & 1];
	done = forward(ctx, flow, t);
	if (done != FORWARD_OK)
		return drop(done);
	backend_count(id, flow->bytes, flow->syn);
	return transmit(ctx, t->ifindex, XRING_CNT_TX);
}

SEC("xdp")
int xring(struct xdp_md *ctx)
{
	const struct xring_config *config;
	struct xring_slot *slot;
	struct flow flow = {};
	__u32 zero = 0;
	__u64 vips;

	config = bpf_map_lookup_elem(&xring_config, &zero);
	if (!config || flow_parse(ctx, &flow) == FLOW_NOT_OURS)
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);

	vips = *(volatile const __u64 *)&config->vips;
	slot = service_find(vips, &flow);
	if (!slot)
		return from_backend(ctx, &flow, vips);
	if (flow.defect)
		return drop(flow.defect);
	return to_backend(ctx, &flow, config, slot);
}

char _license[] SEC("license") = "GPL";

/* For libxdp's dispatcher, should xring share an interface: run early, go on at a pass. */
struct {
	__uint(priority, 10);
	__uint(XDP_PASS, 1);
} _xring SEC(".xdp_run_config") __attribute__((used));
