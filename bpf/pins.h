/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_PINS_H
#define XRING_BPF_PINS_H

/*
 * The rule for a packet whose cell is open, that is MOVING or LOOK:
 *
 *     the flow is pinned:                its pin
 *     MOVING, the packet opens a flow:   newest, and pin it
 *     MOVING, any other packet:          old, and pin it (a flow older than the change)
 *     LOOK alone:                        newest, no pin
 *
 * A TCP flow opens with a SYN. Anybody can send one, so its pin is confirmed only
 * by a packet that goes on where the SYN's sequence number was: until then it is
 * among the syns, where a flood pushes out nothing but other handshakes, and any
 * other packet of the tuple goes to old. A SYN follows a pin, unless its flow has
 * seen a FIN or RST in sequence; those shorten the pin's idle time and no more.
 *
 * UDP has no SYN: until the daemon marks the old cell XRING_UDP_NEW, one udp_idle
 * after MOVING began, an unpinned flow is an old one; later it is a new one.
 *
 * A pin whose backend's generation has changed is void, an old answer that is
 * dead (generation 0) is the newest one.
 */

/* A packet in an open cell, and what is known of it. */
struct opened {
	struct xring_flow flow;
	__u64 word;			/* of the newest cell */
	__u32 cell;			/* its index */
	__u32 old_cell;
	__u32 hash;
	__u32 newest;			/* backend */
	__u32 idle_ms;
};

struct segment {
	__u32 seq;
	__u32 next;			/* the sequence number behind it */
	__u8 flags;
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

static __always_inline __u64 clock_ns(void)
{
	const struct xring_config *config;
	__u32 zero = 0;

	config = bpf_map_lookup_elem(&xring_config, &zero);
	return (config ? config->clock : 0) + (clock_stopped ? 0 : bpf_ktime_get_coarse_ns());
}

/* Not 0 where the TCP header is whole: the common packet's, without IP options. */
static __always_inline int segment_read(struct xdp_md *ctx, __u8 family, struct segment *ret)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip6 = data + sizeof(struct ethhdr);
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct tcphdr *tcp;
	__u32 len;

	if (family == 4) {
		if ((void *)(ip + 1) > end)
			return 0;
		tcp = (void *)(ip + 1);
		len = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	} else {
		if ((void *)(ip6 + 1) > end)
			return 0;
		tcp = (void *)(ip6 + 1);
		len = bpf_ntohs(ip6->payload_len);
	}
	if ((void *)(tcp + 1) > end)
		return 0;
	ret->seq = bpf_ntohl(tcp->seq);
	ret->flags = ((__u8 *)tcp)[13];
	ret->next = ret->seq + len - tcp->doff * 4 + tcp->syn + tcp->fin;
	return 1;
}

static __always_inline __u16 backend_generation(__u32 id)
{
	struct xring_backend *backend = bpf_map_lookup_elem(&xring_backends, &id);

	return backend ? backend->t[backend->t[0].live & 1].generation : 0;
}

/* The pin, unless its flow was silent for too long or its backend is gone. */
static __always_inline struct xring_pin *pin_find(void *map, const struct opened *o, __u64 now)
{
	struct xring_pin *pin = bpf_map_lookup_elem(map, &o->flow);
	__u64 idle = o->idle_ms;

	if (!pin)
		return NULL;
	if (pin->state & XRING_PIN_CLOSING && idle > XRING_CLOSING_MS)
		idle = XRING_CLOSING_MS;
	if (now > pin->seen + idle * 1000000)
		return NULL;
	if (pin->generation == backend_generation(pin->backend))
		return pin;
	event_count(XRING_EVENT_VOID);
	return NULL;
}

/* Before the packet leaves, its cell says that a pin is to be looked for there. */
static __always_inline void cell_look(const struct opened *o)
{
	__u64 *cell = bpf_map_lookup_elem(&xring_cells, &o->cell);

	if (cell && !(*(volatile __u64 *)cell & XRING_LOOK))
		__sync_fetch_and_or(cell, XRING_LOOK);
}

static __always_inline void cell_hold(const struct opened *o)
{
	__u64 *cell = bpf_map_lookup_elem(&xring_cells, &o->old_cell);

	if (cell && !(*(volatile __u64 *)cell & XRING_HELD))
		__sync_fetch_and_or(cell, XRING_HELD);
}

/* 0 where there is no room. A dead backend keeps nobody. */
static __always_inline int pin_make(const struct opened *o, __u32 backend, __u32 seq, __u64 now)
{
	struct xring_pin pin = {
		.backend = backend,
		.generation = backend_generation(backend),
		.seq = seq,
		.hash = o->hash,
		.seen = now,
	};

	if (!pin.generation)
		return 1;
	if (backend != o->newest)
		cell_look(o);
	return !bpf_map_update_elem(&xring_pins, &o->flow, &pin, BPF_ANY);
}

/* The answer for a flow older than the change. */
static __always_inline __u32 old_answer(const struct opened *o, __u64 old_word)
{
	__u32 old = cell_owner(old_word, o->hash);

	return backend_generation(old) ? old : o->newest;
}

/* Keeps a flow that has no pin; where there is no room, it keeps the old answer. */
static __always_inline __u32 keep(const struct opened *o, __u32 backend, __u32 seq, __u64 now,
				  __u64 old_word)
{
	if (pin_make(o, backend, seq, now)) {
		event_count(XRING_EVENT_MADE);
		return backend;
	}
	event_count(XRING_EVENT_FULL);
	cell_hold(o);
	return old_answer(o, old_word);
}

