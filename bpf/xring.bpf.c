// SPDX-License-Identifier: GPL-2.0
/*
 * The datapath. In the steady state a packet takes these steps:
 *
 *     parse -> service -> class of the client -> key -> ring -> backend -> forward -> count
 *
 * A packet whose class, key or cell is open (MOVING or LOOK) takes a longer way from the ring
 * to the backend: its path (path.h) and the rule of changes (pins.h). One that is not a common one
 * takes the same steps by functions of its own (uncommon()). Only this file turns answers into
 * verdicts.
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

#include "word.h"
#include "order.h"
#include "maps.h"
#include "parse.h"
#include "segment.h"
#include "uncommon.h"
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
#include "pins.h"
#include "fragment.h"
#include "answer.h"

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

/*
 * A packet for a VIP that cannot go on. Its sender is told, if that is for a router to say. mtu: of
 * what is too big. mask: of the service's ports.
 */
static __always_inline int refuse(struct xdp_md *ctx, __u32 reason, __u32 mtu, __u64 mask)
{
	if (reason == XRING_CNT_DROP_TOO_BIG && !(mask & XRING_SLOT_SILENT) && answer(ctx, mtu))
		return finish(XDP_TX, XRING_CNT_TX_TOO_BIG);
	if (reason == XRING_CNT_DROP_TTL && answer(ctx, 0))
		return finish(XDP_TX, XRING_CNT_TX_TTL);
	return drop(reason);
}

/* A reply of a nat backend. len: bytes of the IP packet. uncommon: as for reply_rewrite(). */
static __always_inline int send_reply(struct xdp_md *ctx, const struct flow *flow, __u32 len,
				      const struct xring_slot *slot, int uncommon)
{
	__u32 done, ifindex = 0;

	done = reply_forward(ctx, flow, len, slot, uncommon, &ifindex);
	switch (done) {
	case XRING_CNT_TX_REPLY:
		return transmit(ctx, ifindex, done);
	case XRING_CNT_PASS_LOCAL_REPLY:
	case XRING_CNT_PASS_UNRESOLVED:
	case XRING_CNT_PASS_NO_FORWARDING:
	case XRING_CNT_PASS_TOO_BIG:
		return finish(XDP_PASS, done);
	}
	return drop(done);
}

static __always_inline int from_backend(struct xdp_md *ctx, const struct xring_slot *slot)
{
	struct flow flow;
	struct body body;

	if (!reply_is_real(ctx, slot))
		return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	if (!flow_read(ctx, &flow) || !body_read(ctx, flow.family, &body) ||
	    !body_is_whole(ctx, &body))
		return drop(XRING_CNT_DROP_MALFORMED);
	return send_reply(ctx, &flow, body.len, slot, 0);
}

/*
 * Must a new flow keep off the backend, as that is over its bound? uncommon: NULL of a common
 * packet.
 */
static __always_inline int is_kept_off(struct xdp_md *ctx, const struct uncommon *uncommon,
				       __u8 family, __u32 id)
{
	return load_of(id) > XRING_LOAD_FULL &&
	       (uncommon ? uncommon->segment.opens : opens_flow(ctx, family));
}

/* The backend at a position of a service's ring. open: the path is open whatever the cell says. */
static __always_inline __u32 ring_backend(struct xdp_md *ctx, const struct xring_slot *slot,
					  __u32 hash, __u32 base, __u8 shift, __u32 at, __u8 open)
{
	__u64 word = cell_read(ring_cell(base, shift, at));

	if (rare(open || word & (XRING_MOVING | XRING_LOOK)) && changes)
		return path_answer(ctx, slot, hash);
	return cell_owner(word, at);
}

/*
 * What a rule counts of a packet that goes to a backend with this place: the counter of its
 * region; and with HOME, one common packet in XRING_HOME_EACH by network and ingress.
 */
static __always_inline struct xring_placed *region_find(struct xdp_md *ctx,
							const struct xring_slot *slot,
							const struct uncommon *uncommon,
							__u64 class, __u64 place)
{
	__u32 counter = xring_class_counter(class) + 1 + (place >> XRING_PLACE_REGION);
	struct xring_placed *placed = bpf_map_lookup_elem(&xring_placed, &counter);

	if (placed && !uncommon && class & XRING_CLASS_HOME && placed->packets % XRING_HOME_EACH == 0)
		home_count(ctx, slot->ring_base, slot_number(slot));
	return placed;
}

/* What the rule of a client's class says of a packet; all 0 for a service without rules. */
struct ruled {
	__u64 class;			/* newest word of the class */
	struct xring_placed *placed;	/* what counts the packet once it is sent */
};

