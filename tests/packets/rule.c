// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule.h"

#include <stdlib.h>

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

/* ---- what claims a tuple ---- */

static bool lives(const struct rule_model *r, const struct rule_flow *f, const struct rule_pin *pin,
		  uint64_t idle)
{
	if (pin->closing && idle > XRING_CLOSING_MS)
		idle = XRING_CLOSING_MS;
	return pin->there && r->now <= pin->seen + idle &&
	       r->generation[pin->backend] == pin->generation &&
	       rule_allows(r, f, pin->backend);
}

static uint64_t idle_of(const struct rule_model *r, const struct rule_flow *f)
{
	return f->udp ? r->udp_idle : r->tcp_idle;
}

bool rule_valid(const struct rule_model *r, const struct rule_flow *f, const struct rule_pin *pin)
{
	return lives(r, f, pin, idle_of(r, f));
}

bool rule_shakes(const struct rule_model *r, const struct rule_flow *f, const struct rule_syn *syn)
{
	uint64_t idle = idle_of(r, f);

	return lives(r, f, &syn->pin, idle < XRING_SHAKING_MS ? idle : XRING_SHAKING_MS);
}

/* One that is found forbidden is void, whatever is allowed later. */
static void judge(struct rule_model *r, struct rule_flow *f, struct rule_pin *pin)
{
	uint64_t idle = idle_of(r, f);

	if (!pin->there || (pin->closing && r->now > pin->seen + XRING_CLOSING_MS) ||
	    r->now > pin->seen + idle || r->generation[pin->backend] != pin->generation ||
	    rule_allows(r, f, pin->backend))
		return;
	pin->backend = 0;
	pin->generation = XRING_PIN_VOID;
}

/* A second flow stands only beside a first, be that over or not. */
static unsigned flows_of(const struct rule_flow *f)
{
	return f->opened[0].there ? 2 : 1;
}

static bool find(struct rule_model *r, struct rule_flow *f, struct rule_pin *pin)
{
	judge(r, f, pin);
	return rule_valid(r, f, pin);
}

/* A sender has at most sent twice what was seen of it, and what it may send at first. */
bool rule_fits(const struct rule_pin *pin, uint32_t seq)
{
	uint32_t last = pin->base + 2 * pin->sent + XRING_SENT_SLACK;

	if (pin->closing)
		last = pin->expected;
	return seq == pin->base - 1 || seq - pin->base <= last - pin->base;
}

/* A flow that goes on comes before one that is closing. */
static struct rule_pin *fitting(struct rule_model *r, struct rule_flow *f, uint32_t seq,
				bool closing)
{
	for (unsigned i = 0; i < flows_of(f); i++)
		if (rule_valid(r, f, &f->opened[i]) && rule_fits(&f->opened[i], seq) &&
		    f->opened[i].closing == closing)
			return &f->opened[i];
	return NULL;
}

bool rule_remembers(const struct rule_model *r, const struct rule_flow *f, uint32_t seq,
		    uint16_t backend)
{
	for (int i = 0; i < RULE_SYNS; i++)
		if (f->syns[i].number == seq && f->syns[i].pin.backend == backend &&
		    rule_shakes(r, f, &f->syns[i]))
			return true;
	for (unsigned i = 0; i < flows_of(f); i++)
		if (f->opened[i].backend == backend && rule_fits(&f->opened[i], seq) &&
		    rule_valid(r, f, &f->opened[i]))
			return true;
	return (f->kept.backend == backend && rule_valid(r, f, &f->kept)) ||
	       (f->homeless.backend == backend && rule_fits(&f->homeless, seq) &&
		rule_valid(r, f, &f->homeless));
}

static bool tells(const struct rule_model *r, uint64_t ago)
{
	return r->full && r->now < r->full + ago;
}

static void fill(struct rule_model *r)
{
	if (!tells(r, 125))
		r->full = r->now;
}

static uint16_t old_answer(struct rule_model *r, const struct rule_flow *f)
{
	uint16_t old = rule_old(r, f);

	return r->generation[old] && rule_allows(r, f, old) ? old : rule_newest(r, f);
}

