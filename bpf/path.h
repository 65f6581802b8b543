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
struct path {
	/* Given, as in struct path_request. */
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
	__u32 old_cell;			/* the old word of the old path's cell, if that moves; 0 */
	__u64 cell_word;		/* of the newest cell */
	__u64 key_answer;		/* of the key; 0: it has no entry */
	__u64 class_word;		/* its word; 0: there is none */
};

/* Of it what the caller knows: programs have little stack. */
struct path_request {
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

_Static_assert(__builtin_offsetof(struct path, moving) ==
		       __builtin_offsetof(struct path_request, pad),
	       "one begins as the other");

static __always_inline __u16 backend_generation(__u32 id)
{
	struct xring_backend *backend = bpf_map_lookup_elem(&xring_backends, &id);

	return backend ? backend->t[backend->t[0].live & 1].generation : 0;
}

/* May the client be sent there, by the rule of that word of its class? */
static __always_inline int word_allows(const struct path *path, __u64 class, __u32 id)
{
	return !path->class_index || place_allows(place_of(id), class);
}

static __always_inline int is_allowed(const struct path *path, __u32 id)
{
	return word_allows(path, path->class_word, id);
}

static __always_inline void word_mark(__u64 *word, __u64 flag)
{
	if (word && !(*(volatile __u64 *)word & flag))
		__sync_fetch_and_or(word, flag);
}

/* Before the packet leaves, its cell says that a pin is to be looked for there. */
static __always_inline void cell_look(const struct path *path)
{
	word_mark(bpf_map_lookup_elem(&xring_cells, &path->cell), XRING_LOOK);
}

static __always_inline __u32 table_cells(const struct path *path)
{
	return 1u << (-path->shift & 31);
}

/* All that is moving on the old path keeps its old answer until such flows are gone. */
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
 * A key given to a backend that is dead, or that the rule of that word forbids, or to none,
 * is the ring's.
 */
static __always_inline __u32 side_backend(const struct path *path, __u64 side, __u64 class)
{
	__u32 id = xring_hot_backend(side);

	return id && backend_generation(id) && word_allows(path, class, id) ? id : 0;
}

/* What an unpinned flow of the cell got before the cell began to move, if it moves. */
static __always_inline __u32 cell_before(struct path *path, __u32 base, __u8 shift, __u32 hash)
{
	__u32 cell = ring_cell(base, shift, hash);
	__u64 word = cell_read(cell);

	if (word & XRING_MOVING) {
		path->old_cell = cell + (1u << (-shift & 31));
		word = cell_read(path->old_cell);
	}
	return cell_owner(word, hash);
}

/* The class or the key moves: the flows that it had then are where the old path leads. */
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
	if (path->class_word & XRING_CLASS_MOVING)
		path->udp_new = class & XRING_CLASS_UDP_NEW && !(class & XRING_CLASS_HELD);
	else
		path->udp_new = path->key_answer & XRING_HOT_UDP_NEW && !(path->key_answer & XRING_HOT_HELD);
	path->old = side_backend(path, side, class);
	if (!path->old)
		path->old = cell_before(path, base, shift, side_hash(config, side, path->key_hash, path->tuple));
}

/* The cell selects nothing where the key was given to a backend. */
static __always_inline void old_cell_find(struct path *path, __u32 given)
{
	__u64 word;

	path->moving = !given && path->cell_word & XRING_MOVING;
	if (!path->moving)
		return;
	path->old_cell = path->cell + table_cells(path);
	word = cell_read(path->old_cell);
	path->udp_new = word & XRING_UDP_NEW && !(word & XRING_HELD);
	path->old = cell_owner(word, path->hash);
}

/* Its ring is the newest; the word of the old one is the answer. */
static __always_inline __u64 path_class_read(struct path *path)
{
	struct xring_class *class = class_at(path->class_index);

	if (!path->class_index || !class)
		return 0;
	path->class_word = class_newest(class);
	path->base = xring_class_base(path->class_word);
	path->shift = xring_class_shift(path->class_word);
	return *(volatile __u64 *)&class->old;
}

/* Finds out what is not given. */
__noinline int path_find(struct path *path)
{
	const struct xring_config *config;
	__u32 given, zero = 0;
	__u64 old_class;

	config = bpf_map_lookup_elem(&xring_config, &zero);
	if (!path || !config)
		return 0;
	old_class = path_class_read(path);
	path->tuple = tuple_hash(config, path->flow.family, (const __u64 *)path->flow.src,
			      (const __u64 *)path->flow.dst, path->flow.ports, path->flow.proto);
	path->key_answer = hot_answer(path->number, path->key_hash);
	path->hash = side_hash(config, path->key_answer, path->key_hash, path->tuple);
	path->cell = ring_cell(path->base, path->shift, path->hash);
	path->cell_word = cell_read(path->cell);
	given = side_backend(path, path->key_answer, path->class_word);
	path->newest = given ?: cell_owner(path->cell_word, path->hash);
	/*
	 * A class that moves does so for keys that are given to a backend, too: the rule of
	 * before may have forbidden it, and whoever is not pinned now would be taken for a
	 * new flow by what the class says of UDP, once the key moves.
	 */
	if (path->key_answer & XRING_HOT_MOVING || path->class_word & XRING_CLASS_MOVING)
		old_path_find(path, config, old_class);
	else
		old_cell_find(path, given);
	return 1;
}

#endif
