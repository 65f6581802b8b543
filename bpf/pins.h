/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_PINS_H
#define XRING_BPF_PINS_H

/*
 * The rule of changes for one packet whose path is open, that is MOVING or LOOK:
 *
 *     the flow is pinned:                its pin
 *     MOVING, the packet opens a flow:   newest, and pin it
 *     MOVING, any other packet:          old, and pin it (the flow is older than the change)
 *     LOOK alone:                        newest, no pin
 *
 * A TCP flow opens with a SYN. Anybody can send a SYN, so its pin counts only once a packet
 * confirms it by going on at the sequence number after the SYN. Until then the pin is in
 * xring_syns, where a flood of SYNs pushes out nothing but other handshakes, and all other
 * packets of the 5-tuple go to old. A SYN follows the pin of its 5-tuple, unless that flow has
 * seen a FIN or RST in sequence. FIN and RST shorten the idle time of a pin and do no more.
 *
 * UDP has no SYN. Until the daemon marks the old cell XRING_UDP_NEW, one udp_idle after
 * MOVING began, a UDP flow without a pin counts as an old flow; from then on as a new flow.
 *
 * A pin is void when the generation of its backend has changed. When the old answer is dead
 * (generation 0), the newest answer counts.
 */

/* The time of pins: CLOCK_MONOTONIC, ns, to the last tick. */
static __always_inline __u64 clock_ns(void)
{
	const struct xring_config *config = config_get();

	return (config ? config->clock : 0) + (clock_stopped ? 0 : bpf_ktime_get_coarse_ns());
}

/* A backend that is dead, or that the rule of the client forbids, keeps no flow. */
static __always_inline int may_keep(const struct path *path, __u32 id)
{
	return backend_generation(id) && is_allowed(path, id);
}

/*
 * The flow's pin in a map. NULL: there is none, or it does not count, as the flow was silent
 * for too long, the backend was cut, or the rule of the client forbids the backend.
 */
static __always_inline struct xring_pin *pin_find(void *map, const struct path *path, __u64 now)
{
	struct xring_pin *pin = bpf_map_lookup_elem(map, &path->flow);
	__u64 idle = path->idle_ms;

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
	if (!is_allowed(path, pin->backend)) {
		/* A later rule may allow the backend, when the flow lives elsewhere already. */
		bpf_map_delete_elem(map, &path->flow);
		event_count(XRING_EVENT_FORBIDDEN);
		return NULL;
	}
	return pin;
}

/* 0 where the map is full. For a dead backend there is no pin to make. */
static __always_inline int pin_make(const struct path *path, __u32 backend, __u32 seq, __u64 now)
{
	struct xring_pin pin = {
		.backend = backend,
		.generation = backend_generation(backend),
		.seq = seq,
		.hash = path->hash,
		.seen = now,
	};

	if (!pin.generation)
		return 1;
	if (backend != path->newest)
		cell_look(path);
	return !bpf_map_update_elem(&xring_pins, &path->flow, &pin, BPF_ANY);
}

/* The backend of a flow that is older than the change. */
static __always_inline __u32 old_answer(const struct path *path)
{
	if (may_keep(path, path->old))
		return path->old;
	if (!is_allowed(path, path->old))
		event_count(XRING_EVENT_FORBIDDEN);
	return path->newest;
}

/*
 * Pins a flow that has no pin to a backend, and answers it. Without room for the pin, the
 * path keeps its old side, and the flow goes where that leads.
 */
static __always_inline __u32 flow_keep(const struct path *path, __u32 backend, __u32 seq, __u64 now)
{
	if (pin_make(path, backend, seq, now)) {
		event_count(XRING_EVENT_MADE);
		return backend;
	}
	event_count(XRING_EVENT_FULL);
	path_hold(path);
	return old_answer(path);
}

