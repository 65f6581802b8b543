// SPDX-License-Identifier: GPL-2.0
/*
 * The datapath. In the steady state a packet takes these steps:
 *
 *     parse -> service -> class of the client -> key -> ring -> backend -> forward -> count
 *
 * A packet whose class, key or cell is open (MOVING or LOOK) takes a longer way from the ring
 * to the backend: its path (path.h) and the rule of changes (pins.h). One that is not a common one
 * takes the same steps by functions of its own (rest.h).
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

/* A condition that few packets fulfil: the others go straight on. */
#define rare(condition) __builtin_expect(!!(condition), 0)

#include "tell.h"
#include "word.h"
#include "order.h"
#include "maps.h"
#include "frame.h"
#include "vlan.h"
#include "parse.h"
#include "segment.h"
#include "uncommon.h"
#include "service.h"
#include "classes.h"
#include "ring.h"
#include "csum.h"
#include "hop.h"
#include "encap.h"
#include "head.h"
#include "mss.h"
#include "nat.h"
#include "gue.h"
#include "forward.h"
#include "reply.h"
#include "stats.h"
#include "heat.h"
#include "hot.h"
#include "path.h"
#include "pins.h"
#include "fragment.h"
#include "answer.h"
#include "select.h"
#include "send.h"
#include "rest.h"
#include "tagged.h"

/* Not static: else its stack would be there beside that of uncommon(). */
__noinline int from_backend(struct xdp_md *ctx, const struct xring_slot *slot)
{
	struct flow flow = {};
	struct body body;

	if (!slot)
		return drop_of_nobody(ctx, XRING_CNT_DROP_MALFORMED);	/* not reached */
	tell(REPLY, slot->backend, 0);
	if (!reply_is_real(ctx, slot))
		return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	if (!flow_read(ctx, &flow) || !body_read(ctx, flow.family, &body) ||
	    !body_is_whole(ctx, &body))
		return drop(ctx, whose_reply(slot), XRING_CNT_DROP_MALFORMED);
	return send_reply(ctx, &flow, body.len, slot, 0);
}

/* A packet for a service. */
static __always_inline int to_backend(struct xdp_md *ctx, __u8 family, const struct flow *flow,
				      const struct xring_config *config,
				      const struct xring_slot *slot)
{
	__u32 hash = key_hash(config, slot, flow), window = *(volatile const __u32 *)&config->window;
	const struct xring_template *t;
	struct xring_backend *backend;
	struct body body;
	struct ruled ruled = {};
	__u32 id, done;
	__u64 head;

	tell(SERVICE, slot_number(slot), slot->flags);
	tell(KEY, hash, 0);
	if (rare(window) && hot && serves)
		heat_count(ctx, family, window, slot_number(slot), hash);
	if (rare(slot->flags & XRING_SERVICE_SPECIAL))
		id = special_backend(ctx, slot, flow, hash, 0, NULL, &ruled);
	else
		id = ring_backend(ctx, slot, hash, slot->ring_base, slot->ring_shift, hash, 0);
	tell(BACKEND, id, ruled.class);
	backend = bpf_map_lookup_elem(&xring_templates, &id);
	if (!backend)
		return drop_of_nobody(ctx, XRING_CNT_DROP_NO_BACKEND);	/* not reached */
	if (!body_read(ctx, family, &body))
		return drop(ctx, slot_number(slot), XRING_CNT_DROP_MALFORMED);
	if (rare(body_goes_on(&body)))
		return send_rarely(ctx, id, packet_of(slot, family), ruled.class,
				   ruled.placed);
	head = head_read(&backend->t[0]);
	t = after_head(backend, head);
	if (rare(body.len > head_mtu(head))) {
		t = template_that_counts(backend, head);
		head = head_that_counts(backend, head);
		if (body.len > head_mtu(head)) {
			if (head_kind(head) >= XRING_RARE)
				return send_rarely(ctx, id, packet_of(slot, family), ruled.class,
				   ruled.placed);
			done = forward_refuse(head_kind(head));
			return done == XRING_CNT_DROP_NO_BACKEND ?
				       no_backend(ctx, packet_of(slot, family), ruled.class, body.bytes) :
				       refuse(ctx, id, done, head_mtu(head), slot->ports_mask);
		}
	}
	done = forward(ctx, family, &body, t, head);
	if (done != FORWARD_OK)
		/* Flags and class are for services without a backend. */
		return done == FORWARD_RARELY ? send_rarely(ctx, id, family, 0, ruled.placed) :
						refuse(ctx, id, done, 0, 0);
	backend_count(&id, body.bytes, body.syn);
	if (rare(ruled.placed)) {
		ruled.placed->packets++;
		ruled.placed->bytes += body.bytes;
	}
	return transmit(ctx, head_ifindex(head), XRING_CNT_TX);
}

