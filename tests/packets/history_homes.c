// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which clients are whose: networks come and go, and go from one ring to another. What is
 * to be done for it is this. A network that comes has the state of the one that it is in,
 * and moves from there; one that goes follows the one that it is in, and is there until
 * neither of them moves any more.
 */
#include <xring/lpm.h>

#include "history_parts.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/lpm/runs.h"
#include "xring.skel.h"

#define COUNTERS 8			/* of a ring: one, and one by region */

/* ---- who is in whom ---- */

static size_t home_index(const struct history *h, const struct network *home)
{
	return 1 + (home - h->homes) * SIDES;
}

static struct rule_class *class_of(struct history *h, const struct network *home, unsigned side)
{
	return &h->rule_classes[home_index(h, home) + (home->ingresses ? side : 0)];
}

/* The longest network that an address is in, of those shorter than that; or that of all. */
static struct network *home_find(const struct history *h, const struct address *a, int below)
{
	const struct network *best = &h->homes[HOME_SELF];

	for (int i = 1; i < HOMES; i++) {
		const struct network *home = &h->homes[i];

		if (home->there && home->prefix.bits < below &&
		    prefix_covers(&home->prefix, a) &&
		    (best == &h->homes[HOME_SELF] || home->prefix.bits > best->prefix.bits))
			best = home;
	}
	return (struct network *)best;
}

static struct network *home_cover(const struct history *h, const struct network *home)
{
	return home_find(h, &home->prefix.address, home->prefix.bits);
}

static struct address address_of(const struct client *c)
{
	struct address a = { .family = c->v6 ? AF_INET6 : AF_INET };

	if (c->v6)
		a.bytes[0] = 0xfd;
	memcpy(a.bytes + (c->v6 ? 12 : 0), &c->addr, 4);
	return a;
}

const struct table *home_table(const struct history *h, size_t i)
{
	struct address a = address_of(&h->clients[i]);
	const struct network *home = home_find(h, &a, 129);

	while (home->leaving)
		home = home_cover(h, home);
	return &h->tables[home->wanted[h->clients[i].ingress]];
}

/* ---- words ---- */

static uint64_t word_of(const struct history *h, unsigned table)
{
	const struct table *t = &h->tables[table];
	uint64_t rule = h->rule.rings[table].rule;

	return XRING_CLASS_RING(t->cells.words - h->words, 32 - t->cells.bits) |
	       rule << XRING_CLASS_ALLOWED |
	       (uint64_t)table * COUNTERS << XRING_CLASS_COUNTER | (rule ? XRING_CLASS_STRICT : 0);
}

/* The part that the old word has, too. */
static uint64_t old_part(uint64_t word)
{
	return word & ((1ULL << XRING_CLASS_COUNTER) - 1);
}

static void class_set(struct history *h, size_t index, unsigned table)
{
	uint64_t newest = h->classes[index].newest, word = word_of(h, table);
	uint64_t flags = newest & (XRING_CLASS_MOVING | XRING_CLASS_INGRESS);

	if (xring_class_base(newest) == xring_class_base(word))
		return;
	if (!(newest & XRING_CLASS_MOVING))
		h->classes[index].old = old_part(newest);
	h->classes[index].newest = word | flags | XRING_CLASS_MOVING;
	rule_class_set(&h->rule, &h->rule_classes[index], table);
	h->moves++;
}

static void class_copy(struct history *h, size_t to, size_t from)
{
	h->classes[to].newest = h->classes[from].newest & ~XRING_CLASS_INGRESS;
	h->classes[to].old = h->classes[from].old;
	h->rule_classes[to] = h->rule_classes[from];
}

static void home_inherit(struct history *h, struct network *home, const struct network *cover)
{
	size_t to = home_index(h, home), from = home_index(h, cover);

	home->fresh = false;
	home->ingresses = cover->ingresses;
	for (unsigned side = 0; side < SIDES; side++)
		class_copy(h, to + side, from + (cover->ingresses ? side : 0));
	if (home->ingresses)
		h->classes[to].newest |= XRING_CLASS_INGRESS;
}

