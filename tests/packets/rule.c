// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule.h"

#include <stdlib.h>
#include <string.h>

#include <xring/abi.h>
#include <xring/hash.h>

#include "frame.h"

uint16_t snapshot_owner(const struct snapshot *s, uint32_t hash)
{
	return s->ring.point_count ? s->ids[s->ring.points[ring_owner(&s->ring, hash)].node] : 0;
}

static void snapshot_put(struct snapshot *s)
{
	if (!s || --s->uses)
		return;
	ring_clear(&s->ring);
	free(s);
}

/* ---- paths ---- */

static struct rule_cell *cell_at(const struct rule_model *r, uint32_t hash)
{
	return &r->cells[hash >> (32 - r->bits)];
}

static uint32_t side_hash(const struct rule_model *r, const struct rule_side *side,
			  const struct rule_flow *f)
{
	return side->shards ? hash_split((const __u64 *)r->hash_key, f->hash,
					 hash_shard(f->tuple, side->shards)) : f->hash;
}

static uint16_t side_backend(const struct rule_model *r, const struct rule_side *side)
{
	return r->generation[side->backend] ? side->backend : 0;
}

uint32_t rule_hash(const struct rule_model *r, const struct rule_flow *f)
{
	return f->key ? side_hash(r, &f->key->newest, f) : f->hash;
}

static uint16_t newest(const struct rule_model *r, const struct rule_flow *f)
{
	uint16_t backend = f->key ? side_backend(r, &f->key->newest) : 0;

	return backend ?: snapshot_owner(r->newest, rule_hash(r, f));
}

static bool key_moves(const struct rule_flow *f)
{
	return f->key && f->key->moving;
}

static struct rule_cell *cell_of(const struct rule_model *r, const struct rule_flow *f)
{
	return cell_at(r, rule_hash(r, f));
}

bool rule_moves(const struct rule_model *r, const struct rule_flow *f)
{
	bool given = f->key && side_backend(r, &f->key->newest);	/* then no cell is asked */

	return key_moves(f) || (!given && cell_of(r, f)->moving);
}

/* What selected the answer before the change: a moving key's old side, the cell's old ring. */
uint16_t rule_old(const struct rule_model *r, const struct rule_flow *f)
{
	uint32_t hash = key_moves(f) ? side_hash(r, &f->key->old, f) : rule_hash(r, f);
	const struct rule_cell *cell = cell_at(r, hash);
	uint16_t backend = key_moves(f) ? side_backend(r, &f->key->old) : 0;

	return backend ?: snapshot_owner(cell->moving ? cell->old : r->newest, hash);
}

static bool udp_is_new(const struct rule_model *r, const struct rule_flow *f)
{
	const struct rule_cell *cell = cell_of(r, f);

	return key_moves(f) ? f->key->udp_new && !f->key->held : cell->udp_new && !cell->held;
}

static void hold(struct rule_model *r, struct rule_flow *f)
{
	struct rule_cell *cell = key_moves(f) ? cell_at(r, side_hash(r, &f->key->old, f)) :
						cell_of(r, f);
	bool given = key_moves(f) && side_backend(r, &f->key->old);

	if (key_moves(f))
		f->key->held = true;
	if (cell->moving && !given)
		cell->held = true;
}

/* Whom a new flow goes to, where its own is over its bound. */
static uint16_t new_answer(const struct rule_model *r, const struct rule_flow *f)
{
	uint16_t best = newest(r, f);

	for (uint32_t i = 1; r->bound && i <= 4 && r->loads[best] > XRING_LOAD_FULL; i++) {
		uint16_t id = snapshot_owner(r->newest,
					     hash_again((const __u64 *)r->hash_key, f->tuple, i));

		if (id && r->loads[id] < r->loads[best])
			best = id;
	}
	return best;
}

/* ---- packets ---- */

static bool valid(const struct rule_model *r, const struct rule_flow *f, const struct rule_pin *pin)
{
	uint64_t idle = f->udp ? r->udp_idle : r->tcp_idle;

	if (pin->closing && idle > XRING_CLOSING_MS)
		idle = XRING_CLOSING_MS;
	return pin->there && r->now <= pin->seen + idle &&
	       r->generation[pin->backend] == pin->generation;
}

static uint16_t old_answer(struct rule_model *r, const struct rule_flow *f)
{
	uint16_t old = rule_old(r, f);

	return r->generation[old] ? old : newest(r, f);
}

/* False where the table is full. */
static bool pin(struct rule_model *r, struct rule_flow *f, uint16_t backend, uint32_t seq)
{
	if (!r->generation[backend])
		return true;
	if (backend != newest(r, f))
		cell_of(r, f)->look = true;
	if (!f->pin.there && r->pins == r->pins_max)
		return false;
	r->pins += !f->pin.there;
	f->pin = (struct rule_pin){ .there = true, .backend = backend, .seq = seq, .seen = r->now,
				    .generation = r->generation[backend] };
	return true;
}

