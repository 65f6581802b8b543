/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_PINS_H
#define XRING_BPF_PINS_H

/*
 * The rule of changes for one packet whose path is open, that is MOVING or LOOK.
 *
 * Anybody can send a packet in anybody's name, so a 5-tuple may have several claims, each with
 * a pin of its own (enum xring_claim). Each packet says by its sequence number whose it is:
 *
 *     it opens a flow (SYN):              newest; remembered until it is confirmed
 *     it goes on exactly after such a SYN: confirms it, and the flow is pinned there: OPENED
 *     its number fits an OPENED claim:    that pin
 *     any other packet, and UDP:
 *         the 5-tuple is KEPT:            that pin
 *         a RST without ACK after a SYN:  where the SYN went; nothing changes by it
 *         MOVING:                         old, and KEPT there (the flow is older than the change)
 *         LOOK alone:                     newest, no pin
 *
 * What a stranger who knows no sequence number can do with that: confirm SYNs of his own. Then
 * his numbers have a claim of their own, which the victim's do not fit. No claim takes the place
 * of another before that has ended. Only a FIN or RST at exactly the number expected ends a claim,
 * and a number is expected only where all before it were seen in order from the SYN on; that of
 * a KEPT flow is not known, so it ends by silence alone. The numbers that fit a claim are as many
 * as its flow can have sent, so that a stranger must send as much to widen his own.
 *
 * An opened flow that went another way for a while may come back at a number that does not fit.
 * Then it is taken for a stranger; but for one idle time after the program was attached
 * (config.attached), whoever opened a 5-tuple first is believed, unless it is KEPT too.
 *
 * UDP has no SYN. Until the daemon marks the old cell XRING_UDP_NEW, one udp_idle after
 * MOVING began, a UDP flow without a pin counts as an old flow; from then on as a new flow.
 *
 * A pin is void when the generation of its backend has changed. When the old answer is dead
 * (generation 0), the newest answer counts. While xring_pins is full, or a 5-tuple has as many
 * opened flows as it can have, new flows go where any other packet goes: they need no pin.
 */

#define FULL_NS 1000000000ull
#define NOBODYS (~0u)			/* not an id: no opened flow claims the packet */

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
 * Does a pin count? Not, if its flow was silent for longer than idle (ms), the backend was cut, or
 * the rule of the client forbids the backend. Not static, so that the verifier walks it once.
 */
__noinline int pin_counts(struct xring_pin *pin, __u64 idle, __u64 now)
{
	const struct path *path = path_get();

	if (!pin || !path)
		return 0;
	if (pin->state & XRING_PIN_CLOSING && idle > XRING_CLOSING_MS)
		idle = XRING_CLOSING_MS;
	if (now > pin->seen + idle * 1000000)
		return 0;
	if (pin->generation != backend_generation(pin->backend)) {
		event_count(XRING_EVENT_VOID);
		return 0;
	}
	if (is_allowed(path, pin->backend))
		return 1;
	/* A later rule may allow the backend, when the flow lives elsewhere already. */
	if (serves) {
		pin->backend = 0;
		pin->generation = XRING_PIN_VOID;
	}
	event_count(XRING_EVENT_FORBIDDEN);
	return 0;
}

static __always_inline struct xring_pin *pin_find(void *map, const struct path *path, __u64 idle,
						  __u64 now)
{
	struct xring_pin *pin = bpf_map_lookup_elem(map, &path->key);

	return pin && pin_counts(pin, idle, now) ? pin : NULL;
}

/* The handshake that a packet at a number confirms, or the one that its SYN opened. */
static __always_inline struct xring_pin *handshake_find(struct path *path, __u32 number,
							__u64 now)
{
	__u64 idle = path->idle_ms;

	path->key.flow.claim = XRING_KEPT;
	path->key.number = number;
	return pin_find(&xring_syns, path, idle < XRING_SHAKING_MS ? idle : XRING_SHAKING_MS, now);
}

static __always_inline void handshake_make(struct path *path, const struct xring_pin *pin,
					   __u32 number)
{
	path->key.flow.claim = XRING_KEPT;
	path->key.number = number;
	tell_here(REMEMBERS, pin->backend, number);
	if (serves)
		bpf_map_update_elem(&xring_syns, &path->key, pin, BPF_ANY);
}

