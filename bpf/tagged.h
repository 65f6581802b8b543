/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_TAGGED_H
#define XRING_BPF_TAGGED_H

/*
 * A frame with one VLAN tag that is a common packet but for that: in the steady state it is read where it is, and
 * loses its tag in the step that puts a header in front. Any other one is uncommon()'s, which takes the tag
 * off and begins anew; until a packet is forwarded here, nothing of it is changed or counted.
 */
#define TAGGED_RARELY (-1)		/* in place of a verdict: the packet is uncommon()'s */

/* As forward(). FORWARD_RARELY: nothing was done to the packet. */
static __always_inline __u32 tagged_forward(struct xdp_md *ctx, __u8 family, const struct body *body,
					    const struct xring_template *t, __u64 head)
{
	void *data;

	switch (head_kind(head_untagged(head))) {
	case XRING_IPIP4:
		return ip_hop(body->ip, family) ? encap_ipip4(ctx, family, body->len, t,
							  head_dscp(head), TAG_BYTES) :
						  FORWARD_RARELY;
	case XRING_IPIP6:
		return ip_hop(body->ip, family) ? encap_ipip6(ctx, family, body->len, t,
							  head_dscp(head), TAG_BYTES, NULL) :
						  FORWARD_RARELY;
	case XRING_L2:
		data = body->ip - TAG_BYTES - sizeof(struct ethhdr);
		if (mac_is(data + ETH_ALEN, t->eth) || bpf_xdp_adjust_head(ctx, TAG_BYTES))
			return FORWARD_RARELY;
		data = (void *)(long)ctx->data;
		if (data + sizeof(struct ethhdr) > (void *)(long)ctx->data_end)
			return XRING_CNT_DROP_MALFORMED;	/* not reached */
		copy(data, t->eth, 2 * ETH_ALEN);
		return FORWARD_OK;
	}
	return FORWARD_RARELY;
}

/* The backend that the ring has for a packet of a service; 0: more than the ring has a say in it. */
static __always_inline __u32 tagged_backend(const struct xring_config *config,
					    const struct xring_slot *slot, const struct flow *flow)
{
	__u32 hash = key_hash(config, slot, flow);
	__u64 word;

	tell(KEY, hash, 0);
	if (*(volatile const __u32 *)&config->window || slot->flags & XRING_SERVICE_SPECIAL)
		return 0;
	word = cell_read(ring_cell(slot->ring_base, slot->ring_shift, hash));
	tell(CELL, ring_cell(slot->ring_base, slot->ring_shift, hash), word);
	return word & (XRING_MOVING | XRING_LOOK) ? 0 : cell_owner(word, hash);
}

static __always_inline int tagged_common(struct xdp_md *ctx, __u8 family, const struct flow *flow)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct xring_vips *table = vips_get();
	const struct xring_backend *backend;
	const struct xring_template *t;
	const struct xring_slot *slot;
	struct body body;
	__u64 head, rare;
	__u32 id, done;

	if (!table)
		return TAGGED_RARELY;
	slot = service_first(table, vips_read(table), flow);
	if (!service_is(slot, flow) || source_is_strange(&table->config, flow))
		return TAGGED_RARELY;
	id = tagged_backend(&table->config, slot, flow);
	tell(TAGS, 1, ctx->ingress_ifindex);
	tell(COMMON, family, 0);
	tell(SERVICE, slot_number(slot), slot->flags);
	backend = bpf_map_lookup_elem(&xring_templates, &id);
	if (!backend || !body_at(data + TAG_BYTES, end, family, &body) || body_goes_on(&body))
		return TAGGED_RARELY;
	head = head_read(&backend->t[0]);
	t = template_that_counts(backend, head);
	head = head_that_counts(backend, head);
	rare = head_kind(head) < XRING_RARE ? head_rare(head) : template_rare(t, head);
	tell(BACKEND, id, 0);
	if (body.len > rare_mtu(rare))
		return TAGGED_RARELY;
	done = tagged_forward(ctx, family, &body, t, head);
	if (done == FORWARD_RARELY)
		return TAGGED_RARELY;
	done = forward_end(ctx, rare, done);
	if (done != FORWARD_OK)
		return drop(ctx, XRING_DROPS_BACKEND | id, done);
	backend_count(&id, body.bytes, body.syn);
	return transmit(ctx, head_ifindex(head), XRING_CNT_TX);
}

/* A frame with a tag. Answers a verdict or TAGGED_RARELY. Not static: the common packet keeps nothing for it. */
__noinline int tagged(struct xdp_md *ctx)
{
	const struct tagged *frame = frame_at(ctx, 0, struct tagged);
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct flow flow;
	__be16 type;

	if (!frame || data + TAG_BYTES + sizeof(struct ethhdr) + sizeof(struct iphdr) > end)
		return TAGGED_RARELY;
	if (!tags_ingress(ctx->ingress_ifindex, tag_word(&frame->tag[0])))
		return TAGGED_RARELY;
	type = frame->tag[1].type;	/* of what is behind the first tag */
	data += TAG_BYTES;
	if (type == bpf_htons(ETH_P_IP) && flow_parse4(data, end, &flow) == FLOW_OK)
		return tagged_common(ctx, 4, &flow);
	if (type == bpf_htons(ETH_P_IPV6) && flow_parse6(data, end, &flow) == FLOW_OK)
		return tagged_common(ctx, 6, &flow);
	return TAGGED_RARELY;
}

#endif
