/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_REST_H
#define XRING_BPF_REST_H

/*
 * The way of packets that are not common ones (uncommon.h): the same steps, by functions of their own.
 */

/* As send_rarely(), for the packet of uncommon_get(). */
__noinline int send_uncommon(struct xdp_md *ctx, __u32 id, __u64 packet, __u64 class,
			     struct xring_placed *placed)
{
	const struct xring_backend *backend = bpf_map_lookup_elem(&xring_templates, &id);
	const struct uncommon *u = uncommon_get();
	__u32 bytes, done;
	const struct xring_template *t;
	__u64 head, rare;

	if (!backend || !u)
		return drop_of_nobody(ctx, XRING_CNT_DROP_NO_BACKEND);	/* not reached */
	bytes = frame_bytes(ctx, u->outer.len);
	head = head_read(&backend->t[0]);
	t = template_that_counts(backend, head);
	head = head_that_counts(backend, head);
	rare = head_kind(head) < XRING_RARE ? head_rare(head) : template_rare(t, head);
	done = u->flow.family == 4 ? forward_uncommon(ctx, 4, u, bytes, t, head, rare) :
				     forward_uncommon(ctx, 6, u, bytes, t, head, rare);
	done = forward_end(ctx, rare, done);
	if (done == XRING_CNT_DROP_NO_BACKEND)
		return no_backend(ctx, packet, class, bytes);
	if (done != FORWARD_OK && done != XRING_CNT_TX_HAIRPIN)
		return refuse(ctx, id, done, rare_mtu(rare), packet);
	if (placed) {
		placed->packets++;
		placed->bytes += bytes;
	}
	backend_count(&id, bytes, u->segment.opens);
	if (done == XRING_CNT_TX_HAIRPIN)
		return finish(XDP_TX, done);
	return transmit(ctx, head_ifindex(head), XRING_CNT_TX);
}

/* Does the answer depend on the ports? Not where the key has none, and the ring alone answers. */
static __always_inline int needs_ports(const struct xring_slot *slot, const struct uncommon *u)
{
	return u->opened || (__u32)slot->ports_mask ||
	       slot->flags & (XRING_SERVICE_HOT | XRING_SERVICE_PACKET);
}

/* The slot of an address that has VIPs, or of the longest network that has it and VIPs; or NULL. */
static __always_inline struct xring_slot *address_find(struct xring_vips *table, __u64 vips,
						       const struct flow *flow)
{
	__u32 port = XRING_SLOT_PORT(0, 0, flow->family == 4 ? XRING_SLOT_ADDRESS4 :
							       XRING_SLOT_ADDRESS6);
	struct xring_slot *slot = slot_find(table, vips, flow->dst[0], flow->dst[1], port);

	if (slot || !(vips & XRING_VIPS_SHAPES))
		return slot;
	return slot_by_shape(table, vips, flow->dst[0], flow->dst[1], port);
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
	__u32 hash = key_hash(&table->config, slot, &u->flow), id;
	__u32 number = slot_number(slot);
	struct ruled ruled = {};

	tell(SERVICE, number, slot->flags);
	tell(KEY, hash, 0);
	if (u->outer.defect)
		return drop(ctx, number, u->outer.defect);
	if (source_is_strange(&table->config, &u->flow) && source_refused(&u->flow))
		return drop(ctx, number, XRING_CNT_DROP_MARTIAN);
	if (u->hidden && needs_ports(slot, u))
		return drop(ctx, number, u->hidden);
	if (serves && hot && *(volatile const __u32 *)&table->config.window && is_plain(u))
		heat_plain(ctx, u->flow.family, slot_number(slot), hash);
	id = special_backend(ctx, slot, &u->flow, hash, given, u, &ruled);
	tell(BACKEND, id, ruled.class);
	if (u->hidden && u->opened)
		return drop(ctx, number, u->hidden);
	if (needs_note(table, vips, slot, u) && !fragment_note(u, id))
		return drop(ctx, number, XRING_CNT_DROP_FRAGMENT);
	return send_uncommon(ctx, id, packet_of(slot, u->flow.family), ruled.class,
			     ruled.placed);
}

/* Not static: else its stack would be there beside that of path_answer(). */
__noinline int uncommon_from_backend(struct xdp_md *ctx, const struct xring_slot *slot)
{
	struct uncommon *u = uncommon_get();

	if (!slot || !u)
		return drop_of_nobody(ctx, XRING_CNT_DROP_MALFORMED);	/* not reached */
	tell(REPLY, slot->backend, 0);
	if (!reply_is_real(ctx, slot))
		return finish(XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	if (u->outer.defect)
		return drop(ctx, whose_reply(slot), u->outer.defect);
	if (u->outer.fragment == FRAGMENT_FIRST && !fragment_note(u, 0))
		return drop(ctx, whose_reply(slot), XRING_CNT_DROP_FRAGMENT);
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
	return echo(ctx) ? finish(XDP_TX, XRING_CNT_TX_ECHO) : drop_of_nobody(ctx, XRING_CNT_DROP_ECHO);
}

/* A packet without tags. */
static __always_inline int untagged(struct xdp_md *ctx)
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
	tell(UNCOMMON, u->flow.family, u->outer.fragment | (u->quoted.family ? 256 : 0));
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
			return drop_of_nobody(ctx, u->hidden);
	}
	return uncommon_to_backend(ctx, table, vips, slot, u, given);
}

/* Any packet but the common one. Not static: the verifier walks it once. */
__noinline int uncommon(struct xdp_md *ctx)
{
	int verdict;

	tell_again();
	if (is_tag(frame_type(ctx)) && !tags_take(ctx))
		return finish(XDP_PASS, XRING_CNT_PASS_VLAN);
	verdict = untagged(ctx);
	return tags_are_off() ? tags_end(ctx, verdict) : verdict;
}

#endif
