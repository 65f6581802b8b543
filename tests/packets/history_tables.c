// SPDX-License-Identifier: GPL-2.0-or-later
/* The rings' cells and the slots that lead there, changed as the daemon does it. */
#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "core/ring/moving_cells.h"
#include "core/ring/spills.h"
#include "history_parts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/util.h"
#include "core/vip/slots.h"
#include "core/vip/vips.h"
#include "xring.skel.h"

#define EVERYWHERE (((1u << REGIONS) - 1) << 1)

/* Of a service with rules; the first is for whom none is made. */
static const uint32_t regions[] = {
	EVERYWHERE, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 1 | 1 << 2, EVERYWHERE,
};


void vips_publish(struct history *h)
{
	struct vip vip[4] = {
		{ { AF_INET, { 10, 200, 1, 1 } }, 80, IPPROTO_TCP },
		{ { AF_INET, { 10, 200, 1, 1 } }, 80, IPPROTO_UDP },
		{ { AF_INET6, { 0xfc, [15] = 1 } }, 80, IPPROTO_TCP },
		{ { AF_INET6, { 0xfc, [15] = 1 } }, 80, IPPROTO_UDP },
	};
	struct service s = { .vips = vip, .vip_count = 4, .mode = MODE_L2,
			     .tcp_idle_ms = TCP_IDLE, .udp_idle_ms = UDP_IDLE,
			     .key = key_of(h), .bound = h->kind.hot ? 1250 : 0 };
	const struct cells *cells = &h->tables[0].cells;
	struct slot_ring ring = { cells->words - h->words, 32 - cells->bits, NUMBER, h->kind.hot };
	struct xring_slot slots[4] = {};
	uint32_t seed;

	if (h->kind.rules)
		ring = (struct slot_ring){ 1, 0, NUMBER, h->kind.hot };
	slots_fill(&s, &ring, slots);
	for (int i = 0; h->kind.rules && i < 4; i++)
		slots[i].flags |= XRING_SERVICE_RULES;
	assert_int_equal(vips_build(h->vips->slot, slots, 4, &seed), 0);
	h->config->vips = seed;
}

static void extent_take(struct history *h, struct table *t, unsigned bits)
{
	assert_in_range(h->words_used + (2u << bits), 1, CELLS);
	t->cells = (struct cells){ .words = h->words + h->words_used, .bits = bits,
				   .since = h->since + h->words_used / 2,
				   .spills = &h->spills };
	h->words_used += 2u << bits;
}

void tables_open(struct history *h)
{
	h->table_count = h->rule.ring_count = h->kind.rules ? ARRAY_SIZE(regions) : 1;
	for (unsigned i = 0; i < h->table_count; i++) {
		struct rule_ring *ring = &h->rule.rings[i];
		struct table *t = &h->tables[i];

		extent_take(h, t, h->kind.rules ? 7 : 9);
		t->regions = regions[i];
		for (unsigned r = 0; r <= REGIONS; r++)
			t->percent[r] = 100;
		ring->bits = t->cells.bits;
		ring->rule = t->regions == EVERYWHERE ? 0 : i;
		ring->cells = calloc((size_t)1 << ring->bits, sizeof(*ring->cells));
		ring->newest = calloc(1, sizeof(*ring->newest));
		ring->newest->uses = 1;
	}
}

bool table_allows(const struct history *h, const struct table *t, const struct node *n)
{
	return !h->kind.rules || h->rule.allowed[n->id] >> h->rule.rings[t - h->tables].rule & 1;
}

/* ---- changes ---- */

static struct snapshot *snapshot_new(const struct history *h, const struct ring_node *nodes)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	assert_int_equal(ring_new(nodes, RULE_NODES, &s->ring), 0);
	for (int i = 0; i < RULE_NODES; i++)
		s->ids[i] = h->nodes[i].id;
	return s;
}

static void refine(struct history *h, struct table *t)
{
	struct cells from = t->cells;

	extent_take(h, t, from.bits + 1);
	assert_int_equal(cells_refine(&from, &t->cells), 0);
	if (h->kind.rules)
		homes_moved(h, t);
	else
		vips_publish(h);
	cells_refine_flags(&from, &t->cells);
	cells_release(&from);
	spill_pool_reclaim(&h->spills);
	rule_refine(&h->rule, t - h->tables, t->cells.bits);
}