/* Doors matter from now on: who comes in at one has the state that all had. */
static void ingresses_open(struct history *h, struct network *home)
{
	size_t index = home_index(h, home);

	for (unsigned side = 1; side < SIDES; side++)
		class_copy(h, index + side, index);
	h->classes[index].newest |= XRING_CLASS_INGRESS;
	home->ingresses = true;
}

/* They do not any more, as soon as all have one state. */
static void ingresses_close(struct history *h, struct network *home)
{
	const struct rule_class *first = class_of(h, home, 0);

	for (unsigned side = 0; side < SIDES; side++)
		if (class_of(h, home, side)->moving ||
		    class_of(h, home, side)->newest != first->newest)
			return;
	h->classes[home_index(h, home)].newest &= ~XRING_CLASS_INGRESS;
	home->ingresses = false;
}

static bool ingresses_wanted(const struct network *home, const struct network *cover)
{
	if (home->leaving)
		return cover->ingresses;
	for (unsigned side = 1; side < SIDES; side++)
		if (home->wanted[side] != home->wanted[0])
			return true;
	return false;
}

static void home_apply(struct history *h, struct network *home)
{
	const struct network *cover = home_cover(h, home);
	size_t index = home_index(h, home);

	if (home->fresh)
		home_inherit(h, home, cover);
	if (ingresses_wanted(home, cover) && !home->ingresses)
		ingresses_open(h, home);
	for (unsigned side = 0; side < (home->ingresses ? SIDES : 1); side++)
		class_set(h, index + side, home->leaving ? class_of(h, cover, side)->newest :
							   home->wanted[side]);
	if (home->ingresses && !ingresses_wanted(home, cover))
		ingresses_close(h, home);
}

/* ---- the table of prefixes ---- */

/* Nested networks become some of which none is in another. */
static size_t disjoint(const struct lpm_entry *from, size_t count, struct lpm_entry **ret)
{
	static const int families[2] = { AF_INET, AF_INET6 };
	struct lpm_entry *all = NULL;
	size_t total = 0;

	for (int f = 0; f < 2; f++) {
		_free_ struct lpm_entry *some = NULL;
		struct runs runs;
		size_t more;

		assert_int_equal(runs_of_prefixes(from, count, families[f], &runs), 0);
		assert_int_equal(runs_prefixes(&runs, families[f], &some, &more), 0);
		all = realloc(all, (total + more + 1) * sizeof(*all));
		memcpy(all + total, some, more * sizeof(*all));
		total += more;
		runs_clear(&runs);
	}
	*ret = all;
	return total;
}

static void homes_publish(struct history *h)
{
	_free_ struct lpm_entry *entries = NULL;
	struct lpm_entry nested[HOMES];
	size_t count = 0;

	for (int i = 1; i < HOMES; i++)
		if (h->homes[i].there)
			nested[count++] = (struct lpm_entry){ h->homes[i].prefix,
							      home_index(h, &h->homes[i]) };
	qsort(nested, count, sizeof(*nested), prefix_order);
	count = disjoint(nested, count, &entries);
	assert_int_equal(lpm_change(&h->lpm, entries, count), 0);
	lpm_pool_reclaim(&h->pool);
}

/* For the model: the prefixes that are there, one by one. */
static void flows_place(struct history *h)
{
	for (size_t i = 0; i < h->rule.flow_count; i++) {
		struct address a = address_of(&h->clients[i]);

		h->flows[i].class = class_of(h, home_find(h, &a, 129), h->clients[i].ingress);
	}
}

/* ---- what happens ---- */

static void wish(struct history *h, struct network *home)
{
	bool by_ingress = h->kind.ingresses && chance(h, 400);

	home->leaving = false;
	home->wanted[0] = draw(h, h->table_count);
	for (unsigned side = 1; side < SIDES; side++)
		home->wanted[side] = by_ingress ? draw(h, h->table_count) : home->wanted[0];
}