static struct rule_pin pin_of(const struct rule_model *r, uint16_t backend, uint32_t base,
			      uint32_t expected)
{
	return (struct rule_pin){ .there = true, .backend = backend, .expected = expected,
				  .base = base, .seen = r->now,
				  .generation = r->generation[backend] };
}

/* False where the table is full. */
static bool pin(struct rule_model *r, struct rule_flow *f, struct rule_pin *to, uint16_t backend,
		uint32_t base, uint32_t expected)
{
	if (!r->generation[backend])
		return true;
	if (backend != rule_newest(r, f))
		rule_newest_path(r, f).cell->look = true;
	if (!to->there && r->pins == r->pins_max) {
		fill(r);
		return false;
	}
	r->pins += !to->there;
	*to = pin_of(r, backend, base, expected);
	return true;
}

/* ---- packets ---- */

static uint16_t keep(struct rule_model *r, struct rule_flow *f, uint16_t backend, uint32_t next)
{
	if (pin(r, f, &f->kept, backend, 0, next))
		return backend;
	hold(r, f);
	return old_answer(r, f);
}

static uint16_t follow(struct rule_model *r, struct rule_flow *f, struct rule_pin *pin)
{
	if (pin->backend != rule_newest(r, f))
		rule_newest_path(r, f).cell->look = true;
	pin->seen = r->now;
	return pin->backend;
}

static struct rule_syn *shaking(struct rule_model *r, struct rule_flow *f, uint32_t number)
{
	for (int i = 0; i < RULE_SYNS; i++) {
		struct rule_syn *syn = &f->syns[i];

		if (!syn->pin.there || syn->number != number)
			continue;
		if (r->now > syn->pin.seen + XRING_SHAKING_MS)
			return NULL;
		judge(r, f, &syn->pin);
		return rule_shakes(r, f, syn) ? syn : NULL;
	}
	return NULL;
}

/* Remembers a SYN in the place of one with its number, or of one that is over. */
static void shake(struct rule_model *r, struct rule_flow *f, uint16_t backend, uint32_t number,
		  uint32_t base)
{
	struct rule_syn *at = NULL;

	for (int i = 0; i < RULE_SYNS; i++) {
		struct rule_syn *syn = &f->syns[i];

		if (syn->pin.there && syn->number == number)
			at = syn;
	}
	for (int i = 0; !at && i < RULE_SYNS; i++)
		if (!f->syns[i].pin.there || r->now > f->syns[i].pin.seen + XRING_SHAKING_MS)
			at = &f->syns[i];
	if (!at)
		abort();
	*at = (struct rule_syn){ number, pin_of(r, backend, base, 0) };
}

static uint16_t syn(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	bool kept = find(r, f, &f->kept), other = kept;
	struct rule_syn *same = shaking(r, f, p->seq + 1);
	bool room = false;
	uint16_t backend = 0;

	if (same) {
		same->pin.seen = r->now;
		return same->pin.backend;
	}
	for (unsigned i = 0; i < flows_of(f); i++) {
		bool there = find(r, f, &f->opened[i]);

		other |= there;
		if (there && !f->opened[i].closing)
			backend = f->opened[i].backend;
		else if (!there || i)
			room = true;
	}
	if (!room || (!backend && tells(r, 1000))) {
		if (rule_valid(r, f, &f->kept)) {
			f->kept.expected = p->next;
			return follow(r, f, &f->kept);
		}
		if (rule_moves(r, f))
			hold(r, f);
		return rule_moves(r, f) ? old_answer(r, f) : rule_newest(r, f);
	}
	if (!backend)
		backend = new_answer(r, f);
	if (!other && !rule_moves(r, f) && backend == rule_newest(r, f))
		return backend;
	if (!r->generation[backend])
		return backend;
	if (backend != rule_newest(r, f))
		rule_newest_path(r, f).cell->look = true;
	shake(r, f, backend, p->seq + 1, p->seq + 1);
	if (p->next != p->seq + 1)
		shake(r, f, backend, p->next, p->seq + 1);
	if (!kept)
		f->opening = pin_of(r, backend, 0, 0);
	return backend;
}