/*
 * The backend of a packet for a service that has rules, entries of keys or bounded loads, or whose
 * packets go each by itself; and of any packet that is not a common one. hash: of the key. given:
 * the answer, or 0. uncommon: NULL of a common packet.
 */
static __always_inline __u32 special_backend(struct xdp_md *ctx, const struct xring_slot *slot,
					     const struct flow *flow, __u32 hash, __u32 given,
					     const struct uncommon *uncommon, struct ruled *ruled)
{
	__u32 base = slot->ring_base, at = hash, id, index;
	__u8 shift = slot->ring_shift, open = 0;

	if (rules && slot->flags & XRING_SERVICE_RULES) {
		/* A client without a class may go to no backend. */
		ruled->class = class_find(slot, flow, ctx->ingress_ifindex, &index) ?:
			       XRING_CLASS_NOBODY;
		base = xring_class_base(ruled->class);
		shift = xring_class_shift(ruled->class);
		open = ruled->class >> 63;	/* XRING_CLASS_MOVING */
	}
	if (hot && slot->flags & XRING_SERVICE_HOT) {
		__u64 answer = hot_answer(slot_number(slot), hash);

		open |= answer & XRING_HOT_MOVING || xring_hot_backend(answer);
		if (xring_hot_shards(answer))
			at = newest_position(ctx, answer, hash);
	}
	if (given)
		id = given;
	else if (slot->flags & XRING_SERVICE_PACKET)	/* no flow, so nothing that a change could break */
		id = ring_lookup(base, shift, bpf_get_prandom_u32());
	else
		id = ring_backend(ctx, slot, hash, base, shift, at, open);
	if (changes && slot->flags & XRING_SERVICE_BOUND && !given &&
	    is_kept_off(ctx, uncommon, flow->family, id))
		id = path_answer(ctx, slot, hash);
	if (rules && slot->flags & XRING_SERVICE_RULES) {
		__u64 place = place_of(id);

		/* Tested wherever the answer came from: this test makes a rule strict. */
		if (!place_allows(place, ruled->class))
			return 0;
		ruled->placed = region_find(ctx, slot, uncommon, ruled->class, place);
	}
	return id;
}

/* A packet for a service of these flags whose backend cannot take it, as there is none. */
static __always_inline int no_backend(__u8 flags, __u64 class, __u32 bytes)
{
	if (class & XRING_CLASS_STRICT || flags & XRING_SERVICE_STRICT) {
		if (class)
			placed_count(xring_class_counter(class), bytes);
		return drop(XRING_CNT_DROP_RESIDENCY);
	}
	return flags & XRING_SERVICE_PASS ? finish(XDP_PASS, XRING_CNT_PASS_NO_BACKEND) :
						  drop(XRING_CNT_DROP_NO_BACKEND);
}

/* Forwards by the template that counts, whatever its kind. bytes: of the frame, in all its buffers. */
static __always_inline __u32 forward_any(struct xdp_md *ctx, __u8 family, __u32 bytes,
					 struct body *body, const struct xring_template *t, __u64 head)
{
	__u32 done;

	if (!body_read(ctx, family, body))
		return XRING_CNT_DROP_MALFORMED;
	body->bytes = bytes;
	if (body_goes_on(body))
		return XRING_CNT_DROP_MALFORMED;
	if (head_kind(head) == XRING_IPIP4_BY_FLOW)
		return forward_by_flow4(ctx, family, body, t, head_dscp(head),
					flow_number(body->ip, family));
	if (body->len > head_mtu(head))
		return forward_refuse(head_kind(head));
	done = forward(ctx, family, body, t, head);
	if (done != FORWARD_RARELY)
		return done;
	done = forward_nat(ctx, family, t);
	return done == FORWARD_OK ? nat_sent_back(ctx) : done;
}

/*
 * Sends what few packets are: of several buffers (jumbo frames), by XRING_IPIP4_BY_FLOW, or in mode
 * nat perhaps from one backend to another. Not static: the verifier walks it once, and the common
 * packet keeps nothing for it, so that it reads the packet and the template anew. packet: the family;
 * from bit 8 on, flags of the service; and XRING_SLOT_SILENT. class: of the client. placed: NULL, or
 * what counts the packet too.
 */
__noinline int send_rarely(struct xdp_md *ctx, __u32 id, __u64 packet, __u64 class,
			   struct xring_placed *placed)
{
	const struct xring_backend *backend = bpf_map_lookup_elem(&xring_templates, &id);
	__u32 bytes = bpf_xdp_get_buff_len(ctx), done;
	const struct xring_template *t;
	struct body body;
	__u64 head;

