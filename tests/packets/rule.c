// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule.h"

#include <stdlib.h>
#include <string.h>

#include <xring/abi.h>

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

/* ---- packets ---- */

static struct rule_cell *cell_of(struct rule *r, uint32_t hash)
{
	return &r->cells[hash >> (32 - r->bits)];
}

static bool valid(const struct rule *r, const struct rule_flow *f, const struct rule_pin *pin)
{
	uint64_t idle = f->udp ? r->udp_idle : r->tcp_idle;

	if (pin->closing && idle > XRING_CLOSING_MS)
		idle = XRING_CLOSING_MS;
	return pin->there && r->now <= pin->seen + idle &&
	       r->generation[pin->backend] == pin->generation;
}

static uint16_t old_answer(struct rule *r, const struct rule_flow *f)
{
	uint16_t old = snapshot_owner(cell_of(r, f->hash)->old, f->hash);

	return r->generation[old] ? old : snapshot_owner(r->newest, f->hash);
}

/* False where the table is full. */
static bool pin(struct rule *r, struct rule_flow *f, uint16_t backend, uint32_t seq)
{
	if (!r->generation[backend])
		return true;
	if (backend != snapshot_owner(r->newest, f->hash))
		cell_of(r, f->hash)->look = true;
	if (!f->pin.there && r->pins == r->pins_max)
		return false;
	r->pins += !f->pin.there;
	f->pin = (struct rule_pin){ .there = true, .backend = backend, .seq = seq, .seen = r->now,
				    .generation = r->generation[backend] };
	return true;
}

static uint16_t keep(struct rule *r, struct rule_flow *f, uint16_t backend, uint32_t seq)
{
	if (pin(r, f, backend, seq))
		return backend;
	cell_of(r, f->hash)->held = true;
	return old_answer(r, f);
}

static uint16_t syn(struct rule *r, struct rule_flow *f, const struct rule_packet *p)
{
	uint16_t backend = snapshot_owner(r->newest, f->hash);
	bool pinned = valid(r, f, &f->pin);

	if (pinned && !f->pin.closing) {
		backend = f->pin.backend;
	} else if (valid(r, f, &f->syn) && (f->syn.seq == p->seq + 1 || f->syn.confirmed)) {
		f->syn.seen = r->now;
		return f->syn.backend;
	}
	if ((pinned || cell_of(r, f->hash)->moving) && r->generation[backend])
		f->syn = (struct rule_pin){ .there = true, .backend = backend, .seq = p->seq + 1,
					    .data = p->next - p->seq - 1, .seen = r->now,
					    .generation = r->generation[backend] };
	return backend;
}

static uint16_t confirm(struct rule *r, struct rule_flow *f, const struct rule_packet *p)
{
	uint16_t backend = f->syn.backend;
	bool pinned = valid(r, f, &f->pin);

	if (!pinned && !cell_of(r, f->hash)->moving &&
	    backend == snapshot_owner(r->newest, f->hash)) {
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

static uint16_t follow(struct rule *r, struct rule_flow *f)
{
	if (f->pin.backend != snapshot_owner(r->newest, f->hash))
		cell_of(r, f->hash)->look = true;
	f->pin.seen = r->now;
	return f->pin.backend;
}

static uint16_t tcp(struct rule *r, struct rule_flow *f, const struct rule_packet *p)
{
	bool pinned = valid(r, f, &f->pin);

	if ((p->flags & (SYN | ACK)) == SYN)
		return syn(r, f, p);
	if ((!pinned || f->pin.closing) && valid(r, f, &f->syn) &&
	    (p->seq == f->syn.seq || p->seq == f->syn.seq + f->syn.data || f->syn.confirmed))
		return confirm(r, f, p);
	if (pinned) {
		f->pin.closing |= p->flags & (FIN | RST) && p->seq == f->pin.seq;
		if ((int32_t)(p->next - f->pin.seq) > 0)
			f->pin.seq = p->next;
		return follow(r, f);
	}
	if (!cell_of(r, f->hash)->moving)
		return snapshot_owner(r->newest, f->hash);
	if (p->flags & RST)
		return old_answer(r, f);
	return keep(r, f, old_answer(r, f), p->next);
}

static uint16_t udp(struct rule *r, struct rule_flow *f)
{
	struct rule_cell *c = cell_of(r, f->hash);
	uint16_t newest = snapshot_owner(r->newest, f->hash);

	if (valid(r, f, &f->pin))
		return follow(r, f);
	if (!c->moving)
		return newest;
	return keep(r, f, c->udp_new && !c->held ? newest : old_answer(r, f), 0);
}

uint16_t rule_answer(struct rule *r, struct rule_flow *f, const struct rule_packet *p)
{
	struct rule_cell *c = cell_of(r, f->hash);

	if (!c->moving && !c->look)
		return snapshot_owner(r->newest, f->hash);
	return f->udp ? udp(r, f) : tcp(r, f, p);
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

void rule_change(struct rule *r, struct snapshot *next, bool keep)
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

void rule_settle(struct rule *r)
{
	uint32_t settle = (r->tcp_idle > r->udp_idle ? r->tcp_idle : r->udp_idle) / 100;

	for (uint32_t c = 0; c < 1u << r->bits; c++) {
		struct rule_cell *cell = &r->cells[c];
		uint32_t age = r->now / 100 - cell->since;

		if (!cell->moving || age < r->udp_idle / 100)
			continue;
		if (age < settle) {
			cell->udp_new = true;
		} else if (cell->held) {
			cell->held = cell->udp_new = false;
			cell->since = r->now / 100;
		} else {
			cell->moving = false;
			snapshot_put(cell->old);
			cell->old = NULL;
		}
	}
}

void rule_walk(struct rule *r)
{
	bool *needed = calloc((size_t)1 << r->bits, sizeof(*needed));

	for (size_t i = 0; i < r->flow_count; i++) {
		struct rule_flow *f = &r->flows[i];
		struct rule_cell *c = cell_of(r, f->hash);
		uint16_t newest = snapshot_owner(r->newest, f->hash);

		needed[f->hash >> (32 - r->bits)] |=
			(valid(r, f, &f->pin) && f->pin.backend != newest) ||
			(valid(r, f, &f->syn) && f->syn.backend != newest);
		if (!f->pin.there)
			continue;
		if (valid(r, f, &f->pin) &&
		    (c->moving || (c->look && f->pin.backend != newest)))
			continue;
		f->pin.there = false;
		r->pins--;
	}
	for (uint32_t c = 0; c < 1u << r->bits; c++)
		r->cells[c].look &= r->cells[c].moving || needed[c];
	free(needed);
}

void rule_refine(struct rule *r, unsigned bits)
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
