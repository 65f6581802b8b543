/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_PATH_H
#define XRING_BPF_PATH_H

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

#endif