	if (!backend)
		return drop(XRING_CNT_DROP_NO_BACKEND);	/* not reached */
	head = head_read(&backend->t[0]);
	t = template_that_counts(backend, head);
	head = head_that_counts(backend, head);
	/* The verifier needs a family that it knows. */
	done = (__u8)packet == 4 ? forward_any(ctx, 4, bytes, &body, t, head) :
			     forward_any(ctx, 6, bytes, &body, t, head);
	if (done == XRING_CNT_DROP_NO_BACKEND)
		return no_backend(packet >> 8, class, bytes);
	if (done != FORWARD_OK && done != XRING_CNT_TX_HAIRPIN)
		return refuse(ctx, done, template_mtu(t, head), packet);
	if (placed) {
		placed->packets++;
		placed->bytes += bytes;
	}
	backend_count(&id, bytes, body.syn);
	if (done == XRING_CNT_TX_HAIRPIN)
		return finish(XDP_TX, done);
	return transmit(ctx, head_ifindex(head), XRING_CNT_TX);
}

static __always_inline __u64 packet_of(const struct xring_slot *slot, __u8 family)
{
	return family | (__u64)slot->flags << 8 | (slot->ports_mask & XRING_SLOT_SILENT);
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

	if (rare(window) && hot)
		heat_count(ctx, family, window, slot_number(slot), hash);
	if (rare(slot->flags & XRING_SERVICE_SPECIAL))
		id = special_backend(ctx, slot, flow, hash, 0, NULL, &ruled);
	else
		id = ring_backend(ctx, slot, hash, slot->ring_base, slot->ring_shift, hash, 0);
	backend = bpf_map_lookup_elem(&xring_templates, &id);
	if (!backend)
		return drop(XRING_CNT_DROP_NO_BACKEND);
	if (!body_read(ctx, family, &body))
		return drop(XRING_CNT_DROP_MALFORMED);
	if (rare(body_goes_on(&body)))
		return send_rarely(ctx, id, packet_of(slot, family), ruled.class,
				   ruled.placed);
	head = head_read(&backend->t[0]);
	t = after_head(backend, head);
	if (rare(body.len > head_mtu(head))) {
		t = template_that_counts(backend, head);
		head = head_that_counts(backend, head);
		if (body.len > head_mtu(head)) {
			if (head_kind(head) == XRING_IPIP4_BY_FLOW)
				return send_rarely(ctx, id, packet_of(slot, family), ruled.class,
				   ruled.placed);
			done = forward_refuse(head_kind(head));
			return done == XRING_CNT_DROP_NO_BACKEND ?
				       no_backend(slot->flags, ruled.class, body.bytes) :
				       refuse(ctx, done, head_mtu(head), slot->ports_mask);
		}
	}
	done = forward(ctx, family, &body, t, head);
	if (done != FORWARD_OK)
		/* Flags and class are for services without a backend. */
		return done == FORWARD_RARELY ? send_rarely(ctx, id, family, 0, ruled.placed) :
						refuse(ctx, done, 0, 0);
	backend_count(&id, body.bytes, body.syn);
	if (rare(ruled.placed)) {
		ruled.placed->packets++;
		ruled.placed->bytes += body.bytes;
	}
	return transmit(ctx, head_ifindex(head), XRING_CNT_TX);
}

/* ---- packets that are not common ones ---- */

/* As send_rarely(), for the packet of uncommon_get(). */
__noinline int send_uncommon(struct xdp_md *ctx, __u32 id, __u64 packet, __u64 class,
			     struct xring_placed *placed)
{
	const struct xring_backend *backend = bpf_map_lookup_elem(&xring_templates, &id);
	__u32 bytes = bpf_xdp_get_buff_len(ctx), done;
	const struct uncommon *u = uncommon_get();
	const struct xring_template *t;
	__u64 head;

	if (!backend || !u)
		return drop(XRING_CNT_DROP_NO_BACKEND);	/* not reached */
	head = head_read(&backend->t[0]);
	t = template_that_counts(backend, head);
	head = head_that_counts(backend, head);
	done = u->flow.family == 4 ? forward_uncommon(ctx, 4, u, bytes, t, head) :
				     forward_uncommon(ctx, 6, u, bytes, t, head);
	if (done == XRING_CNT_DROP_NO_BACKEND)
		return no_backend(packet >> 8, class, bytes);
	if (done != FORWARD_OK)
		return refuse(ctx, done, template_mtu(t, head), packet);
	if (placed) {
		placed->packets++;
		placed->bytes += bytes;
	}
	backend_count(&id, bytes, u->segment.opens);
	return transmit(ctx, head_ifindex(head), XRING_CNT_TX);
}