static uint16_t confirm(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p,
			struct rule_syn *syn)
{
	bool other = rule_valid(r, f, &f->kept), others[2];
	uint16_t backend = syn->pin.backend;
	uint32_t base = syn->pin.base;
	struct rule_pin *to = NULL;

	syn->pin.there = false;
	for (unsigned i = 0; i < flows_of(f); i++) {
		others[i] = rule_valid(r, f, &f->opened[i]);
		other |= others[i];
		if (!to && (!others[i] || (i && f->opened[i].closing)))
			to = &f->opened[i];
	}
	if (!other && !rule_moves(r, f) && backend == rule_newest(r, f))
		return backend;
	if (to && !pin(r, f, to, backend, base, p->next))
		f->homeless = pin_of(r, backend, base, p->next);
	return backend;
}

static void advance(struct rule_pin *pin, const struct rule_packet *p)
{
	uint32_t bytes = p->next - p->seq;

	if (p->seq == pin->expected) {
		pin->expected = p->next;
		pin->closing |= !!(p->flags & (FIN | RST));
	}
	if (pin->sent < XRING_SENT_MAX)
		pin->sent += bytes;
	else if ((int32_t)(p->next - pin->base) > (int32_t)XRING_SENT_MAX)
		pin->base += bytes;
}

/* 0: the packet belongs to no flow that was opened here. */
static uint16_t opened(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	struct rule_pin *pin;
	struct rule_syn *syn;

	for (unsigned i = 0; i < flows_of(f); i++)
		if (find(r, f, &f->opened[i]) && !f->opened[i].closing &&
		    rule_fits(&f->opened[i], p->seq))
			break;			/* no other matters */
	pin = fitting(r, f, p->seq, false);
	syn = pin ? NULL : shaking(r, f, p->seq);
	/* One who saw a flow's SYN may send it again. */
	if (syn && !(rule_valid(r, f, &f->kept) && f->kept.expected == p->seq))
		return confirm(r, f, p, syn);
	if (!pin)
		pin = fitting(r, f, p->seq, true);
	if (!pin && tells(r, r->tcp_idle)) {
		judge(r, f, &f->homeless);
		if (rule_valid(r, f, &f->homeless) && rule_fits(&f->homeless, p->seq))
			pin = &f->homeless;
	}
	if (!pin && r->now < r->returning && !rule_valid(r, f, &f->kept) &&
	    rule_valid(r, f, &f->opened[0]) && !f->opened[0].closing) {
		pin = &f->opened[0];
		pin->base = p->seq - pin->sent;
	}
	if (!pin)
		return 0;
	advance(pin, p);
	return follow(r, f, pin);
}

/* A client closes what a server, to which its SYN went, still has of another connection. */
static bool disowns(const struct rule_model *r, const struct rule_flow *f,
		    const struct rule_packet *p)
{
	const struct rule_pin *to = &f->opening;

	return (p->flags & (RST | ACK)) == RST && to->there &&
	       r->now <= to->seen + XRING_SHAKING_MS && r->generation[to->backend] &&
	       rule_allows(r, f, to->backend);
}

static uint16_t tcp(struct rule_model *r, struct rule_flow *f, const struct rule_packet *p)
{
	bool kept = find(r, f, &f->kept);
	uint16_t backend;

	if ((p->flags & (SYN | ACK)) == SYN)
		return syn(r, f, p);
	backend = opened(r, f, p);
	if (backend)
		return backend;
	if (kept) {
		f->kept.expected = p->next;
		return follow(r, f, &f->kept);
	}
	if (disowns(r, f, p))
		return f->opening.backend;
	if (!rule_moves(r, f))
		return rule_newest(r, f);
	if (p->flags & RST)
		return old_answer(r, f);
	return keep(r, f, old_answer(r, f), p->next);
}

static uint16_t udp(struct rule_model *r, struct rule_flow *f)
{
	if (find(r, f, &f->kept))
		return follow(r, f, &f->kept);
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