/*
 * Brings ring and cells to the nodes' points. crash: the daemon dies after some
 * of its writes, and the next one finds the rest.
 */
void table_change(struct history *h, struct table *t, const uint32_t *points,
		  enum cells_how how, bool crash)
{
	struct ring_node nodes[RULE_NODES];
	struct ring_point *delta;
	uint16_t ids[RULE_NODES];
	size_t count;
	struct ring next;

	for (int i = 0; i < RULE_NODES; i++) {
		nodes[i] = (struct ring_node){ h->nodes[i].name, strlen(h->nodes[i].name),
					       points[i] };
		ids[i] = h->nodes[i].id;
	}
	assert_int_equal(ring_update(&t->ring, nodes, RULE_NODES, &next, &delta, &count), 0);
	while (cells_bits(next.point_count) > t->cells.bits || !cells_fit(&next, t->cells.bits))
		refine(h, t);
	struct cells_change change = { &next, ids, how, now_tenths(h) };

	if (crash) {
		assert_true(cells_update(&t->cells, &change, delta, count / 2) >= 0);
		cells_adopt(&t->cells, now_tenths(h));
		assert_true(cells_write(&t->cells, &change) >= 0);
	} else {
		assert_true(cells_update(&t->cells, &change, delta, count) >= 0);
	}
	rule_change(&h->rule, t - h->tables, snapshot_new(h, nodes), how == CELLS_KEEP);
	spill_pool_reclaim(&h->spills);
	ring_clear(&t->ring);
	t->ring = next;
	free(delta);
}

static uint32_t points_now(const struct table *t, int node)
{
	return t->ring.node_count ? t->ring.nodes[node].points : 0;
}

static void table_cut(struct history *h, struct table *t)
{
	uint32_t points[RULE_NODES];
	bool cut = false;

	for (int i = 0; i < RULE_NODES; i++) {
		const struct node *n = &h->nodes[i];

		points[i] = points_now(t, i);
		if (!points[i] || (!n->cut && table_allows(h, t, n)))
			continue;
		points[i] = 0;
		cut = true;
	}
	if (cut)
		table_change(h, t, points, CELLS_CUT, false);
}

void tables_cut(struct history *h)
{
	for (unsigned i = 0; i < h->table_count; i++)
		table_cut(h, &h->tables[i]);
}

void tables_flush(struct history *h, enum cells_how how, bool crash)
{
	for (unsigned t = 0; t < h->table_count; t++) {
		uint32_t points[RULE_NODES];
		bool same = true;

		for (int i = 0; i < RULE_NODES; i++) {
			const struct node *n = &h->nodes[i];

			points[i] = points_of(n) * h->tables[t].percent[n->region] / 100;
			if (!table_allows(h, &h->tables[t], n))
				points[i] = 0;
			same &= points[i] == points_now(&h->tables[t], i);
		}
		if (!same)
			table_change(h, &h->tables[t], points, how, crash);
	}
}

static void table_compare(const struct history *h, unsigned number, unsigned step)
{
	const struct cells *cells = &h->tables[number].cells;

	for (uint32_t c = 0; c < cells_count(cells); c++) {
		const struct rule_cell *want = &h->rule.rings[number].cells[c];
		uint64_t word = cells->words[c], old = *cells_old(cells, c);

		if (!!(word & XRING_MOVING) != want->moving || !!(word & XRING_LOOK) != want->look ||
		    (want->moving && (!!(old & XRING_UDP_NEW) != want->udp_new ||
				      !!(old & XRING_HELD) != want->held)))
			fail_msg("step %u, ring %u, cell %u: word %016lx, old %016lx; want%s%s%s%s",
				 step, number, c, word, old, want->moving ? " moving" : "",
				 want->look ? " look" : "",
				 want->moving && want->udp_new ? " udp_new" : "",
				 want->moving && want->held ? " held" : "");
	}
}

void tables_compare(const struct history *h, unsigned step)
{
	for (unsigned t = 0; t < h->table_count; t++)
		table_compare(h, t, step);
}