/* Does the answer depend on the ports? Not where the key has none, and the ring alone answers. */
static __always_inline int needs_ports(const struct xring_slot *slot, const struct uncommon *u)
{
	return u->opened || (__u32)slot->ports_mask ||
	       slot->flags & (XRING_SERVICE_HOT | XRING_SERVICE_PACKET);
}

/* The slot of an address that has VIPs, or NULL. */
static __always_inline struct xring_slot *address_find(struct xring_vips *table, __u64 vips,
						       const struct flow *flow)
{
	return slot_find(table, vips, flow->dst[0], flow->dst[1],
			 XRING_SLOT_PORT(0, 0, flow->family == 4 ? XRING_SLOT_ADDRESS4 :
								   XRING_SLOT_ADDRESS6));
}

/*
 * Is the packet a first fragment whose datagram has to be remembered? Not where later ones find the
 * same backend without their ports.
 */
static __always_inline int needs_note(struct xring_vips *table, __u64 vips,
				      const struct xring_slot *slot, const struct uncommon *u)
{
	const struct xring_slot *address;

	if (u->outer.fragment != FRAGMENT_FIRST)
		return 0;
	if (needs_ports(slot, u))
		return 1;
	address = address_find(table, vips, &u->flow);
	return !address || !(address->flags & XRING_ADDRESS_ALIKE);
}

/*
 * A packet for a service, or a fragment without ports for one of those of an address. given: the
 * id of the backend, or 0.
 */
static __always_inline int uncommon_to_backend(struct xdp_md *ctx, struct xring_vips *table,
					       __u64 vips, const struct xring_slot *slot,
					       struct uncommon *u, __u32 given)
{
	struct ruled ruled = {};
	__u32 id;

	if (u->outer.defect)
		return drop(u->outer.defect);
	if (source_is_strange(&table->config, &u->flow) && source_refused(ctx))
		return drop(XRING_CNT_DROP_MARTIAN);
	if (u->hidden && needs_ports(slot, u))
		return drop(u->hidden);
	id = special_backend(ctx, slot, &u->flow, key_hash(&table->config, slot, &u->flow), given, u,
			     &ruled);
	if (u->hidden && u->opened)
		return drop(u->hidden);
	if (needs_note(table, vips, slot, u) && !fragment_note(u, id))
		return drop(XRING_CNT_DROP_FRAGMENT);
	return send_uncommon(ctx, id, packet_of(slot, u->flow.family), ruled.class,
			     ruled.placed);
}

/* Not static: else its stack would be there beside that of path_answer(). */
__noinline int uncommon_from_backend(struct xdp_md *ctx, const struct xring_slot *slot)
{
	struct uncommon *u = uncommon_get();

	if (!slot || !u)
		return drop(XRING_CNT_DROP_MALFORMED);	/* not reached */
	if (!reply_is_real(ctx, slot))
		return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	if (u->outer.defect)
		return drop(u->outer.defect);
	if (u->outer.fragment == FRAGMENT_FIRST && !fragment_note(u, 0))
		return drop(XRING_CNT_DROP_FRAGMENT);
	return send_reply(ctx, &u->flow, u->outer.len, slot, 1);
}

/* An ICMP message that quotes nothing: an echo request for an address with VIPs is answered. */
static __always_inline int maybe_echo(struct xdp_md *ctx, struct xring_vips *table,
				      const struct uncommon *u)
{
	const struct xring_slot *slot;

	if (!is_echo(ctx, &u->outer) || source_is_martian(&u->flow))
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	slot = address_find(table, vips_read(table), &u->flow);
	if (!slot || !(slot->ports_mask & XRING_SLOT_ECHO))
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	return echo(ctx) ? finish(XDP_TX, XRING_CNT_TX_ECHO) : drop(XRING_CNT_DROP_ECHO);
}

