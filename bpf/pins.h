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

/*
 * A packet that the steady state does not answer, and what is known of it. The
 * path of a flow is what selects its answer: its client's class, if the service has some,
 * its key's entry among the hot ones, if it has one, and the cell in which the path ends.
 * Each of them may be moving. The old path takes the old side of those that are: the
 * ring of the class, then the shard of the key, then the answer of the cell there. The
 * first of them that moves says whether UDP flows without a pin are new.
 *
 * A backend that the client's rule forbids keeps nobody, as a dead one.
 */
struct opened {
	/* Given, as in struct asked. */
	struct xring_flow flow;
	__u32 key_hash;
	__u32 number;
	__u32 class_index;
	__u32 base;			/* then the newest ring's */
	__u32 idle_ms;
	__u8 shift;
	__u8 bound;
	/* Found out. */
	__u8 moving;			/* is the path? */
	__u8 udp_new;			/* UDP flows without a pin are new ones */
	__u32 tuple;			/* the whole 5-tuple's hash */
	__u32 hash;			/* where the newest path ends */
	__u32 cell;
	__u32 newest;			/* backend */
	__u32 old;			/* backend, where the path is moving */
	__u32 held;			/* the old word of the old path's cell, if that moves; 0 */
	__u64 word;			/* of the newest cell */
	__u64 answer;			/* of the key; 0: it has no entry */
	__u64 newest_class;		/* its word; 0: there is none */
};

/* Of it what the caller knows: programs have little stack. */
struct asked {
	struct xring_flow flow;
	__u32 key_hash;			/* of the partition key */
	__u32 number;			/* of the service */
	__u32 class_index;		/* of the client; 0: the service has none */
	__u32 base;			/* of the ring, where there is no class */
	__u32 idle_ms;
	__u8 shift;
	__u8 bound;			/* the service has one */
	__u8 pad[2];
};

_Static_assert(__builtin_offsetof(struct opened, moving) == __builtin_offsetof(struct asked, pad),
	       "one begins as the other");

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

/* May the client be sent there, by the rule of that word of its class? */
static __always_inline int word_allows(const struct opened *o, __u64 class, __u32 id)
{
	return !o->class_index || place_allows(place_of(id), class);
}

static __always_inline int is_allowed(const struct opened *o, __u32 id)
{
	return word_allows(o, o->newest_class, id);
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

static __always_inline void word_mark(__u64 *word, __u64 flag)
{
	if (word && !(*(volatile __u64 *)word & flag))
		__sync_fetch_and_or(word, flag);
}

/* Before the packet leaves, its cell says that a pin is to be looked for there. */
static __always_inline void cell_look(const struct opened *o)
{
	word_mark(bpf_map_lookup_elem(&xring_cells, &o->cell), XRING_LOOK);
}

static __always_inline __u32 table_cells(const struct opened *o)
{
	return 1u << (-o->shift & 31);
}

/* All that is moving on the old path keeps its old answer until such flows are gone. */
static __always_inline void path_hold(const struct opened *o)
{
	struct xring_class *class = o->class_index ? class_at(o->class_index) : NULL;

	if (class && o->newest_class & XRING_CLASS_MOVING)
		word_mark(&class->old, XRING_CLASS_HELD);
	if (o->answer & XRING_HOT_MOVING)
		word_mark(hot_find(o->number, o->key_hash), XRING_HOT_HELD);
	if (o->held)
		word_mark(bpf_map_lookup_elem(&xring_cells, &o->held), XRING_HELD);
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

/*
 * A key given to a backend that is dead, or that the rule of that word forbids, or to none,
 * is the ring's.
 */
static __always_inline __u32 side_backend(const struct opened *o, __u64 side, __u64 class)
{
	__u32 id = xring_hot_backend(side);

	return id && backend_generation(id) && word_allows(o, class, id) ? id : 0;
}

/* What an unpinned flow of the cell got before the cell began to move, if it moves. */
static __always_inline __u32 cell_before(struct opened *o, __u32 base, __u8 shift, __u32 hash)
{
	__u32 cell = ring_cell(base, shift, hash);
	__u64 word = cell_read(cell);

	if (word & XRING_MOVING) {
		o->held = cell + (1u << (-shift & 31));
		word = cell_read(o->held);
	}
	return cell_owner(word, hash);
}

/* The class or the key moves: the flows that it had then are where the old path leads. */
static __always_inline void old_path_find(struct opened *o, const struct xring_config *config,
					  __u64 old_class)
{
	__u64 class = o->newest_class & XRING_CLASS_MOVING ? old_class : o->newest_class;
	__u64 side = o->answer;
	__u32 base = o->base;
	__u8 shift = o->shift;

	if (o->answer & XRING_HOT_MOVING)
		side = o->answer >> XRING_HOT_OLD & XRING_HOT_SIDE_MASK;
	if (o->class_index) {
		base = xring_class_base(class);
		shift = xring_class_shift(class);
	}
	o->moving = 1;
	if (o->newest_class & XRING_CLASS_MOVING)
		o->udp_new = class & XRING_CLASS_UDP_NEW && !(class & XRING_CLASS_HELD);
	else
		o->udp_new = o->answer & XRING_HOT_UDP_NEW && !(o->answer & XRING_HOT_HELD);
	o->old = side_backend(o, side, class);
	if (!o->old)
		o->old = cell_before(o, base, shift, side_hash(config, side, o->key_hash, o->tuple));
}

/* The cell selects nothing where the key was given to a backend. */
static __always_inline void old_cell_find(struct opened *o, __u32 given)
{
	__u64 word;

	o->moving = !given && o->word & XRING_MOVING;
	if (!o->moving)
		return;
	o->held = o->cell + table_cells(o);
	word = cell_read(o->held);
	o->udp_new = word & XRING_UDP_NEW && !(word & XRING_HELD);
	o->old = cell_owner(word, o->hash);
}

/* Its ring is the newest; the word of the old one is the answer. */
static __always_inline __u64 class_read(struct opened *o)
{
	struct xring_class *class = class_at(o->class_index);

	if (!o->class_index || !class)
		return 0;
	o->newest_class = class_newest(class);
	o->base = xring_class_base(o->newest_class);
	o->shift = xring_class_shift(o->newest_class);
	return *(volatile __u64 *)&class->old;
}

/* Finds out what is not given. */
__noinline int path_find(struct opened *o)
{
	const struct xring_config *config;
	__u32 given, zero = 0;
	__u64 old_class;

	config = bpf_map_lookup_elem(&xring_config, &zero);
	if (!o || !config)
		return 0;
	old_class = class_read(o);
	o->tuple = tuple_hash(config, o->flow.family, (const __u64 *)o->flow.src,
			      (const __u64 *)o->flow.dst, o->flow.ports, o->flow.proto);
	o->answer = hot_answer(o->number, o->key_hash);
	o->hash = side_hash(config, o->answer, o->key_hash, o->tuple);
	o->cell = ring_cell(o->base, o->shift, o->hash);
	o->word = cell_read(o->cell);
	given = side_backend(o, o->answer, o->newest_class);
	o->newest = given ?: cell_owner(o->word, o->hash);
	/*
	 * A class that moves does so for keys that are given to a backend, too: the rule of
	 * before may have forbidden it, and whoever is not pinned now would be taken for a
	 * new flow by what the class says of UDP, once the key moves.
	 */
	if (o->answer & XRING_HOT_MOVING || o->newest_class & XRING_CLASS_MOVING)
		old_path_find(o, config, old_class);
	else
		old_cell_find(o, given);
	return 1;
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
