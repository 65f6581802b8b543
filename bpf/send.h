/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_SEND_H
#define XRING_BPF_SEND_H

/* From the backend to the verdict: each packet ends here or in finish(), with one counter. */

/* Sends the packet out of an interface, which may be the one at which it came in. */
static __always_inline int transmit(struct xdp_md *ctx, __u32 ifindex, __u32 counter)
{
	if (ifindex == ctx->ingress_ifindex)
		return finish(XDP_TX, counter);
	if (counter == XRING_CNT_TX)
		counter = XRING_CNT_TX_REDIRECT;
	return finish(bpf_redirect(ifindex, 0), counter);
}

/* Keeps the first bytes of a dropped packet, while there are tokens for its reason. */
static __always_inline void sample(struct xdp_md *ctx, __u32 whose, __u32 reason)
{
	__u32 zero = 0, *turn = bpf_map_lookup_elem(&xring_turn, &zero), len;
	struct xring_tokens *tokens = bpf_map_lookup_elem(&xring_tokens, &reason);
	struct taken *taken = taken_get();
	struct xring_sample *s;

	if (!turn || !tokens)
		return;
	if (tokens->turn != *turn) {
		tokens->turn = *turn;
		tokens->left = XRING_SAMPLES;
	}
	if (!tokens->left)
		return;
	tokens->left--;
	s = bpf_ringbuf_reserve(&xring_samples, sizeof(*s), 0);
	if (!s) {
		tokens->lost++;
		return;
	}
	len = bpf_xdp_get_buff_len(ctx);
	s->whose = whose;
	s->reason = reason;
	s->ifindex = ctx->ingress_ifindex;
	s->queue = ctx->rx_queue_index;
	s->len = len;
	s->tags = 0;
	__builtin_memset(s->tag, 0, sizeof(s->tag));
	if (taken && taken->count) {
		s->tags = taken->count;
		__builtin_memcpy(s->tag, taken->tag, sizeof(s->tag));
	}
	s->bytes_len = len < XRING_SAMPLE_BYTES ? len : XRING_SAMPLE_BYTES;
	__builtin_memset(s->bytes, 0, sizeof(s->bytes));
	if (len >= XRING_SAMPLE_BYTES)
		bpf_xdp_load_bytes(ctx, 0, s->bytes, XRING_SAMPLE_BYTES);
	else		/* the mask shows the verifier what is so: 1 to 128 bytes */
		bpf_xdp_load_bytes(ctx, 0, s->bytes, ((len - 1) & (XRING_SAMPLE_BYTES - 1)) + 1);
	bpf_ringbuf_submit(s, BPF_RB_NO_WAKEUP);
}

/* whose: as in XRING_DROPS_KEY(). Not static, so that nothing of it is where packets go on. */
__noinline int drop(struct xdp_md *ctx, __u32 whose, __u32 reason)
{
	__u32 key = XRING_DROPS_KEY(whose, reason);
	__u64 *count = serves ? bpf_map_lookup_elem(&xring_drops, &key) : NULL, one = 1;

	tell_here(DROP, whose, reason);
	tell_uses(ctx);
	if (serves)
		sample(ctx, whose, reason);
	if (count)
		(*count)++;
	else if (serves && whose)
		bpf_map_update_elem(&xring_drops, &key, &one, BPF_ANY);
	return finish(XDP_DROP, reason);
}

/* Whose the reply of a nat backend is, by its slot; several services may have the backend. */
static __always_inline __u32 whose_reply(const struct xring_slot *slot)
{
	return slot->backend ? XRING_DROPS_BACKEND | slot->backend : XRING_DROPS_NOBODY;
}

/* A packet that no service is known of. */
static __always_inline int drop_of_nobody(struct xdp_md *ctx, __u32 reason)
{
	return drop(ctx, XRING_DROPS_NOBODY, reason);
}

/*
 * A packet for a VIP that cannot go on. Its sender is told, if that is for a router to say. mtu: of
 * what is too big. mask: of the service's ports.
 */
static __always_inline int refuse(struct xdp_md *ctx, __u32 id, __u32 reason, __u32 mtu, __u64 mask)
{
	if (reason == XRING_CNT_DROP_TOO_BIG && !(mask & XRING_SLOT_SILENT) && answer(ctx, mtu))
		return finish(XDP_TX, XRING_CNT_TX_TOO_BIG);
	if (reason == XRING_CNT_DROP_TTL && answer(ctx, 0))
		return finish(XDP_TX, XRING_CNT_TX_TTL);
	return drop(ctx, XRING_DROPS_BACKEND | id, reason);
}

/*
 * A packet for a service whose backend cannot take it, as there is none. packet: as of send_rarely(). Not
 * static: the verifier walks it once.
 */