static bool home_come(struct history *h, struct network *home)
{
	const struct client *c = &h->clients[draw(h, h->rule.flow_count)];
	struct address a = address_of(c);
	unsigned bits = (c->v6 ? 96 : 0) + (h->kind.hot ? 24 : 19) +
			draw(h, h->kind.hot ? 9 : 14);

	*home = (struct network){ .prefix = prefix_of(&a, bits) };
	for (int i = 1; i < HOMES; i++)
		if (h->homes[i].there && !prefix_compare(&h->homes[i].prefix, &home->prefix))
			return false;
	home->there = home->fresh = true;
	wish(h, home);
	return true;
}

bool homes_change(struct history *h)
{
	struct network *home = &h->homes[draw(h, HOMES)];

	if (!home->there)
		return home_come(h, home);
	if (home != &h->homes[HOME_SELF] && !home->leaving && chance(h, 400))
		home->leaving = true;
	else
		wish(h, home);
	return true;
}

/* The outer before the inner, which may follow them. */
void homes_apply(struct history *h)
{
	for (int bits = 0; h->kind.rules && bits <= 128; bits++)
		for (int i = bits ? 1 : HOME_SELF; i < (bits ? HOMES : 1); i++)
			if (h->homes[i].there && h->homes[i].prefix.bits == bits)
				home_apply(h, &h->homes[i]);
	if (!h->kind.rules)
		return;
	homes_publish(h);
	flows_place(h);
	clients_excuse(h);
}

static void class_settle(struct history *h, size_t index)
{
	const struct rule_class *model = &h->rule_classes[index];
	uint32_t age = now_tenths(h) - model->since;
	struct xring_class *class = &h->classes[index];

	if (!(class->newest & XRING_CLASS_MOVING) || age < UDP_IDLE / 100)
		return;
	if (age < TCP_IDLE / 100 || !model->walked)
		class->old |= XRING_CLASS_UDP_NEW;
	else if (class->old & XRING_CLASS_HELD)
		class->old &= ~(XRING_CLASS_HELD | XRING_CLASS_UDP_NEW);
	else
		class->newest &= ~XRING_CLASS_MOVING;
}

/* Whoever is not there moves no more than the others. */
void homes_settle(struct history *h)
{
	for (size_t i = 1; h->kind.rules && i < CLASSES; i++)
		class_settle(h, i);
}

static bool is_done(struct history *h, const struct network *home)
{
	const struct network *cover = home_cover(h, home);

	for (unsigned side = 0; side < SIDES; side++) {
		const struct rule_class *own = class_of(h, home, side);
		const struct rule_class *its = class_of(h, cover, side);

		if (own->moving || its->moving || own->newest != its->newest)
			return false;
	}
	return true;
}

void homes_retire(struct history *h)
{
	bool gone = false;

	for (int i = 1; h->kind.rules && i < HOMES; i++) {
		struct network *home = &h->homes[i];

		if (!home->there || home->fresh || !home->leaving || !is_done(h, home))
			continue;
		home->there = false;
		gone = true;
	}
	if (!gone)
		return;
	homes_publish(h);
	flows_place(h);
}

void homes_moved(struct history *h, const struct table *t)
{
	unsigned table = t - h->tables;
	uint64_t ring = old_part(word_of(h, table));

	for (size_t i = 1; i < CLASSES; i++) {
		struct xring_class *class = &h->classes[i];

		if (h->rule_classes[i].newest == table)
			class->newest = (class->newest & ~old_part(~0ULL)) | ring;
		if (h->rule_classes[i].old == table)
			class->old = (class->old & ~old_part(~0ULL)) | ring;
	}
}

bool homes_move(const struct history *h)
{
	for (size_t i = 1; h->kind.rules && i < CLASSES; i++)
		if (h->rule_classes[i].moving)
			return true;
	return false;
}