/* Any packet but the common one. Not static: the verifier walks it once. */
__noinline int uncommon(struct xdp_md *ctx)
{
	struct xring_vips *table = vips_get();
	struct uncommon *u = uncommon_get();
	struct xring_slot *slot;
	__u32 given = 0;
	__u64 vips;

	if (!u || !table)
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	switch (uncommon_read(ctx)) {
	case FLOW_OK:
		break;
	case FLOW_ICMP:
		return maybe_echo(ctx, table, u);
	default:
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	}
	if (u->outer.fragment == FRAGMENT_LATER)
		given = fragment_find(u);
	vips = vips_read(table);
	/* Without ports nothing says whose it is, not even where there is a service of any port. */
	slot = u->hidden ? NULL : service_find(table, vips, &u->flow);
	if (!slot) {
		slot = u->hidden ? NULL : reply_find(table, vips, &u->flow);
		if (slot)
			return uncommon_from_backend(ctx, slot);
		slot = address_find(table, vips, &u->flow);
		/* Ports that are known are the host's own; so are those of the datagram's other fragments. */
		if (slot && u->outer.fragment == FRAGMENT_FIRST)
			fragment_note(u, 0);
		if (!slot || !u->hidden)
			return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
		if (!(slot->flags & XRING_ADDRESS_ALIKE))
			return drop(u->hidden);
	}
	return uncommon_to_backend(ctx, table, vips, slot, u, given);
}

/* ---- common packets ---- */

/*
 * A common packet: for a service, from a nat backend, or neither. A reply of a nat backend is
 * left to the caller: *reply is the slot of its VIP then.
 */
static __always_inline int common(struct xdp_md *ctx, __u8 family, struct flow *flow,
				  struct xring_vips *table, struct xring_slot **reply)
{
	__u64 vips = vips_read(table);
	struct xring_slot *slot = service_first(table, vips, flow);

	if (rare(!service_is(slot, flow) || source_is_strange(&table->config, flow))) {
		__u32 taken = slot->port;

		if (!taken && !(vips & (XRING_VIPS_ANY_PORT | XRING_VIPS_REPLIES)))
			return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
		if (!flow_again(ctx, family, flow))
			return drop(XRING_CNT_DROP_MALFORMED);	/* not reached */
		vips = vips_read(table);
		slot = taken || vips & XRING_VIPS_ANY_PORT ? service_find(table, vips, flow) : NULL;
		if (!slot) {
			*reply = reply_find(table, vips, flow);
			return *reply ? 0 : finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
		}
		if (source_is_strange(&table->config, flow) && source_refused(ctx))
			return drop(XRING_CNT_DROP_MARTIAN);
	}
	return to_backend(ctx, family, flow, &table->config, slot);
}

/*
 * Is a frame, which is not to the first MAC address of this host, for another host, a group or
 * everybody? XDP sees such frames too, while the interface is promiscuous. The answer of one balancer
 * each, for a frame that a switch floods, would multiply it (RFC 1812, section 5.3.4).
 */
__noinline int is_elsewhere(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct xring_config *config = config_get();
	struct xring_mac key = {};

	if (!config || data + sizeof(struct ethhdr) > end)
		return 0;
	key.mac = XRING_MAC_WORD(*(__u64 *)data);
	if (!config->macs[0] || bpf_map_lookup_elem(&xring_macs, &key))
		return 0;
	key.mac = 0;
	key.ifindex = ctx->ingress_ifindex;
	return !bpf_map_lookup_elem(&xring_macs, &key);
}

SEC("xdp")
int xring(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct xring_vips *table = vips_get();
	struct xring_slot *reply = NULL;
	struct flow flow;
	__be16 type;
	int verdict;
	__u64 mac;

	if (!table || data + sizeof(struct ethhdr) + sizeof(struct iphdr) > end)
		return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	mac = XRING_MAC_WORD(*(__u64 *)data);
	if (rare(mac != table->config.macs[0]) && mac != table->config.macs[1]) {
		if (is_elsewhere(ctx))
			return finish(XDP_PASS, XRING_CNT_PASS_OTHER_MAC);
		/* Anew, or the common packet would keep them over this call. */
		data = (void *)(long)ctx->data;
		end = (void *)(long)ctx->data_end;
		if (data + sizeof(struct ethhdr) + sizeof(struct iphdr) > end)
			return finish(XDP_PASS, XRING_CNT_PASS_OTHER);
	}
	asm volatile("" : "+r"(data));
	type = *(__be16 *)(data + offsetof(struct ethhdr, h_proto));
	if (type == bpf_htons(ETH_P_IP) && flow_parse4(data, end, &flow) == FLOW_OK)
		verdict = common(ctx, 4, &flow, table, &reply);
	else if (type == bpf_htons(ETH_P_IPV6) && flow_parse6(data, end, &flow) == FLOW_OK)
		verdict = common(ctx, 6, &flow, table, &reply);
	else
		return uncommon(ctx);
	return rare(reply) ? from_backend(ctx, reply) : verdict;
}

char _license[] SEC("license") = "GPL";

/* For libxdp's dispatcher, by which programs share an interface: run early, go on at a pass. */
struct {
	__uint(priority, 10);
	__uint(XDP_PASS, 1);
} _xring SEC(".xdp_run_config") __attribute__((used));