static uint16_t keep(struct rule_model *r, struct rule_flow *f, uint16_t backend, uint32_t seq)
{
	if (pin(r, f, backend, seq))
		return backend;
	hold(r, f);
	return old_answer(r, f);
}

static uint16_t syn(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	bool pinned = valid(r, f, &f->pin);
	uint16_t backend;

	if (pinned && !f->pin.closing) {
		backend = f->pin.backend;
	} else if (valid(r, f, &f->syn) && (f->syn.seq == p->seq + 1 || f->syn.confirmed)) {
		f->syn.seen = r->now;
		return f->syn.backend;
	} else {
		backend = new_answer(r, f);
		if (!pinned && !rule_moves(r, f) && backend == newest(r, f))
			return backend;
	}
	if (!r->generation[backend])
		return backend;
	if (backend != newest(r, f))
		cell_of(r, f)->look = true;
	f->syn = (struct rule_pin){ .there = true, .backend = backend, .seq = p->seq + 1,
				    .data = p->next - p->seq - 1, .seen = r->now,
				    .generation = r->generation[backend] };
	return backend;
}

static uint16_t confirm(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	uint16_t backend = f->syn.backend;
	bool pinned = valid(r, f, &f->pin);

	if (!pinned && !rule_moves(r, f) && backend == newest(r, f)) {
		f->syn.there = false;
		return backend;
	}
	if (pin(r, f, backend, p->next)) {
		f->syn.there = false;
	} else {
		f->syn.confirmed = true;
		f->syn.seen = r->now;
	}
	return backend;
}

static uint16_t follow(struct rule_model *r, struct rule_flow *f)
{
	if (f->pin.backend != newest(r, f))
		cell_of(r, f)->look = true;
	f->pin.seen = r->now;
	return f->pin.backend;
}

static uint16_t tcp(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	bool pinned = valid(r, f, &f->pin);

	if ((p->flags & (SYN | ACK)) == SYN)
		return syn(r, f, p);
	if ((!pinned || f->pin.closing) && valid(r, f, &f->syn) &&
	    (p->seq == f->syn.seq || p->seq == f->syn.seq + f->syn.data || f->syn.confirmed))
		return confirm(r, f, p);
	if (pinned) {
		if (p->flags & (FIN | RST) && p->seq == f->pin.seq) {
			f->pin.closing = true;
		} else if (f->pin.closing && p->seq != f->pin.seq && p->next != f->pin.seq) {
			f->pin.closing = false;		/* another flow on these ports */
			f->pin.seq = p->next;
		}
		if ((int32_t)(p->next - f->pin.seq) > 0)
			f->pin.seq = p->next;
		return follow(r, f);
	}
	if (!rule_moves(r, f))
		return newest(r, f);
	if (p->flags & RST)
		return old_answer(r, f);
	return keep(r, f, old_answer(r, f), p->next);
}

static uint16_t udp(struct rule_model *r, struct rule_flow *f)
{
	if (valid(r, f, &f->pin))
		return follow(r, f);
	if (!rule_moves(r, f))
		return newest(r, f);
	return keep(r, f, udp_is_new(r, f) ? newest(r, f) : old_answer(r, f), 0);
}

/* Does the packet look for a pin? */
static bool is_open(const struct rule_model *r, const struct rule_flow *f, const struct rule_packet *p)
{
	bool opens = !f->udp && (p->flags & (SYN | ACK)) == SYN;
	uint16_t owner = snapshot_owner(r->newest, rule_hash(r, f));

	return rule_moves(r, f) || cell_of(r, f)->look || (f->key && f->key->newest.backend) ||
	       (opens && r->bound && r->loads[owner] > XRING_LOAD_FULL);
}

uint16_t rule_answer(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	if (!is_open(r, f, p))
		return newest(r, f);
	return f->udp ? udp(r, f) : tcp(r, f, p);
}

void rule_key_set(struct rule_model *r, struct rule_key *key, struct rule_side side)
{
	if (side.shards == key->newest.shards && side.backend == key->newest.backend)
		return;
	if (!key->moving) {
		key->moving = true;
		key->udp_new = key->held = false;
		key->since = r->now / 100;
		key->old = key->newest;
	}
	key->newest = side;
	key->walked = false;
}

/* ---- changes ---- */

/* The first point from `at` on that is behind `position`, or the ring's end. */
static size_t behind(const struct ring *ring, size_t at, uint64_t position)
{
	while (at < ring->point_count && ring->points[at].position <= position)
		at++;
	return at;
}

