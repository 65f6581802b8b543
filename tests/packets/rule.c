// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule.h"

#include <xring/abi.h>
#include <xring/hash.h>

#include "frame.h"

/* The first that moves of class, key and cell says it. */
static bool udp_is_new(const struct rule_model *r, const struct rule_flow *f)
{
	const struct rule_cell *cell = rule_newest_path(r, f).cell;

	if (f->class && f->class->moving)
		return f->class->udp_new && !f->class->held;
	if (f->key && f->key->moving)
		return f->key->udp_new && !f->key->held;
	return cell->udp_new && !cell->held;
}

/* All that is moving on the old path. */
static void hold(struct rule_model *r, struct rule_flow *f)
{
	struct rule_path old = rule_old_path(r, f);

	if (f->class && f->class->moving)
		f->class->held = true;
	if (f->key && f->key->moving)
		f->key->held = true;
	if (old.cell->moving && !old.given)
		old.cell->held = true;
}

/* Whom a new flow goes to, where its own is over its bound. */
static uint16_t new_answer(const struct rule_model *r, const struct rule_flow *f)
{
	const struct rule_ring *ring = rule_newest_path(r, f).ring;
	uint16_t best = rule_newest(r, f);

	for (uint32_t i = 1; r->bound && i <= 4 && r->loads[best] > XRING_LOAD_FULL; i++) {
		uint16_t id = snapshot_owner(ring->newest,
					     hash_again((const __u64 *)r->hash_key, f->tuple, i));

		if (id && r->loads[id] < r->loads[best])
			best = id;
	}
	return best;
}

/* ---- packets ---- */

static bool lives(const struct rule_model *r, const struct rule_flow *f, const struct rule_pin *pin)
{
	uint64_t idle = f->udp ? r->udp_idle : r->tcp_idle;

	if (pin->closing && idle > XRING_CLOSING_MS)
		idle = XRING_CLOSING_MS;
	return pin->there && r->now <= pin->seen + idle &&
	       r->generation[pin->backend] == pin->generation;
}

bool rule_valid(const struct rule_model *r, const struct rule_flow *f, const struct rule_pin *pin)
{
	return lives(r, f, pin) && rule_allows(r, f, pin->backend);
}

/* As that; one that is found forbidden is forgotten, whatever is allowed later. */
static bool find(struct rule_model *r, struct rule_flow *f, struct rule_pin *pin)
{
	if (lives(r, f, pin) && !rule_allows(r, f, pin->backend)) {
		pin->there = false;
		r->pins -= pin == &f->pin;
	}
	return rule_valid(r, f, pin);
}

static uint16_t old_answer(struct rule_model *r, const struct rule_flow *f)
{
	uint16_t old = rule_old(r, f);

	return r->generation[old] && rule_allows(r, f, old) ? old : rule_newest(r, f);
}

/* False where the table is full. */
static bool pin(struct rule_model *r, struct rule_flow *f, uint16_t backend, uint32_t seq)
{
	if (!r->generation[backend])
		return true;
	if (backend != rule_newest(r, f))
		rule_newest_path(r, f).cell->look = true;
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
	bool pinned = find(r, f, &f->pin), shaken = find(r, f, &f->syn);
	uint16_t backend;

	if (pinned && !f->pin.closing) {
		backend = f->pin.backend;
	} else if (shaken && (f->syn.seq == p->seq + 1 || f->syn.confirmed)) {
		f->syn.seen = r->now;
		return f->syn.backend;
	} else {
		backend = new_answer(r, f);
		if (!pinned && !rule_moves(r, f) && backend == rule_newest(r, f))
			return backend;
	}
	if (!r->generation[backend])
		return backend;
	if (backend != rule_newest(r, f))
		rule_newest_path(r, f).cell->look = true;
	f->syn = (struct rule_pin){ .there = true, .backend = backend, .seq = p->seq + 1,
				    .data = p->next - p->seq - 1, .seen = r->now,
				    .generation = r->generation[backend] };
	return backend;
}

static uint16_t confirm(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	uint16_t backend = f->syn.backend;
	bool pinned = rule_valid(r, f, &f->pin);

	if (!pinned && !rule_moves(r, f) && backend == rule_newest(r, f)) {
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
	if (f->pin.backend != rule_newest(r, f))
		rule_newest_path(r, f).cell->look = true;
	f->pin.seen = r->now;
	return f->pin.backend;
}

static uint16_t tcp(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	bool pinned = find(r, f, &f->pin);

	if ((p->flags & (SYN | ACK)) == SYN)
		return syn(r, f, p);
	if ((!pinned || f->pin.closing) && find(r, f, &f->syn) &&
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
		return rule_newest(r, f);
	if (p->flags & RST)
		return old_answer(r, f);
	return keep(r, f, old_answer(r, f), p->next);
}

static uint16_t udp(struct rule_model *r, struct rule_flow *f)
{
	if (find(r, f, &f->pin))
		return follow(r, f);
	if (!rule_moves(r, f))
		return rule_newest(r, f);
	return keep(r, f, udp_is_new(r, f) ? rule_newest(r, f) : old_answer(r, f), 0);
}

/* Does the packet look for a pin? */
static bool is_open(const struct rule_model *r, const struct rule_flow *f,
		    const struct rule_packet *p)
{
	bool opens = !f->udp && (p->flags & (SYN | ACK)) == SYN;
	struct rule_path path = rule_newest_path(r, f);
	uint16_t owner = snapshot_owner(path.ring->newest, path.hash);

	return rule_moves(r, f) || path.cell->look || (f->key && f->key->newest.backend) ||
	       (opens && r->bound && r->loads[owner] > XRING_LOAD_FULL);
}

/* 0 where the client's rule forbids what the rest came to. */
uint16_t rule_answer(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	uint16_t id;

	if (!is_open(r, f, p))
		id = rule_newest(r, f);
	else
		id = f->udp ? udp(r, f) : tcp(r, f, p);
	return rule_allows(r, f, id) ? id : 0;
}