__noinline int no_backend(struct xdp_md *ctx, __u64 packet, __u64 class, __u32 bytes)
{
	__u32 number = XRING_SLOT_NUMBER_OF(packet);
	__u8 flags = packet >> 8;

	tell_uses(bytes);
	if (class & XRING_CLASS_STRICT || flags & XRING_SERVICE_STRICT) {
		if (class)
			placed_count(xring_class_counter(class), bytes);
		return drop(ctx, number, XRING_CNT_DROP_RESIDENCY);
	}
	return flags & XRING_SERVICE_PASS ? finish(XDP_PASS, XRING_CNT_PASS_NO_BACKEND) :
						  drop(ctx, number, XRING_CNT_DROP_NO_BACKEND);
}

/* A reply of a nat backend. len: bytes of the IP packet. uncommon: as for reply_rewrite(). */
static __always_inline int send_reply(struct xdp_md *ctx, const struct flow *flow, __u32 len,
				      const struct xring_slot *slot, int uncommon)
{
	__u32 done, ifindex = 0;

	if (slot->mss)
		mss_lower(ctx, slot->mss);
	done = reply_forward(ctx, flow, len, slot, uncommon, &ifindex);
	switch (done) {
	case XRING_CNT_TX_REPLY:
		return transmit(ctx, ifindex, done);
	case XRING_CNT_PASS_LOCAL_REPLY:
	case XRING_CNT_PASS_UNRESOLVED:
	case XRING_CNT_PASS_NO_FORWARDING:
	case XRING_CNT_PASS_TOO_BIG:
	case XRING_CNT_PASS_STACKED:
		return finish(XDP_PASS, done);
	}
	return drop(ctx, whose_reply(slot), done);
}

/* Forwards by the template that counts, whatever its kind. bytes: of the frame, in all its buffers. */
static __always_inline __u32 forward_any(struct xdp_md *ctx, __u8 family, __u32 bytes,
					 struct body *body, const struct xring_template *t, __u64 head,
					 __u64 rare)
{
	__u32 done;

	if (!body_read(ctx, family, body))
		return XRING_CNT_DROP_MALFORMED;
	body->bytes = bytes;
	if (body_goes_on(body))
		return XRING_CNT_DROP_MALFORMED;
	if (body->len > rare_mtu(rare))
		return forward_refuse(head_kind(head));
	head = head_untagged(head);
	if (head_kind(head) == XRING_IPIP4_BY_FLOW)
		return forward_by_flow4(ctx, family, body, t, head_dscp(head),
					flow_number(body->ip, family));
	if (is_gue(head_kind(head)))
		return encap_gue(ctx, t, head, rare, flow_number(body->ip, family));
	done = forward(ctx, family, body, t, head);
	if (done != FORWARD_RARELY)
		return done;
	done = forward_nat(ctx, family, t);
	return done == FORWARD_OK && head_ifindex(head) == ctx->ingress_ifindex ? nat_sent_back(ctx, t) :
										done;
}

/*
 * Sends what few packets are: of several buffers (jumbo frames), by a rare kind, or in mode nat
 * perhaps from one backend to another. Not static: the verifier walks it once, and the common
 * packet keeps nothing for it, so that it reads the packet and the template anew. packet: the family;
 * from bit 8 on, flags of the service; its number, and XRING_SLOT_SILENT. class: of the client. placed: NULL, or
 * what counts the packet too.
 */
__noinline int send_rarely(struct xdp_md *ctx, __u32 id, __u64 packet, __u64 class,
			   struct xring_placed *placed)
{
	const struct xring_backend *backend = bpf_map_lookup_elem(&xring_templates, &id);
	__u32 bytes = bpf_xdp_get_buff_len(ctx), done;
	const struct xring_template *t;
	struct body body;
	__u64 head, rare;

	if (!backend)
		return drop_of_nobody(ctx, XRING_CNT_DROP_NO_BACKEND);	/* not reached */
	head = head_read(&backend->t[0]);
	t = template_that_counts(backend, head);
	head = head_that_counts(backend, head);
	rare = template_rare(t, head);
	nat_mss(ctx, t, head);
	/* The verifier needs a family that it knows. */
	done = (__u8)packet == 4 ? forward_any(ctx, 4, bytes, &body, t, head, rare) :
				   forward_any(ctx, 6, bytes, &body, t, head, rare);
	done = forward_end(ctx, rare, done);
	if (done == XRING_CNT_DROP_NO_BACKEND)
		return no_backend(ctx, packet, class, bytes);
	if (done != FORWARD_OK && done != XRING_CNT_TX_HAIRPIN)
		return refuse(ctx, id, done, rare_mtu(rare), packet);
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
	return family | (__u64)slot->flags << 8 |
	       (slot->ports_mask & (XRING_SLOT_SILENT | 0xffffULL << XRING_SLOT_NUMBER));
}

#endif
