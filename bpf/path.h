/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_PATH_H
#define XRING_BPF_PATH_H

/*
 * What answers a flow that the steady state does not answer. The path of a flow is what
 * selects its backend:
 *
 *     class of the client  ->  ring
 *     entry of the key     ->  position on the ring: of the key, or of one of its shards
 *     cell at the position ->  backend
 *
 * A service without rules has no classes and one ring; a key without an entry stands at its
 * own hash; an entry may also name the backend at once. Class, entry and cell may each be
 * moving, and then have a newest and an old side. The newest path takes newest sides only.
 * The old path takes the old side of whatever moves, in the order above; the first that
 * moves says whether UDP flows without a pin are new flows.
 *
 * No backend keeps a flow when it is dead, or when the rule of the client forbids it.
 */
struct path {
	/* Given by the caller. */
	struct xring_handshake key;	/* the 5-tuple; what pins.h looks for */
	struct segment segment;		/* all 0: it is no TCP */
	__u32 key_hash;			/* of the partition key */
	__u32 number;			/* of the service */
	__u32 class_index;		/* of the client; 0: the service has no classes */
	__u32 tuple;			/* hash of the 5-tuple */
	__u32 base;			/* first cell of the ring; path_find() sets the newest path's */
	__u32 idle_ms;			/* a flow that is silent for longer may move */
	__u32 settle_ms;		/* a change that is older is over */
	__u8 shift;			/* size of that ring; path_find(): as base */
	__u8 bound;			/* the service has bounded loads */
	__u8 disputed;			/* others than the kept flow may have claimed the 5-tuple */
	__u8 alone;			/* no daemon writes loads, or settles what is over */
	__u8 about;			/* an ICMP error about the flow: it changes nothing */
	/* Found by path_find(). */
	__u8 moving;			/* class, entry or cell is moving */
	__u8 held;			/* and some flow found no room for its pin */
	__u8 udp_new;			/* a UDP flow without a pin is a new flow */
	__u32 hash;			/* position at which the newest path ends */
	__u32 cell;			/* index of the newest cell at that position */
	__u32 newest;			/* id of the backend that the newest path selects */
	__u32 old;			/* id that the old path selects, if the path is moving */
	__u32 old_cell;			/* old cell of the old path; 0: it does not move */
	__u64 cell_word;		/* of the newest cell */
	__u64 key_answer;		/* of the key's entry; 0: the key has no entry */
	__u64 class_word;		/* newest word of the class; 0: there is no class */
	/* For these two the stack is too small, too. */
	struct xring_pin pin;		/* the pin that is made */
	struct flow flow;		/* of the packet */
};

/* The path of the packet in hand, as the stack is too small for it. */
MAP_COUNTERS(xring_path, 1, struct path);

static __always_inline struct path *path_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&xring_path, &zero);
}

/* The generation of an id; 0: the backend is dead, or there is none. */
static __always_inline __u16 backend_generation(__u32 id)
{
	struct xring_backend *backend = bpf_map_lookup_elem(&xring_templates, &id);

	return backend ? xring_template(backend)->generation : 0;
}

/* Does the rule of the client's class allow the backend? class: newest or old word. */
static __always_inline int word_allows(const struct path *path, __u64 class, __u32 id)
{
	return !path->class_index || place_allows(place_of(id), class);
}

static __always_inline int is_allowed(const struct path *path, __u32 id)
{
	return word_allows(path, path->class_word, id);
}

/* Sets a flag, and writes only if it is not set: most packets leave the line as it is. */
static __always_inline void word_mark(__u64 *word, __u64 flag)
{
	if (serves && word && !(*(volatile __u64 *)word & flag))
		__sync_fetch_and_or(word, flag);
}

/*
 * Marks the newest cell, so that packets look for a pin there. It must happen before the
 * packet leaves, or the next packet of the flow may miss the pin.
 */
static __always_inline void cell_look(const struct path *path)
{
	word_mark(bpf_map_lookup_elem(&xring_cells, &path->cell), XRING_LOOK);
}

static __always_inline __u32 table_cells(const struct path *path)
{
	return 1u << (-path->shift & 31);
}

/* Makes whatever moves on the path keep its old side for another settle time. */
static __always_inline void path_hold(const struct path *path)
{
	struct xring_class *class = path->class_index ? class_at(path->class_index) : NULL;

	if (class && path->class_word & XRING_CLASS_MOVING)
		word_mark(&class->old, XRING_CLASS_HELD);
	if (path->key_answer & XRING_HOT_MOVING)
		word_mark(hot_find(path->number, path->key_hash), XRING_HOT_HELD);
	if (path->old_cell)
		word_mark(bpf_map_lookup_elem(&xring_cells, &path->old_cell), XRING_HELD);
}