/*
 * What a SYN leaves beside its handshake, where nothing else says that its 5-tuple is disputed: a
 * void pin, whose seq is the id of the backend to which it went. (The pin of the handshake serves: the
 * stack is small.)
 */
static __always_inline void dispute_note(struct path *path, struct xring_pin *note)
{
	note->seq = note->backend;
	note->backend = 0;
	note->generation = XRING_PIN_VOID;
	path->key.flow.claim = XRING_REOPENED;
	path->key.number = 0;
	if (serves)
		bpf_map_update_elem(&xring_syns, &path->key, note, BPF_ANY);
}

/* The note of a SYN of the 5-tuple that came less than the time of a handshake ago, or NULL. */
static __always_inline struct xring_pin *dispute_find(struct path *path, __u64 now)
{
	struct xring_pin *note;

	path->key.flow.claim = XRING_REOPENED;
	path->key.number = 0;
	note = bpf_map_lookup_elem(&xring_syns, &path->key);
	return note && now <= note->seen + XRING_SHAKING_MS * 1000000ull ? note : NULL;
}

/*
 * Does a segment say that its sender knows nothing of what a host has answered (RFC 9293, 3.10.7)?
 * So a client that uses a port again closes what a backend still has of the connection before.
 */
static __always_inline int is_disowning(const struct segment *s)
{
	return (s->flags & (TCP_RST | TCP_ACK)) == TCP_RST;
}

/* A claim that found no room in xring_pins. */
static __always_inline struct xring_pin *homeless_find(struct path *path, __u64 now)
{
	path->key.flow.claim = XRING_OPENED;
	path->key.number = 0;
	return pin_find(&xring_syns, path, path->idle_ms, now);
}

/* Was a table of pins that was full found full less than so long ago? */
static __always_inline int was_full(__u64 ago, __u64 now)
{
	const struct xring_config *config = config_get();
	__u64 full = config ? *(volatile const __u64 *)&config->full : 0;

	return full && now < full + ago;
}

static __always_inline void full_note(__u64 now)
{
	struct xring_vips *table = vips_get();

	event_count(XRING_EVENT_FULL);
	tell_here(FULL, 0, 0);
	if (serves && table && !was_full(FULL_NS / 8, now))
		table->config.full = now;
}

