/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_RULE_H
#define XRING_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ring/ring.h"

/*
 * The rule of changes as a model that knows no cell's word: rings, hashes, and
 * what is remembered of classes, keys, cells and flows. bpf/pins.h must agree with it
 * on every packet, core/ring/cells.c and core/ring/moving_cells.c on every flag.
 *
 * Backends are ids; generation[id] 0 is dead. Times are ms, those of cells
 * tenths of a second.
 */
#define RULE_IDS 4096
#define RULE_NODES 64
#define RULE_RINGS 8

/* A ring as it was at some moment, shared by the cells that froze it. */
struct snapshot {
	struct ring ring;
	uint16_t ids[RULE_NODES];	/* by node */
	unsigned uses;
};

struct rule_cell {
	bool moving, look, udp_new, held;
	bool needed;			/* found by the walk under way */
	uint32_t since;
	struct snapshot *old;
};

/* One ring of the service; its only one, where clients are not told apart. */
struct rule_ring {
	struct snapshot *newest;
	struct rule_cell *cells;
	unsigned bits;
	unsigned rule;			/* its bit in what a backend is allowed */
};

/* Clients that one ring answers. */
struct rule_class {
	bool moving, udp_new, held;
	uint32_t since;
	uint8_t newest, old;		/* rings */
	bool walked;			/* since its newest ring changed */
};

/*
 * What claims a tuple. Whoever was there before the change is `kept`, at any number. A flow that
 * opened with a SYN has the numbers from `base` on, as far as it can have sent.
 */
struct rule_pin {
	bool there, closing;
	uint16_t backend, generation;
	uint32_t expected;		/* the number after what came in order */
	uint32_t base, sent;
	uint64_t seen;
};

/* SYNs that were not confirmed, each by the number that confirms it. */
#define RULE_SYNS 32
struct rule_syn {
	uint32_t number;
	struct rule_pin pin;
};

/* Where a key's flows go: over so many shards, to a backend, or (0, 0) as the ring says. */
struct rule_side {
	uint32_t shards;
	uint16_t backend;
};

struct rule_key {
	bool moving, udp_new, held;
	uint32_t since;
	struct rule_side newest, old;
	bool walked;			/* since its newest side changed */
};

/* What is remembered of one tuple. */
struct rule_flow {
	bool udp;
	uint32_t hash;			/* of its partition key */
	uint32_t tuple;			/* of all of it */
	struct rule_key *key;		/* NULL: it has none of its own */
	struct rule_class *class;	/* of its client; NULL: there are no rules */
	struct rule_pin kept, opened[2];
	struct rule_pin homeless;	/* an opened flow that found the table full */
	struct rule_syn syns[RULE_SYNS];
	struct rule_pin opening;	/* where the last SYN went, of a 5-tuple that was not kept */
};

struct rule_packet {
	uint8_t flags;
	uint32_t seq, next;
};

struct rule_model {
	uint16_t generation[RULE_IDS];
	uint64_t allowed[RULE_IDS];	/* by which rules */
	struct rule_ring rings[RULE_RINGS];
	unsigned ring_count;
	uint32_t tcp_idle, udp_idle;	/* ms */
	uint64_t now;			/* ms */
	uint32_t pins, pins_max;
	uint64_t full;			/* ms: when a pin last found no room; 0: never */
	uint64_t returning;		/* ms: until then opened flows are believed at any number */
	struct rule_flow *flows;
	size_t flow_count;
	struct rule_key *keys;
	size_t key_count;
	struct rule_class *classes;
	size_t class_count;
	const uint64_t *hash_key;	/* expanded */
	bool bound;
	uint32_t loads[RULE_IDS];	/* XRING_LOAD_FULL: at its bound */
};

uint16_t rule_answer(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p);

/* What an unpinned flow of old gets, and whether there are such. */
uint16_t rule_old(const struct rule_model *r, const struct rule_flow *f);
bool rule_moves(const struct rule_model *r, const struct rule_flow *f);
/* May the flow's client be sent there, by the newest rule and by the one before it? */
bool rule_allows(const struct rule_model *r, const struct rule_flow *f, uint16_t id);
bool rule_allowed(const struct rule_model *r, const struct rule_flow *f, uint16_t id);

uint16_t snapshot_owner(const struct snapshot *s, uint32_t hash);

/* ---- rule_paths.c: what selects an answer ---- */

/* One path of a flow: through its class's ring, as its key or a shard of it, to a cell. */
struct rule_path {
	const struct rule_ring *ring;
	uint32_t hash;
	uint16_t given;			/* not 0: the key's backend, and no cell is asked */
	struct rule_cell *cell;
};

struct rule_path rule_newest_path(const struct rule_model *r, const struct rule_flow *f);
struct rule_path rule_old_path(const struct rule_model *r, const struct rule_flow *f);
uint16_t rule_newest(const struct rule_model *r, const struct rule_flow *f);

/* ---- rule_change.c ---- */

void rule_key_set(struct rule_model *r, struct rule_key *key, struct rule_side side);
void rule_class_set(struct rule_model *r, struct rule_class *class, uint8_t ring);

/* Every position of that ring is now answered by `next`, which the rule takes over. */
void rule_change(struct rule_model *r, unsigned ring, struct snapshot *next, bool keep);
void rule_settle(struct rule_model *r);
void rule_walk(struct rule_model *r);
void rule_refine(struct rule_model *r, unsigned ring, unsigned bits);
void rule_clear(struct rule_model *r);
/* Is that pin one that its flow follows? */
bool rule_valid(const struct rule_model *r, const struct rule_flow *f, const struct rule_pin *pin);
/* Is that number one of an opened flow's? */
bool rule_fits(const struct rule_pin *pin, uint32_t seq);
/* Is that handshake one that a packet may confirm? */
bool rule_shakes(const struct rule_model *r, const struct rule_flow *f, const struct rule_syn *syn);
/* Is a packet of the flow at that number remembered to be at the backend? */
bool rule_remembers(const struct rule_model *r, const struct rule_flow *f, uint32_t seq,
		    uint16_t backend);

#endif