/* The load of a backend in thousandths of its bound. */
static __always_inline __u32 load_of(__u32 id)
{
	__u64 *load = bpf_map_lookup_elem(&xring_loads, &id);

	return load ? *load : 0;
}

/*
 * The backend of a new flow: the newest answer, unless that is over its bound. Then the flow
 * does not go to the neighbour on the ring, which would be over its bound next, but to the
 * position of its 5-tuple hashed with the number of the attempt; if all attempts fail, to
 * the least loaded backend that they found. Not static, so that the verifier walks the
 * function once, and not once for each way that leads to it.
 */
__noinline __u32 new_answer(const struct path *path)
{
	const struct xring_config *config = config_get();
	__u32 least, best;

	if (!path || !config)
		return 0;
	best = path->newest;
	least = load_of(best);
	if (!path->bound || least <= XRING_LOAD_FULL)
		return best;
	for (__u32 i = 1; i <= XRING_SHED_ATTEMPTS && least > XRING_LOAD_FULL; i++) {
		__u32 hash = hash_again(config->hash_key, path->tuple, i);
		__u32 id = ring_lookup(path->base, path->shift, hash);
		__u32 load = load_of(id);

		if (id && load < least) {
			least = load;
			best = id;
		}
	}
	event_count(least > XRING_LOAD_FULL ? XRING_EVENT_OVER : XRING_EVENT_SHED);
	return best;
}

/* The backend of a SYN. pin: of the flow, or NULL. */
static __always_inline __u32 syn_answer(const struct path *path, const struct xring_pin *pin,
					const struct segment *s, __u64 now)
{
	struct xring_pin fresh = {
		.hash = path->hash,
		.seq = s->seq + 1,
		.state = (s->next - s->seq - 1) << XRING_PIN_DATA_SHIFT,
		.seen = now,
	};
	struct xring_pin *syn = pin_find(&xring_syns, path, now);
	__u32 backend;

	if (pin && !(pin->state & XRING_PIN_CLOSING)) {
		backend = pin->backend;
	} else if (syn && (syn->seq == fresh.seq || syn->state & XRING_PIN_CONFIRMED)) {
		syn->seen = now;		/* the same SYN again, or a forged one */
		return syn->backend;
	} else {
		backend = new_answer(path);
		if (!pin && !path->moving && backend == path->newest)
			return backend;
	}
	fresh.backend = backend;
	fresh.generation = backend_generation(backend);
	if (fresh.generation) {
		if (backend != path->newest)
			cell_look(path);
		bpf_map_update_elem(&xring_syns, &path->flow, &fresh, BPF_ANY);
		event_count(XRING_EVENT_SYNS);
	}
	return backend;
}

/*
 * Does a segment go on right after the SYN, or after the data that the SYN had? Only one or
 * two of 2^32 sequence numbers do, so that nobody guesses them.
 */
static __always_inline int syn_continues(const struct xring_pin *syn, __u32 seq)
{
	__u32 ahead = seq - syn->seq;

	return !ahead || ahead == syn->state >> XRING_PIN_DATA_SHIFT;
}

/* The backend that got the SYN after which this segment goes on; 0: there was no such SYN. */
static __always_inline __u32 syn_confirm(const struct path *path, const struct xring_pin *pin,
					 const struct segment *s, __u64 now)
{
	struct xring_pin *syn = pin_find(&xring_syns, path, now);
	__u32 backend;

	if (!syn || (!syn_continues(syn, s->seq) && !(syn->state & XRING_PIN_CONFIRMED)))
		return 0;
	backend = syn->backend;
	if (!pin && !path->moving && backend == path->newest) {
		bpf_map_delete_elem(&xring_syns, &path->flow);
		return backend;
	}
	if (!pin_make(path, backend, s->next, now)) {
		syn->state |= XRING_PIN_CONFIRMED;	/* instead of a pin */
		syn->seen = now;
		event_count(XRING_EVENT_FULL);
		return backend;
	}
	bpf_map_delete_elem(&xring_syns, &path->flow);
	event_count(XRING_EVENT_CONFIRMED);
	return backend;
}