/* Do two rings answer differently somewhere from first to last? */
static bool differ(const struct snapshot *a, const struct snapshot *b, uint32_t first,
		   uint32_t last, size_t *i, size_t *j)
{
	bool found = false;
	uint64_t at = first;

	while (at <= last) {
		uint64_t next = (uint64_t)last + 1;

		found |= snapshot_owner(a, at) != snapshot_owner(b, at);
		*i = behind(&a->ring, *i, at);
		*j = behind(&b->ring, *j, at);
		if (*i < a->ring.point_count && a->ring.points[*i].position < next)
			next = a->ring.points[*i].position;
		if (*j < b->ring.point_count && b->ring.points[*j].position < next)
			next = b->ring.points[*j].position;
		at = next;
	}
	return found;
}

void rule_change(struct rule_model *r, struct snapshot *next, bool keep)
{
	unsigned shift = 32 - r->bits;
	size_t i = 0, j = 0;

	next->uses = 1;
	for (uint32_t c = 0; c < 1u << r->bits; c++) {
		struct rule_cell *cell = &r->cells[c];
		uint32_t first = c << shift;

		if (!differ(r->newest, next, first, first + ((1u << shift) - 1), &i, &j))
			continue;
		if (cell->moving) {
			cell->look = true;
		} else if (keep) {
			cell->moving = true;
			cell->udp_new = cell->held = false;
			cell->since = r->now / 100;
			cell->old = r->newest;
			cell->old->uses++;
		}
	}
	snapshot_put(r->newest);
	r->newest = next;
}

/* Of a cell or of a key: what is to become of its flags; true where it has settled. */
static bool settle(const struct rule_model *r, uint32_t *since, bool *udp_new, bool *held, bool walked)
{
	uint32_t settle_time = (r->tcp_idle > r->udp_idle ? r->tcp_idle : r->udp_idle) / 100;
	uint32_t age = r->now / 100 - *since;

	if (age < r->udp_idle / 100)
		return false;
	if (age < settle_time)
		*udp_new = true;
	if (age < settle_time || !walked)
		return false;
	if (!*held)
		return true;
	*held = *udp_new = false;
	*since = r->now / 100;
	return false;
}

void rule_settle(struct rule_model *r)
{
	for (uint32_t c = 0; c < 1u << r->bits; c++) {
		struct rule_cell *cell = &r->cells[c];

		if (!cell->moving ||
		    !settle(r, &cell->since, &cell->udp_new, &cell->held, true))
			continue;
		cell->moving = false;
		snapshot_put(cell->old);
		cell->old = NULL;
	}
	for (size_t k = 0; k < r->key_count; k++) {
		struct rule_key *key = &r->keys[k];

		if (key->moving && settle(r, &key->since, &key->udp_new, &key->held, key->walked)) {
			key->moving = false;
			key->old = (struct rule_side){};
		}
	}
}

/* What a walk finds of one flow: does its cell have to look? */
static bool walk_flow(struct rule_model *r, struct rule_flow *f)
{
	struct rule_cell *c = cell_of(r, f);
	uint16_t now = newest(r, f);
	bool open = rule_moves(r, f) || c->look || (f->key && f->key->newest.backend);
	bool pin_differs = open && valid(r, f, &f->pin) && f->pin.backend != now;
	bool syn_differs = open && valid(r, f, &f->syn) && f->syn.backend != now;

	if (f->pin.there && !pin_differs && !(valid(r, f, &f->pin) && rule_moves(r, f))) {
		f->pin.there = false;
		r->pins--;
	}
	c->look |= pin_differs || syn_differs;
	return pin_differs || syn_differs;
}

void rule_walk(struct rule_model *r)
{
	bool *needed = calloc((size_t)1 << r->bits, sizeof(*needed)), moving = false;

	for (size_t i = 0; i < r->flow_count; i++)
		needed[rule_hash(r, &r->flows[i]) >> (32 - r->bits)] |= walk_flow(r, &r->flows[i]);
	for (size_t k = 0; k < r->key_count; k++) {
		r->keys[k].walked = true;
		moving |= r->keys[k].moving;
	}
	for (uint32_t c = 0; !moving && c < 1u << r->bits; c++)
		r->cells[c].look &= r->cells[c].moving || needed[c];
	free(needed);
}

void rule_refine(struct rule_model *r, unsigned bits)
{
	struct rule_cell *fine = calloc((size_t)1 << bits, sizeof(*fine));

	for (uint32_t c = 0; c < 1u << bits; c++) {
		fine[c] = r->cells[c >> (bits - r->bits)];
		if (fine[c].old)
			fine[c].old->uses++;
	}
	for (uint32_t c = 0; c < 1u << r->bits; c++)
		snapshot_put(r->cells[c].old);
	free(r->cells);
	r->cells = fine;
	r->bits = bits;
}