/* 0 where the map is full. For a dead backend there is no pin to make. */
static __always_inline int pin_make(struct path *path, __u16 claim, __u32 backend, __u32 base,
				    __u32 seq, __u64 now)
{
	struct xring_pin *pin = &path->pin;

	pin->generation = backend_generation(backend);
	if (!pin->generation)
		return 1;
	pin->backend = backend;
	pin->seq = seq;
	pin->hash = path->hash;
	pin->state = 0;
	pin->seen = now;
	pin->base = base;
	pin->sent = 0;
	if (backend != path->newest)
		cell_look(path);
	if (claim == XRING_KEPT && path->disputed) {
		pin->state = XRING_PIN_DISPUTED;
		pin->sent = XRING_PIN_MS(now);
	}
	path->key.flow.claim = claim;
	tell_here(PINS, backend, claim);
	if (!serves)			/* only an update knows whether the map has room */
		return !was_full(FULL_NS / 8, now);
	if (!bpf_map_update_elem(&xring_pins, &path->key, pin, BPF_ANY))
		return 1;
	if (claim != XRING_KEPT) {
		pin->state = XRING_PIN_CONFIRMED;
		path->key.flow.claim = XRING_OPENED;
		path->key.number = 0;
		bpf_map_update_elem(&xring_syns, &path->key, pin, BPF_ANY);
	}
	return 0;
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

/* The load of a backend in thousandths of its bound. */
static __always_inline __u32 load_of(__u32 id)
{
	__u64 *load = bpf_map_lookup_elem(&xring_loads, &id);

	tell_here(LOAD, id, load ? *load : 0);
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
	if (!path->bound || path->alone || least <= XRING_LOAD_FULL)
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

/* The pin may be of an earlier change: then the newest cell has no LOOK for it yet. */
static __always_inline __u32 pin_follow(const struct path *path, struct xring_pin *pin, __u64 now)
{
	if (!(path->cell_word & XRING_LOOK) && pin->backend != path->newest)
		cell_look(path);
	if (serves)
		pin->seen = now;
	event_count(XRING_EVENT_HITS);
	return pin->backend;
}

static __always_inline int claim_fits(const struct xring_pin *pin, __u32 seq)
{
	__u32 most = XRING_SENT_SLACK + 2 * pin->sent;

	if (pin->state & XRING_PIN_CLOSING)
		most = pin->seq - pin->base;
	return seq - pin->base + 1 <= most + 1;
}

/* What the opened flows of a 5-tuple say of a segment. */
struct claimed {
	struct xring_pin *pin;		/* the flow that it fits; one that is closing comes last */
	struct xring_pin *first;	/* the flow that was opened first */
	__u32 open;			/* the backend of a flow that is not closing; 0: there is none */
	/*
	 * A claim that another flow may take, or XRING_CLAIMS. A flow that is closing may be open
	 * the other way for long, and keeps its claim, unless it was itself the second.
	 */
	__u16 unused;
	__u16 any;			/* there are such flows */
};

/* A second flow stands beside a first alone, be that over or not. */
static __always_inline void claims_read(struct path *path, const struct segment *s, __u64 now,
					struct claimed *ret)
{
	for (__u16 claim = XRING_OPENED; claim < XRING_CLAIMS; claim++) {
		struct xring_pin *pin;
		int closing;

		path->key.flow.claim = claim;
		pin = bpf_map_lookup_elem(&xring_pins, &path->key);
		if (!pin || !pin_counts(pin, path->idle_ms, now)) {
			if (ret->unused > claim)
				ret->unused = claim;
			if (!pin)
				return;
			continue;
		}
		closing = pin->state & XRING_PIN_CLOSING;
		tell_here(CLAIM, pin->backend, claim | (__u64)!!closing << 32);
		ret->any = 1;
		if (claim == XRING_OPENED)
			ret->first = pin;
		else if (closing && ret->unused > claim)
			ret->unused = claim;
		if (!closing)
			ret->open = pin->backend;
		if (!claim_fits(pin, s->seq) || (ret->pin && closing))
			continue;
		ret->pin = pin;
		if (!closing && !s->opens)
			return;			/* no other matters */
	}
}

/*
 * The backend of a SYN, or NOBODYS where its flow finds no room for a pin. kept: the pin of the
 * 5-tuple, or NULL. same: a handshake at its number, or NULL.
 */
static __always_inline __u32 syn_answer(struct path *path, struct xring_pin *kept,
					struct xring_pin *same, const struct claimed *claimed,
					const struct segment *s, __u64 now)
{
	struct xring_pin fresh = { .hash = path->hash, .seen = now, .base = s->seq + 1 };
	__u32 backend;

	if (same) {				/* the same SYN again */
		if (serves)
			same->seen = now;
		return same->backend;
	}
	if (claimed->unused == XRING_CLAIMS || (!claimed->open && was_full(FULL_NS, now)))
		return NOBODYS;
	backend = claimed->open ?: new_answer(path);
	if (!kept && !claimed->any && !path->moving && backend == path->newest)
		return backend;
	fresh.backend = backend;
	fresh.generation = backend_generation(backend);
	if (!fresh.generation)
		return backend;
	if (backend != path->newest)
		cell_look(path);
	handshake_make(path, &fresh, s->seq + 1);
	if (s->next != s->seq + 1)		/* it has data (RFC 7413), which may be refused */
		handshake_make(path, &fresh, s->next);
	event_count(XRING_EVENT_SYNS);
	if (kept && serves) {
		kept->state |= XRING_PIN_DISPUTED;
		kept->sent = XRING_PIN_MS(now);
	} else if (!kept) {
		dispute_note(path, &fresh);
	}
	return backend;
}

/*
 * Notes a segment of the flow. The window of numbers moves on by no more than the bytes that
 * were seen, whatever numbers they had.
 */
static __always_inline void claim_advance(struct xring_pin *pin, const struct segment *s)
{
	__u32 bytes = s->next - s->seq;

	if (s->seq == pin->seq) {
		pin->seq = s->next;
		if (s->flags & (TCP_FIN | TCP_RST))
			pin->state |= XRING_PIN_CLOSING;
	}
	if (pin->sent < XRING_SENT_MAX)
		pin->sent += bytes;
	else if ((__s32)(s->next - pin->base) > (__s32)XRING_SENT_MAX)
		pin->base += bytes;
}

/* The backend that got the SYN after which a segment goes on; from now on its flow is there. */
static __always_inline __u32 handshake_confirm(struct path *path, const struct xring_pin *syn,
					       const struct segment *s, __u16 claim, int needed,
					       __u64 now)
{
	__u32 backend = syn->backend, base = syn->base;

	if (serves)
		bpf_map_delete_elem(&xring_syns, &path->key);
	if (!needed && backend == path->newest)
		return backend;
	if (claim == XRING_CLAIMS)		/* another handshake was faster */
		return backend;
	if (pin_make(path, claim, backend, base, s->next, now))
		event_count(XRING_EVENT_CONFIRMED);
	else
		full_note(now);
	return backend;
}

/* A flow that went another way for a while is the first that was opened, at any number. */
static __always_inline struct xring_pin *returning_find(const struct path *path,
							const struct claimed *claimed,
							const struct segment *s, __u64 now)
{
	const struct xring_config *config = config_get();
	struct xring_pin *pin = claimed->first;

	if (!pin || !config || pin->state & XRING_PIN_CLOSING ||
	    now >= *(volatile const __u64 *)&config->attached + (__u64)path->idle_ms * 1000000)
		return NULL;
	if (serves)
		pin->base = s->seq - pin->sent;
	return pin;
}

/*
 * The backend of the opened flow to which a segment belongs, or which it opens; or NOBODYS. kept:
 * the pin of the 5-tuple, or NULL. Not static, so that the verifier walks it once.
 */
__noinline __u32 opened_answer(struct xring_pin *kept, __u64 now)
{
	struct claimed claimed = { .unused = XRING_CLAIMS };
	struct xring_pin *pin, *shaking = NULL, *note = NULL;
	struct path *path = path_get();
	const struct segment *s;
	int full;

	if (!path)
		return NOBODYS;
	s = &path->segment;
	claims_read(path, s, now, &claimed);
	pin = claimed.pin;
	if (s->opens || !pin || pin->state & XRING_PIN_CLOSING)
		shaking = handshake_find(path, s->seq + s->opens, now);
	if (shaking)
		tell_here(SHAKING, shaking->backend, 0);
	if (s->opens)
		return syn_answer(path, kept, shaking, &claimed, s, now);
	/* Where the kept flow is just there, somebody has sent its SYN again. */
	if (shaking && (!kept || kept->seq != s->seq))
		return handshake_confirm(path, shaking, s, claimed.unused,
					 path->moving || kept || claimed.any, now);
	full = was_full((__u64)path->idle_ms * 1000000, now);
	if (!pin && full)
		pin = homeless_find(path, now);
	if (pin && !claim_fits(pin, s->seq))
		pin = NULL;
	if (!pin && !kept)
		pin = returning_find(path, &claimed, s, now);
	if (pin) {
		if (serves)
			claim_advance(pin, s);
		return pin_follow(path, pin, now);
	}
	if (!kept && (path->moving || is_disowning(s)))
		note = dispute_find(path, now);
	if (note && is_disowning(s) && may_keep(path, note->seq))
		return note->seq;
	path->disputed = claimed.any || full || note;
	if (serves && kept && !claimed.any && !full && XRING_PIN_MS(now) - kept->sent > XRING_SHAKING_MS)
		kept->state &= ~XRING_PIN_DISPUTED;
	return NOBODYS;
}

/* Was the daemon silent for so long that it does not live, and for so many ms more? */
static __always_inline int is_alone(__u64 ms, __u64 now)
{
	const struct xring_config *config = config_get();
	__u64 alive = config ? *(volatile const __u64 *)&config->alive : 0;

	return alive && now > alive + (XRING_SILENT_MS + ms) * 1000000;
}

/*
 * Without a daemon what moves is over by itself, unless it is HELD. Then no flow has a right to
 * the old answer but by its pin. A daemon that comes back makes the maps say so, before it says
 * that it lives.
 */
static __always_inline void path_alone(struct path *path, __u64 now)
{
	path->alone = is_alone(0, now);
	if (!path->held && is_alone(path->settle_ms, now))
		path->moving = 0;
}

/* The segment of a packet of the flow; 0: the packet is malformed, or has no ports. */
static __always_inline int path_segment(struct xdp_md *ctx, const struct flow *flow,
					enum flow_kind kind, struct path *path)
{
	struct uncommon *u;
	struct body body;

	if (kind == FLOW_COMMON)
		return body_read(ctx, flow->family, &body) &&
		       (flow->proto != IPPROTO_TCP ||
			segment_read(ctx, flow->family, &path->segment));
	u = uncommon_get();
	if (!u)
		return 0;
	u->opened = 1;
	if (u->hidden)
		return 0;
	path->segment = u->segment;
	path->about = !!u->quoted.family;
	return 1;
}

/*
 * Fills in what the caller of path_find() knows; 0: the packet is malformed, or has no ports. Not
 * static: else its stack would be there beside that of opened_answer().
 */
__noinline int path_begin(struct xdp_md *ctx, const struct xring_slot *slot, __u32 hash)
{
	const struct xring_config *config = config_get();
	struct path *path = path_get();
	enum flow_kind kind;
	struct flow *flow;

	if (!slot || !path || !config)
		return 0;
	__builtin_memset(path, 0, offsetof(struct path, pin));
	flow = &path->flow;
	kind = flow_read(ctx, flow);
	if (kind == FLOW_NONE || !path_segment(ctx, flow, kind, path))
		return 0;
	flow_key(flow, &path->key.flow);
	path->key_hash = hash;
	path->number = slot_number(slot);
	path->tuple = flow_hash(config, flow);
	path->base = slot->ring_base;
	path->shift = slot->ring_shift;
	path->bound = !!(slot->flags & XRING_SERVICE_BOUND);
	path->settle_ms = slot->tcp_idle;
	if (path->settle_ms < slot->udp_idle * 100u)
		path->settle_ms = slot->udp_idle * 100u;
	path->idle_ms = flow->proto == IPPROTO_TCP ? slot->tcp_idle : slot->udp_idle * 100;
	if (rules && slot->flags & XRING_SERVICE_RULES)
		class_find(ctx, slot, flow, &path->class_index);
	return 1;
}

/*
 * The backend of the flow that an ICMP error is about, which is where the flow was last; the error
 * keeps it there no longer. Of several flows that claim one 5-tuple one is chosen: the error has
 * no number of the client's. kept: the pin of the 5-tuple, or NULL.
 */
__noinline __u32 about_answer(struct xring_pin *kept, __u64 now)
{
	struct claimed claimed = { .unused = XRING_CLAIMS };
	struct path *path = path_get();

	if (!path)
		return 0;
	if (path->key.flow.proto == IPPROTO_TCP)
		claims_read(path, &path->segment, now, &claimed);
	if (claimed.open)
		return claimed.open;
	if (kept)
		return kept->backend;
	if (claimed.first)
		return claimed.first->backend;
	if (!path->moving || (path->udp_new && path->key.flow.proto != IPPROTO_TCP))
		return path->newest;
	return old_answer(path);
}

/*
 * The backend of a packet whose path is open. hash: of the flow's partition key. A malformed
 * packet makes no pin; the caller will see what it is.
 */
__noinline __u32 path_answer(struct xdp_md *ctx, const struct xring_slot *slot, __u32 hash)
{
	struct path *path = path_get();
	struct xring_pin *kept;
	struct segment *s;
	__u32 id;
	__u64 now;
	int tcp;

	if (!slot || !path || !path_begin(ctx, slot, hash))
		return 0;
	s = &path->segment;
	tcp = path->key.flow.proto == IPPROTO_TCP;
	path_find(path);
	now = clock_ns();
	path_alone(path, now);
	tell_here(OPEN, path->moving | path->held << 1 | path->udp_new << 2 | path->alone << 3,
	     path->newest | (__u64)path->old << 32);
	event_count(XRING_EVENT_LOOKS);
	kept = pin_find(&xring_pins, path, path->idle_ms, now);
	if (kept)
		tell_here(KEPT, kept->backend, kept->seen);
	if (path->about)
		return about_answer(kept, now);
	if (tcp && (s->opens || !kept || kept->state & XRING_PIN_DISPUTED)) {
		id = opened_answer(kept, now);
		if (id != NOBODYS)
			return id;
	}
	if (kept) {
		if (serves)
			kept->seq = s->next;
		return pin_follow(path, kept, now);
	}
	if (!path->moving)
		return path->newest;
	id = tcp || !path->udp_new ? old_answer(path) : path->newest;
	if (s->flags & TCP_RST)			/* forged, or the end of the flow */
		return id;
	if (!s->opens && pin_make(path, XRING_KEPT, id, 0, s->next, now)) {
		event_count(XRING_EVENT_MADE);
		return id;
	}
	if (!s->opens)
		full_note(now);
	path_hold(path);			/* no room: the old answer has to stay */
	return old_answer(path);
}

#endif