/* The pin may be of an earlier change: then the newest cell has no LOOK for it yet. */
static __always_inline __u32 pin_follow(const struct path *path, struct xring_pin *pin, __u64 now)
{
	if (!(path->cell_word & XRING_LOOK) && pin->backend != path->newest)
		cell_look(path);
	pin->seen = now;
	event_count(XRING_EVENT_HITS);
	return pin->backend;
}

/*
 * Advances the sequence number of a pin. That of a closed flow stands still: a segment at
 * another number belongs to a new flow on the same 5-tuple, whose SYN came while the cell was
 * in the steady state. (A forged segment of that kind makes the pin stay longer.)
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

/* The backend of a TCP packet. */
static __always_inline __u32 tcp_answer(struct xdp_md *ctx, const struct path *path, __u64 now)
{
	struct xring_pin *pin = pin_find(&xring_pins, path, now);
	struct segment s;
	__u32 backend;

	if (!segment_read(ctx, path->flow.family, &s))
		return path->newest;		/* not reached: flow_rest() */
	if ((s.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return syn_answer(path, pin, &s, now);
	if (!pin || pin->state & XRING_PIN_CLOSING) {
		backend = syn_confirm(path, pin, &s, now);
		if (backend)
			return backend;
	}
	if (pin) {
		pin_advance(pin, &s);
		return pin_follow(path, pin, now);
	}
	if (!path->moving)
		return path->newest;
	if (s.flags & TCP_RST)			/* forged, or the end of the flow */
		return old_answer(path);
	return flow_keep(path, old_answer(path), s.next, now);
}

/* The backend of a UDP packet. */
static __always_inline __u32 udp_answer(const struct path *path, __u64 now)
{
	struct xring_pin *pin = pin_find(&xring_pins, path, now);

	if (pin)
		return pin_follow(path, pin, now);
	if (!path->moving)
		return path->newest;
	return flow_keep(path, path->udp_new ? path->newest : old_answer(path), 0, now);
}

/* Fills in what the caller of path_find() knows; 0: the packet is malformed. */
static __always_inline int path_begin(struct xdp_md *ctx, const struct xring_slot *slot,
				      __u32 hash, struct path *path)
{
	const struct xring_config *config = config_get();
	struct flow flow;
	struct body body;

	if (!config || !flow_read(ctx, &flow) || !body_read(ctx, flow.family, &body))
		return 0;
	flow_key(&flow, &path->flow);
	path->key_hash = hash;
	path->number = slot_number(slot);
	path->tuple = flow_hash(config, &flow);
	path->base = slot->ring_base;
	path->shift = slot->ring_shift;
	path->bound = !!(slot->flags & XRING_SERVICE_BOUND);
	path->idle_ms = flow.proto == IPPROTO_TCP ? slot->tcp_idle : slot->udp_idle * 100;
	if (rules && slot->flags & XRING_SERVICE_RULES)
		class_find(slot, &flow, ctx->ingress_ifindex, &path->class_index);
	return 1;
}

/*
 * The backend of a packet whose path is open. hash: of the flow's partition key. A malformed
 * packet makes no pin; the caller will see what it is.
 */
__noinline __u32 path_answer(struct xdp_md *ctx, const struct xring_slot *slot, __u32 hash)
{
	struct path path = {};
	__u64 now;

	if (!slot || !path_begin(ctx, slot, hash, &path))
		return 0;
	/* On the stack: Linux 6.1 takes the keys of maps from there only. */
	asm volatile("" : : "r"(&path) : "memory");
	path_find(&path);
	now = clock_ns();
	event_count(XRING_EVENT_LOOKS);
	if (path.flow.proto == IPPROTO_TCP)
		return tcp_answer(ctx, &path, now);
	return udp_answer(&path, now);
}

#endif