/* A common packet: for a service, from a nat backend, or neither. */
static __always_inline int common(struct xdp_md *ctx, __u8 family, struct flow *flow,
				  struct xring_vips *table)
{
	__u64 vips = vips_read(table);
	struct xring_slot *slot = service_first(table, vips, flow);

	tell(COMMON, family, 0);
	if (rare(!service_is(slot, flow) || source_is_strange(&table->config, flow))) {
		__u32 found;

		if (slot->port || vips & (XRING_VIPS_ANY_PORT | XRING_VIPS_REPLY_ANY))
			found = find_rarely(ctx);
		else if (vips & XRING_VIPS_REPLIES &&
			 reply_known(flow->src[0], flow->src[1], reply_port(flow), vips))
			found = FOUND_SLOT;
		else
			found = FOUND_NOTHING;
		if (found == FOUND_NOTHING)
			return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
		table = vips_get();
		slot = table ? slot_found(table) : NULL;
		if (!slot)
			return drop_of_nobody(ctx, XRING_CNT_DROP_MALFORMED);	/* not reached */
		if (found == FOUND_REFUSED)
			return drop(ctx, slot_number(slot), XRING_CNT_DROP_MARTIAN);
		if (slot_is_reply(slot))
			return from_backend(ctx, slot);
		if (!flow_again(ctx, family, flow))
			return drop_of_nobody(ctx, XRING_CNT_DROP_MALFORMED);	/* not reached */
	}
	return to_backend(ctx, family, flow, &table->config, slot);
}

TELL_APART int common4(struct xdp_md *ctx, struct flow *flow, struct xring_vips *table)
{
	return common(ctx, 4, flow, table);
}

TELL_APART int common6(struct xdp_md *ctx, struct flow *flow, struct xring_vips *table)
{
	return common(ctx, 6, flow, table);
}

/*
 * Why a frame is not for this balancer, which is not to the first MAC address of this host; 0: it is.
 * XDP sees frames for another host, a group or everybody too, while the interface is promiscuous. The
 * answer of one balancer each, for a frame that a switch floods, would multiply it (RFC 1812, section
 * 5.3.4). And of some interfaces only a VLAN is ours: there, no MAC address is the first.
 */
__noinline int is_elsewhere(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct xring_config *config = config_get();
	struct xring_mac key = {};

	if (!config || data + sizeof(struct ethhdr) > end)
		return 0;
	key.mac = XRING_MAC_WORD(*(__u64 *)data);
	if (!is_tag(frame_type(ctx)) && !tags_ingress(ctx->ingress_ifindex, 0))
		return XRING_CNT_PASS_VLAN;
	if (!config->macs[0] || bpf_map_lookup_elem(&xring_macs, &key))
		return 0;
	key.mac = 0;
	key.ifindex = ctx->ingress_ifindex;
	return bpf_map_lookup_elem(&xring_macs, &key) ? 0 : XRING_CNT_PASS_OTHER_MAC;
}

SEC("xdp")
int xring(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct xring_vips *table = vips_get();
	struct flow flow;
	int elsewhere;
	__be16 type;
	__u64 mac;

	if (!table || data + sizeof(struct ethhdr) + sizeof(struct iphdr) > end)
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	mac = XRING_MAC_WORD(*(__u64 *)data);
	if (rare(mac != table->config.macs[0]) && mac != table->config.macs[1]) {
		elsewhere = is_elsewhere(ctx);
		if (elsewhere)
			return finish(XDP_PASS, elsewhere);
		/* Anew, or the common packet would keep them over this call. */
		data = (void *)(long)ctx->data;
		end = (void *)(long)ctx->data_end;
		if (data + sizeof(struct ethhdr) + sizeof(struct iphdr) > end)
			return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	}
	asm volatile("" : "+r"(data));
	type = *(__be16 *)(data + offsetof(struct ethhdr, h_proto));
	if (type == bpf_htons(ETH_P_IP) && flow_parse4(data, end, &flow) == FLOW_OK)
		return common4(ctx, &flow, table);
	if (type == bpf_htons(ETH_P_IPV6) && flow_parse6(data, end, &flow) == FLOW_OK)
		return common6(ctx, &flow, table);
	if (is_tag(type)) {
		int done = tagged(ctx);

		if (done != TAGGED_RARELY)
			return done;
	}
	return uncommon(ctx);
}

char _license[] SEC("license") = "GPL";

/* For libxdp's dispatcher, by which programs share an interface: run early, go on at a pass. */
struct {
	__uint(priority, 10);
	__uint(XDP_PASS, 1);
} _xring SEC(".xdp_run_config") __attribute__((used));
