/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_PINS_H
#define XRING_BPF_PINS_H

/*
 * The rule for a packet whose path is open, that is MOVING or LOOK:
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

static __always_inline __u64 clock_ns(void)
{
	const struct xring_config *config;
	__u32 zero = 0;

	config = bpf_map_lookup_elem(&xring_config, &zero);
	return (config ? config->clock : 0) + (clock_stopped ? 0 : bpf_ktime_get_coarse_ns());
}

/* Not where it is dead, nor where a rule forbids it: then nobody is kept. */
static __always_inline int keeps(const struct opened *o, __u32 id)
{
	return backend_generation(id) && is_allowed(o, id);
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
	if (pin->generation != backend_generation(pin->backend)) {
		event_count(XRING_EVENT_VOID);
		return NULL;
	}
	if (!is_allowed(o, pin->backend)) {
		/* For good: the next rule may allow it, when the flow lives elsewhere. */
		bpf_map_delete_elem(map, &o->flow);
		event_count(XRING_EVENT_FORBIDDEN);
		return NULL;
	}
	return pin;
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
static __always_inline __u32 old_answer(const struct opened *o)
{
	if (keeps(o, o->old))
		return o->old;
	if (!is_allowed(o, o->old))
		event_count(XRING_EVENT_FORBIDDEN);
	return o->newest;
}

/* Keeps a flow that has no pin; where there is no room, it keeps the old answer. */
static __always_inline __u32 keep(const struct opened *o, __u32 backend, __u32 seq, __u64 now)
{
	if (pin_make(o, backend, seq, now)) {
		event_count(XRING_EVENT_MADE);
		return backend;
	}
	event_count(XRING_EVENT_FULL);
	path_hold(o);
	return old_answer(o);
}

static __always_inline __u32 load_of(__u32 id)
{
	__u64 *load = bpf_map_lookup_elem(&xring_loads, &id);

	return load ? *load : 0;
}

/*
 * Whom a new flow goes to: the path's answer, unless that is over its bound. Not on to
 * its neighbour, which would be over next, but to where the 5-tuple and the number of the
 * attempt are hashed; at worst to the least bad of them. Not static, as what follows: the
 * verifier reads each of them once, and not once more for every way through the others.
 */
__noinline __u32 new_answer(const struct opened *o)
{
	const struct xring_config *config;
	__u32 least, best, zero = 0;

	config = bpf_map_lookup_elem(&xring_config, &zero);
	if (!o || !config)
		return 0;
	best = o->newest;
	least = load_of(best);
	if (!o->bound || least <= XRING_LOAD_FULL)
		return best;
	for (__u32 i = 1; i <= XRING_SHED_ATTEMPTS && least > XRING_LOAD_FULL; i++) {
		__u32 id = ring_lookup(o->base, o->shift, hash_again(config->hash_key, o->tuple, i));
		__u32 load = load_of(id);

		if (id && load < least) {
			least = load;
			best = id;
		}
	}
	event_count(least > XRING_LOAD_FULL ? XRING_EVENT_OVER : XRING_EVENT_SHED);
	return best;
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
	__u32 backend;

	if (pin && !(pin->state & XRING_PIN_CLOSING)) {
		backend = pin->backend;
	} else if (syn && (syn->seq == fresh.seq || syn->state & XRING_PIN_CONFIRMED)) {
		syn->seen = now;		/* sent again, or forged */
		return syn->backend;
	} else {
		backend = new_answer(o);
		if (!pin && !o->moving && backend == o->newest)
			return backend;
	}
	fresh.backend = backend;
	fresh.generation = backend_generation(backend);
	if (fresh.generation) {
		if (backend != o->newest)
			cell_look(o);
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
	if (!pin && !o->moving && backend == o->newest) {
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

/*
 * A closed flow's sequence number stands still: at another one a new flow has its ports,
 * whose SYN came while the cell was closed. (Forged, it makes the pin stay longer.)
 */
static __always_inline void pin_advance(struct xring_pin *pin, const struct segment *s)
{
	if (s->flags & (TCP_FIN | TCP_RST) && s->seq == pin->seq) {
		pin->state |= XRING_PIN_CLOSING;
	} else if (pin->state & XRING_PIN_CLOSING && s->seq != pin->seq && s->next != pin->seq) {
		pin->state &= ~XRING_PIN_CLOSING;
		pin->seq = s->next;
	}
	if ((__s32)(s->next - pin->seq) > 0)
		pin->seq = s->next;
}

static __always_inline __u32 tcp_answer(struct xdp_md *ctx, const struct opened *o, __u64 now)
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
	if (!o->moving)
		return o->newest;
	if (s.flags & TCP_RST)			/* forged, or the end */
		return old_answer(o);
	return keep(o, old_answer(o), s.next, now);
}

static __always_inline __u32 udp_answer(const struct opened *o, __u64 now)
{
	struct xring_pin *pin = pin_find(&xring_pins, o, now);

	if (pin)
		return pin_follow(o, pin, now);
	if (!o->moving)
		return o->newest;
	return keep(o, o->udp_new ? o->newest : old_answer(o), 0, now);
}

/* The backend of such a packet. */
__noinline __u32 opened_answer(struct xdp_md *ctx, const struct asked *asked)
{
	struct opened o = {};
	__u64 now;

	if (!asked)
		return 0;
	/* Linux 6.1 takes keys from the stack alone. */
	__builtin_memcpy(&o, asked, sizeof(*asked));
	asm volatile("" : : "r"(&o) : "memory");
	path_find(&o);
	now = clock_ns();
	event_count(XRING_EVENT_LOOKS);
	if (o.flow.proto == IPPROTO_TCP)
		return tcp_answer(ctx, &o, now);
	return udp_answer(&o, now);
}

#endif