/*
 * The backend to which one side of an entry gives the key; 0: the ring answers, as the side
 * names no backend, or one that is dead or that the rule of the class forbids.
 */
static __always_inline __u32 side_backend(const struct path *path, __u64 side, __u64 class)
{
	__u32 id = xring_hot_backend(side);

	return id && backend_generation(id) && word_allows(path, class, id) ? id : 0;
}

/* What the cell answered before it began to move; if it does not move, what it answers. */
static __always_inline __u32 cell_before(struct path *path, __u32 base, __u8 shift, __u32 hash)
{
	__u32 cell = ring_cell(base, shift, hash);
	__u64 word = cell_read(cell);

	if (word & XRING_MOVING) {
		path->old_cell = after_word(cell + (1u << (-shift & 31)), word);
		word = cell_read(path->old_cell);
		tell(OLD_CELL, path->old_cell, word);
		path->held |= !!(word & XRING_HELD);
	}
	return cell_owner(word, hash);
}

/* The old path, where the class or the entry moves. old_class: the old word of the class. */
static __always_inline void old_path_find(struct path *path, const struct xring_config *config,
					  __u64 old_class)
{
	__u64 class = path->class_word & XRING_CLASS_MOVING ? old_class : path->class_word;
	__u64 side = path->key_answer;
	__u32 base = path->base;
	__u8 shift = path->shift;

	if (path->key_answer & XRING_HOT_MOVING)
		side = path->key_answer >> XRING_HOT_OLD & XRING_HOT_SIDE_MASK;
	if (path->class_index) {
		base = xring_class_base(class);
		shift = xring_class_shift(class);
	}
	path->moving = 1;
	path->held = !!(path->key_answer & XRING_HOT_HELD);
	if (path->class_word & XRING_CLASS_MOVING) {
		path->held |= !!(class & XRING_CLASS_HELD);
		path->udp_new = class & XRING_CLASS_UDP_NEW && !(class & XRING_CLASS_HELD);
	} else {
		path->udp_new = path->key_answer & XRING_HOT_UDP_NEW && !path->held;
	}
	path->old = side_backend(path, side, class);
	if (!path->old)
		path->old = cell_before(path, base, shift,
					side_hash(config, side, path->key_hash, path->tuple));
}

/* The old path, where only the cell may move. given: the entry names that backend, or 0. */
static __always_inline void old_cell_find(struct path *path, __u32 given)
{
	__u64 word;

	path->moving = !given && path->cell_word & XRING_MOVING;
	if (!path->moving)
		return;
	path->old_cell = after_word(path->cell + table_cells(path), path->cell_word);
	word = cell_read(path->old_cell);
	tell(OLD_CELL, path->old_cell, word);
	path->held = !!(word & XRING_HELD);
	path->udp_new = word & XRING_UDP_NEW && !path->held;
	path->old = cell_owner(word, path->hash);
}

/* Reads the class into the path, with its newest ring. Answers the old word of the class. */
static __always_inline __u64 path_class_read(struct path *path)
{
	struct xring_class *class = class_at(path->class_index);

	if (!path->class_index || !class)
		return 0;
	path->class_word = class_newest(class);
	path->base = xring_class_base(path->class_word);
	path->shift = xring_class_shift(path->class_word);
	class = class_at(after_word(path->class_index, path->class_word));
	return class ? *(volatile __u64 *)&class->old : 0;
}

/* Fills in the fields of a path that the caller does not give. */
__noinline int path_find(struct path *path)
{
	const struct xring_config *config = config_get();
	__u64 old_class;
	__u32 given;

	if (!path || !config)
		return 0;
	old_class = path_class_read(path);
	path->key_answer = hot_answer(path->number, path->key_hash);
	path->hash = side_hash(config, path->key_answer, path->key_hash, path->tuple);
	path->cell = ring_cell(path->base, path->shift, path->hash);
	path->cell_word = cell_read(path->cell);
	tell(HOT, path->key_answer, 0);
	tell(POSITION, path->hash, 0);
	tell(CELL, path->cell, path->cell_word);
	given = side_backend(path, path->key_answer, path->class_word);
	path->newest = given ?: cell_owner(path->cell_word, path->hash);
	/*
	 * A moving class matters also for a key that its entry gives to a backend. The old
	 * rule may have forbidden that backend; and should the key move too, UDP_NEW of the
	 * class would make a flow that has no pin by then a new one.
	 */
	if (path->key_answer & XRING_HOT_MOVING || path->class_word & XRING_CLASS_MOVING)
		old_path_find(path, config, old_class);
	else
		old_cell_find(path, given);
	return 1;
}

#endif
