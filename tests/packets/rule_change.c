// SPDX-License-Identifier: GPL-2.0-or-later
/* How classes, keys and cells begin to move, and settle. */
#include "rule.h"

#include <stdlib.h>

static void snapshot_put(struct snapshot *s)
{
	if (!s || --s->uses)
		return;
	ring_clear(&s->ring);
	free(s);
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

void rule_class_set(struct rule_model *r, struct rule_class *class, uint8_t ring)
{
	if (ring == class->newest)
		return;
	if (!class->moving) {
		class->moving = true;
		class->udp_new = class->held = false;
		class->since = r->now / 100;
		class->old = class->newest;
	}
	class->newest = ring;
	class->walked = false;
}

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

void rule_change(struct rule_model *r, unsigned ring, struct snapshot *next, bool keep)
{
	struct rule_ring *of = &r->rings[ring];
	unsigned shift = 32 - of->bits;
	size_t i = 0, j = 0;

	next->uses = 1;
	for (uint32_t c = 0; c < 1u << of->bits; c++) {
		struct rule_cell *cell = &of->cells[c];
		uint32_t first = c << shift;

		if (!differ(of->newest, next, first, first + ((1u << shift) - 1), &i, &j))
			continue;
		if (cell->moving) {
			cell->look = true;
		} else if (keep) {
			cell->moving = true;
			cell->udp_new = cell->held = false;
			cell->since = r->now / 100;
			cell->old = of->newest;
			cell->old->uses++;
		}
	}
	snapshot_put(of->newest);
	of->newest = next;
}

/* Of what moves: what is to become of its flags; true where it has settled. */
static bool settle(const struct rule_model *r, uint32_t *since, bool *udp_new, bool *held,
		   bool walked)
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

static void ring_settle(struct rule_model *r, struct rule_ring *ring)
{
	for (uint32_t c = 0; c < 1u << ring->bits; c++) {
		struct rule_cell *cell = &ring->cells[c];

		if (!cell->moving ||
		    !settle(r, &cell->since, &cell->udp_new, &cell->held, true))
			continue;
		cell->moving = false;
		snapshot_put(cell->old);
		cell->old = NULL;
	}
}

void rule_settle(struct rule_model *r)
{
	for (unsigned i = 0; i < r->ring_count; i++)
		ring_settle(r, &r->rings[i]);
	for (size_t k = 0; k < r->key_count; k++) {
		struct rule_key *key = &r->keys[k];

		if (key->moving && settle(r, &key->since, &key->udp_new, &key->held, key->walked)) {
			key->moving = false;
			key->old = (struct rule_side){};
		}
	}
	for (size_t k = 0; k < r->class_count; k++) {
		struct rule_class *class = &r->classes[k];

		if (class->moving && settle(r, &class->since, &class->udp_new, &class->held,
					    class->walked))
			class->moving = false;
	}
}

/* What a walk finds of one pin: does the cell need LOOK for it? */
static bool walk_pin(struct rule_model *r, struct rule_flow *f, struct rule_pin *pin, bool open,
		     bool spare)
{
	bool valid = rule_valid(r, f, pin);
	bool differs = open && valid && pin->backend != rule_newest(r, f);

	if (pin->there && spare && !differs && !(valid && rule_moves(r, f))) {
		pin->there = false;
		r->pins--;
	}
	return differs;
}

/* Opened flows keep their pins while the tuple is kept, whatever they say. */
static void walk_flow(struct rule_model *r, struct rule_flow *f)
{
	struct rule_cell *c = rule_newest_path(r, f).cell;
	uint16_t now = rule_newest(r, f);
	bool open = rule_moves(r, f) || c->look || (f->key && f->key->newest.backend);
	bool needed = open && rule_valid(r, f, &f->homeless) && f->homeless.backend != now;

	for (int i = 0; i < RULE_SYNS; i++)
		needed |= open && rule_shakes(r, f, &f->syns[i]) &&
			  f->syns[i].pin.backend != now;
	needed |= walk_pin(r, f, &f->opened[1], open, !f->kept.there);
	needed |= walk_pin(r, f, &f->opened[0], open, !f->kept.there && !f->opened[1].there);
	needed |= walk_pin(r, f, &f->kept, open, true);
	c->look |= needed;
	c->needed |= needed;
}

static void look_clear(struct rule_ring *ring)
{
	for (uint32_t c = 0; c < 1u << ring->bits; c++)
		ring->cells[c].look &= ring->cells[c].moving || ring->cells[c].needed;
}

/* LOOK goes only while neither keys nor classes move. */
void rule_walk(struct rule_model *r)
{
	bool moving = false;

	for (unsigned i = 0; i < r->ring_count; i++)
		for (uint32_t c = 0; c < 1u << r->rings[i].bits; c++)
			r->rings[i].cells[c].needed = false;
	for (size_t i = 0; i < r->flow_count; i++)
		walk_flow(r, &r->flows[i]);
	for (size_t k = 0; k < r->key_count; k++) {
		r->keys[k].walked = true;
		moving |= r->keys[k].moving;
	}
	for (size_t k = 0; k < r->class_count; k++) {
		r->classes[k].walked = true;
		moving |= r->classes[k].moving;
	}
	for (unsigned i = 0; !moving && i < r->ring_count; i++)
		look_clear(&r->rings[i]);
}

static void cells_free(struct rule_ring *ring)
{
	for (uint32_t c = 0; c < 1u << ring->bits; c++)
		snapshot_put(ring->cells[c].old);
	free(ring->cells);
}

void rule_refine(struct rule_model *r, unsigned ring, unsigned bits)
{
	struct rule_cell *fine = calloc((size_t)1 << bits, sizeof(*fine));
	struct rule_ring *of = &r->rings[ring];

	for (uint32_t c = 0; c < 1u << bits; c++) {
		fine[c] = of->cells[c >> (bits - of->bits)];
		if (fine[c].old)
			fine[c].old->uses++;
	}
	cells_free(of);
	of->cells = fine;
	of->bits = bits;
}

void rule_clear(struct rule_model *r)
{
	for (unsigned i = 0; i < r->ring_count; i++) {
		cells_free(&r->rings[i]);
		snapshot_put(r->rings[i].newest);
	}
}