static __always_inline __u32 syn_answer(const struct opened *o, const struct xring_pin *pin,
					const struct segment *s, __u64 now)
{
	struct xring_pin fresh = {
		.hash = o->hash,
		.seq = s->seq + 1,
		.state = (s->next - s->seq - 1) << XRING_PIN_DATA_SHIFT,
		.seen = now,
	};
	struct xring_pin *syn = pin_find(&xring_syns, o, now);
	__u32 backend = o->newest;

	if (pin && !(pin->state & XRING_PIN_CLOSING)) {
		backend = pin->backend;
	} else if (syn && (syn->seq == fresh.seq || syn->state & XRING_PIN_CONFIRMED)) {
		syn->seen = now;		/* sent again, or forged */
		return syn->backend;
	} else if (!pin && !(o->word & XRING_MOVING)) {
		return backend;
	}
	fresh.backend = backend;
	fresh.generation = backend_generation(backend);
	if (fresh.generation) {
		bpf_map_update_elem(&xring_syns, &o->flow, &fresh, BPF_ANY);
		event_count(XRING_EVENT_SYNS);
	}
	return backend;
}

/* Behind the SYN, or behind the data that it had. One number of 2^32: nobody guesses it. */
static __always_inline int syn_continues(const struct xring_pin *syn, __u32 seq)
{
	__u32 ahead = seq - syn->seq;

	return !ahead || ahead == syn->state >> XRING_PIN_DATA_SHIFT;
}

/* A packet that goes on where a SYN was: 0, or the backend that got the SYN. */
static __always_inline __u32 syn_confirm(const struct opened *o, const struct xring_pin *pin,
					 const struct segment *s, __u64 now)
{
	struct xring_pin *syn = pin_find(&xring_syns, o, now);
	__u32 backend;

	if (!syn || (!syn_continues(syn, s->seq) && !(syn->state & XRING_PIN_CONFIRMED)))
		return 0;
	backend = syn->backend;
	if (!pin && !(o->word & XRING_MOVING) && backend == o->newest) {
		bpf_map_delete_elem(&xring_syns, &o->flow);
		return backend;
	}
	if (!pin_make(o, backend, s->next, now)) {
		syn->state |= XRING_PIN_CONFIRMED;	/* it must do */
		syn->seen = now;
		event_count(XRING_EVENT_FULL);
		return backend;
	}
	bpf_map_delete_elem(&xring_syns, &o->flow);
	event_count(XRING_EVENT_CONFIRMED);
	return backend;
}

/* The pin may be of an earlier change: then its cell does not know of it yet. */
static __always_inline __u32 pin_follow(const struct opened *o, struct xring_pin *pin, __u64 now)
{
	if (!(o->word & XRING_LOOK) && pin->backend != o->newest)
		cell_look(o);
	pin->seen = now;
	event_count(XRING_EVENT_HITS);
	return pin->backend;
}

static __always_inline void pin_advance(struct xring_pin *pin, const struct segment *s)
{
	if (s->flags & (TCP_FIN | TCP_RST) && s->seq == pin->seq)
		pin->state |= XRING_PIN_CLOSING;
	if ((__s32)(s->next - pin->seq) > 0)
		pin->seq = s->next;
}

static __always_inline __u32 tcp_answer(struct xdp_md *ctx, const struct opened *o, __u64 now,
					__u64 old_word)
{
	struct xring_pin *pin = pin_find(&xring_pins, o, now);
	struct segment s;
	__u32 backend;

	if (!segment_read(ctx, o->flow.family, &s))
		return o->newest;		/* it is dropped */
	if ((s.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return syn_answer(o, pin, &s, now);
	if (!pin || pin->state & XRING_PIN_CLOSING) {
		backend = syn_confirm(o, pin, &s, now);
		if (backend)
			return backend;
	}
	if (pin) {
		pin_advance(pin, &s);
		return pin_follow(o, pin, now);
	}
	if (!(o->word & XRING_MOVING))
		return o->newest;
	if (s.flags & TCP_RST)			/* forged, or the end */
		return old_answer(o, old_word);
	return keep(o, old_answer(o, old_word), s.next, now, old_word);
}

static __always_inline __u32 udp_answer(const struct opened *o, __u64 now, __u64 old_word)
{
	struct xring_pin *pin = pin_find(&xring_pins, o, now);
	__u32 backend = o->newest;

	if (pin)
		return pin_follow(o, pin, now);
	if (!(o->word & XRING_MOVING))
		return o->newest;
	if (!(old_word & XRING_UDP_NEW) || old_word & XRING_HELD)
		backend = old_answer(o, old_word);
	return keep(o, backend, 0, now, old_word);
}

/* The backend of a packet in an open cell. Not static: the verifier reads it once. */
__noinline __u32 opened_answer(struct xdp_md *ctx, const struct opened *given)
{
	__u64 now, old_word;
	struct opened o;

	if (!given)
		return 0;
	/* Linux 6.1 takes keys from the stack alone; clang would not make the copy. */
	o = *given;
	asm volatile("" : : "r"(&o) : "memory");
	now = clock_ns();
	old_word = cell_read(o.old_cell);
	event_count(XRING_EVENT_LOOKS);
	if (o.flow.proto == IPPROTO_TCP)
		return tcp_answer(ctx, &o, now, old_word);
	return udp_answer(&o, now, old_word);
}

#endif