void homes_compare(const struct history *h, unsigned step)
{
	for (size_t i = 1; h->kind.rules && i < CLASSES; i++) {
		const struct rule_class *want = &h->rule_classes[i];
		uint64_t word = h->classes[i].newest, old = h->classes[i].old;

		if (old_part(word) != old_part(word_of(h, want->newest)) ||
		    !!(word & XRING_CLASS_MOVING) != want->moving ||
		    (want->moving && (old_part(old) != old_part(word_of(h, want->old)) ||
				      !!(old & XRING_CLASS_UDP_NEW) != want->udp_new ||
				      !!(old & XRING_CLASS_HELD) != want->held)))
			fail_msg("step %u, class %zu: word %016lx, old %016lx; "
				 "want ring %u, %u%s%s%s", step, i, word, old, want->newest, want->old,
				 want->moving ? " moving" : "", want->udp_new ? " udp_new" : "",
				 want->held ? " held" : "");
	}
}

/* All CPUs. */
static uint64_t placed_read(const struct history *h, uint32_t counter)
{
	struct xring_placed values[64] = {};
	uint64_t sum = 0;

	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(h->skel->maps.xring_placed), &counter,
					     values), 0);
	for (size_t cpu = 0; cpu < ARRAY_SIZE(values); cpu++)
		sum += values[cpu].packets;
	return sum;
}

/* A strict ring says what it dropped; another drops only where nobody is left. */
uint64_t homes_counted(const struct history *h, uint64_t *ret_dropped)
{
	uint64_t sent = 0;

	*ret_dropped = 0;
	for (unsigned t = 0; t < h->table_count; t++) {
		*ret_dropped += placed_read(h, t * COUNTERS);
		assert_int_equal(placed_read(h, t * COUNTERS + 1), 0);
		for (unsigned r = 1; r <= REGIONS; r++) {
			uint64_t count = placed_read(h, t * COUNTERS + 1 + r);

			assert_true(!count || h->tables[t].regions >> r & 1);
			sent += count;
		}
	}
	return sent;
}

/* ---- lives of the daemon ---- */

static void ingresses_find(struct history *h)
{
	h->ingress_ifindex[0] = 1;
	for (unsigned ingress = 1; ingress <= INGRESSES; ingress++) {
		char name[16];

		snprintf(name, sizeof(name), "ingress%u", ingress);
		h->ingress_ifindex[ingress] = if_nametoindex(name);
		assert_int_not_equal(h->ingress_ifindex[ingress], 0);
		h->config->ingresses[ingress - 1] = (uint64_t)h->ingress_ifindex[ingress] << 32 | ingress;
	}
}

static uint32_t *roots(const struct history *h)
{
	return (uint32_t *)h->lines + XRING_LINE_ROOT(NUMBER, 0);
}

static void pool_open(struct history *h)
{
	assert_int_equal(lpm_pool_new(h->lines + XRING_LINE_ROOTS, LINES - XRING_LINE_ROOTS,
				      &h->pool), 0);
}

void homes_open(struct history *h)
{
	if (!h->kind.rules)
		return;
	if (h->kind.ingresses)
		ingresses_find(h);
	pool_open(h);
	lpm_init(&h->lpm, &h->pool, roots(h));
	h->homes[HOME_SELF].there = true;
	h->rule.classes = h->rule_classes;
	h->rule.class_count = CLASSES;
	for (size_t i = 1; i < CLASSES; i++)
		h->classes[i].newest = word_of(h, 0);
}

static void lpm_forget(struct history *h)
{
	for (int f = 0; f < LPM_FAMILIES; f++)
		trie_clear(&h->lpm.tries[f]);
	lpm_pool_clear(&h->pool);
}

/* The next one finds the lines and the roots. */
void homes_restart(struct history *h)
{
	if (!h->kind.rules)
		return;
	lpm_forget(h);
	pool_open(h);
	assert_int_equal(lpm_adopt(&h->lpm, &h->pool, roots(h)), 0);
}

void homes_close(struct history *h)
{
	if (h->kind.rules)
		lpm_forget(h);
}
