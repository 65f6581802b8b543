// SPDX-License-Identifier: GPL-2.0-or-later
#include "history.h"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/key.h"
#include "core/pins.h"
#include "core/slots.h"
#include "core/template.h"
#include "core/vips.h"
#include "xring.skel.h"

uint32_t draw(struct history *h, uint32_t below)
{
	h->random = h->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (h->random >> 33) % below;
}

bool chance(struct history *h, uint32_t permille)
{
	return draw(h, 1000) < permille;
}

/* ---- the datapath ---- */

static void *memory(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *at = mmap(NULL, (bytes + page - 1) / page * page, PROT_READ | PROT_WRITE,
			MAP_SHARED, bpf_map__fd(map), 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static void datapath_open(struct history *h)
{
	struct bpf_map *map;

	h->skel = xring_bpf__open();
	assert_non_null(h->skel);
	bpf_object__for_each_map(map, h->skel->obj)
		bpf_map__set_pin_path(map, NULL);
	bpf_map__set_max_entries(h->skel->maps.xring_cells, CELLS);
	bpf_map__set_max_entries(h->skel->maps.xring_spills, SPILLS);
	bpf_map__set_max_entries(h->skel->maps.xring_pins, h->kind.pins);
	h->skel->rodata->clock_stopped = 1;
	assert_int_equal(xring_bpf__load(h->skel), 0);
	h->config = memory(h->skel->maps.xring_config);
	h->backends = memory(h->skel->maps.xring_backends);
	h->words = memory(h->skel->maps.xring_cells);
	h->hot = memory(h->skel->maps.xring_hot);
	h->loads = memory(h->skel->maps.xring_loads);
	assert_int_equal(spill_pool_new(memory(h->skel->maps.xring_spills), SPILLS, &h->spills), 0);
}

/* mode l2: the frame's destination says which backend it went to. */
static void template_write(struct history *h, uint16_t id)
{
	struct xring_template *t = &h->backends[id].t[0];

	*t = (struct xring_template){ .ifindex = 1, .mtu = 1500, .kind = XRING_L2,
				      .eth = { 2, 0, 0, 0, id >> 8, id },
				      .generation = h->generations[id] };
}

static void generation_set(struct history *h, uint16_t id, uint16_t generation)
{
	h->backends[id].t[0].generation = h->rule.generation[id] = generation;
}

static struct key key_of(const struct history *h)
{
	return (struct key){ .kind = h->kind.hot ? KEY_CLIENT : KEY_FLOW };
}

static void vips_publish(struct history *h)
{
	static struct xring_slot *vips;
	struct vip vip[4] = {
		{ { AF_INET, { 10, 200, 1, 1 } }, 80, IPPROTO_TCP },
		{ { AF_INET, { 10, 200, 1, 1 } }, 80, IPPROTO_UDP },
		{ { AF_INET6, { 0xfc, [15] = 1 } }, 80, IPPROTO_TCP },
		{ { AF_INET6, { 0xfc, [15] = 1 } }, 80, IPPROTO_UDP },
	};
	struct service s = { .vips = vip, .vip_count = 4, .mode = MODE_L2,
			     .tcp_idle_ms = TCP_IDLE, .udp_idle_ms = UDP_IDLE,
			     .key = key_of(h), .bound = h->kind.hot ? 1250 : 0 };
	struct slot_ring ring = { h->cells.words - h->words, 32 - h->cells.bits, NUMBER,
				  h->kind.hot };
	struct xring_slot slots[4] = {};
	uint32_t seed;

	vips = memory(h->skel->maps.xring_vips);
	slots_fill(&s, &ring, slots);
	assert_int_equal(vips_build(vips, slots, 4, &seed), 0);
	h->config->vips = seed;
	munmap(vips, sizeof(struct xring_vips));
}

static void extent_take(struct history *h, unsigned bits)
{
	assert_in_range(h->words_used + (2u << bits), 1, CELLS);
	h->cells = (struct cells){ .words = h->words + h->words_used, .bits = bits,
				   .since = h->since + h->words_used / 2,
				   .spills = &h->spills };
	h->words_used += 2u << bits;
}

/* ---- changes, as the daemon makes them ---- */

static uint32_t now_tenths(const struct history *h)
{
	return h->rule.now / 100;
}

static struct snapshot *snapshot_new(const struct history *h, const struct ring_node *nodes)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	assert_int_equal(ring_new(nodes, RULE_NODES, &s->ring), 0);
	for (int i = 0; i < RULE_NODES; i++)
		s->ids[i] = h->nodes[i].id;
	return s;
}

static void refine(struct history *h)
{
	struct cells from = h->cells;

	extent_take(h, from.bits + 1);
	assert_int_equal(cells_refine(&from, &h->cells), 0);
	vips_publish(h);
	cells_refine_flags(&from, &h->cells);
	cells_release(&from);
	spill_pool_reclaim(&h->spills);
	rule_refine(&h->rule, h->cells.bits);
}

/*
 * Brings ring and cells to the nodes' points. crash: the daemon dies after some
 * of its writes, and the next one finds the rest.
 */
static void table_change(struct history *h, const uint32_t *points, enum cells_how how, bool crash)
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
	assert_int_equal(ring_update(&h->ring, nodes, RULE_NODES, &next, &delta, &count), 0);
	while (cells_bits(next.point_count) > h->cells.bits || !cells_fit(&next, h->cells.bits))
		refine(h);
	struct cells_change change = { &next, ids, how, now_tenths(h) };

	if (crash) {
		assert_true(cells_update(&h->cells, &change, delta, count / 2) >= 0);
		cells_adopt(&h->cells, now_tenths(h));
		assert_true(cells_write(&h->cells, &change) >= 0);
	} else {
		assert_true(cells_update(&h->cells, &change, delta, count) >= 0);
	}
	rule_change(&h->rule, snapshot_new(h, nodes), how == CELLS_KEEP);
	spill_pool_reclaim(&h->spills);
	ring_clear(&h->ring);
	h->ring = next;
	free(delta);
}

static uint32_t points_of(const struct node *n)
{
	return n->id && !n->dead && !n->leaving ? n->points : 0;
}

/* ---- hot keys, as the daemon does with them ---- */

static uint16_t key_backend(const struct history *h, const struct rule_side *side)
{
	for (int i = 0; i < RULE_NODES; i++)
		if (h->nodes[i].id && h->nodes[i].id == side->backend)
			return points_of(&h->nodes[i]) ? side->backend : 0;
	return 0;
}

/* The entry of key k becomes what is wanted of it, as far as its backend is there. */
static void key_apply(struct history *h, size_t k)
{
	struct rule_side side = { h->wanted[k].shards, key_backend(h, &h->wanted[k]) };
	uint32_t place;

	if (hot_find(h->hot, NUMBER, h->key_hash[k], &place)) {
		if (!side.shards && !side.backend)
			return;
		if (hot_take(h->hot, NUMBER, h->key_hash[k], &place))
			return;		/* no room: as before */
	}
	if (hot_newest(*hot_word(h->hot, place)) != XRING_HOT_SIDE(side.shards, side.backend))
		hot_change(hot_word(h->hot, place), XRING_HOT_SIDE(side.shards, side.backend));
	rule_key_set(&h->rule, &h->keys[k], side);
}

static void keys_apply(struct history *h)
{
	for (size_t k = 0; h->kind.hot && k < 2 * CLIENTS; k++)
		key_apply(h, k);
}

static void key_change(struct history *h)
{
	size_t k = draw(h, 40);		/* so that many changes meet on some */

	h->splits++;
	switch (draw(h, 3)) {
	case 0:
		h->wanted[k] = (struct rule_side){};
		break;
	case 1:
		h->wanted[k] = (struct rule_side){ 1 + draw(h, 30), 0 };
		break;
	case 2:
		h->wanted[k] = (struct rule_side){ 0, h->nodes[draw(h, 14)].id };
		break;
	}
}

static void keys_settle(struct history *h)
{
	for (size_t k = 0; h->kind.hot && k < 2 * CLIENTS; k++) {
		uint32_t place, age = now_tenths(h) - h->keys[k].since;
		uint64_t *answer;

		if (hot_find(h->hot, NUMBER, h->key_hash[k], &place))
			continue;
		answer = hot_word(h->hot, place);
		if (*answer & XRING_HOT_MOVING && age >= TCP_IDLE / 100 && h->keys[k].walked)
			hot_settle(answer);
		else if (*answer & XRING_HOT_MOVING && age >= UDP_IDLE / 100)
			hot_udp_new(answer);
		if (!(*answer & XRING_HOT_MOVING) && !hot_newest(*answer))
			*answer = 0;
	}
}

static void keys_compare(const struct history *h, unsigned step)
{
	for (size_t k = 0; h->kind.hot && k < 2 * CLIENTS; k++) {
		const struct rule_key *want = &h->keys[k];
		uint64_t answer = 0, side = XRING_HOT_SIDE(want->newest.shards,
							   want->newest.backend);
		uint32_t place;

		if (!hot_find(h->hot, NUMBER, h->key_hash[k], &place))
			answer = *hot_word(h->hot, place);
		if (hot_newest(answer) != side || !!(answer & XRING_HOT_MOVING) != want->moving ||
		    (want->moving && (!!(answer & XRING_HOT_UDP_NEW) != want->udp_new ||
				      !!(answer & XRING_HOT_HELD) != want->held)))
			fail_msg("step %u, key %zu: %016lx; want %u shards, backend %u%s%s%s", step,
				 k, answer, want->newest.shards, want->newest.backend,
				 want->moving ? " moving" : "", want->udp_new ? " udp_new" : "",
				 want->held ? " held" : "");
	}
}

void history_loads(struct history *h)
{
	for (int i = 0; i < RULE_NODES; i++) {
		uint16_t id = h->nodes[i].id;

		if (id && chance(h, 300))
			h->loads[id] = h->rule.loads[id] = draw(h, 1600);
	}
}

struct path history_path(const struct history *h, const struct xring_flow *flow)
{
	const uint64_t *expanded = (const uint64_t *)h->config->hash_key;
	struct key key = key_of(h);
	struct path path = path_of(h->hot, expanded, NUMBER, key_hash_flow(&key, flow, expanded),
				   flow);

	if (!h->rule.generation[path.backend])
		path.backend = 0;
	return path;
}

/* ---- flushes ---- */

void history_flush(struct history *h, bool crash)
{
	uint32_t points[RULE_NODES];
	bool cut = false;

	for (int i = 0; i < RULE_NODES; i++) {
		struct node *n = &h->nodes[i];

		points[i] = n->cut ? 0 : h->ring.node_count ? h->ring.nodes[i].points : 0;
		cut |= n->cut;
		if (n->cut)
			generation_set(h, n->id, 0);
		n->cut = false;
	}
	if (cut)
		table_change(h, points, CELLS_CUT, false);
	for (int i = 0; i < RULE_NODES; i++)
		points[i] = points_of(&h->nodes[i]);
	table_change(h, points, CELLS_KEEP, crash);
	keys_apply(h);
}

static void node_add(struct history *h, struct node *n)
{
	if (!n->id) {
		n->id = ++h->ids;
		assert_in_range(n->id, 1, RULE_IDS - 1);
		h->generations[n->id] = 1;
		template_write(h, n->id);
		h->rule.generation[n->id] = 1;
		n->points = VNODES;
	}
	n->leaving = false;
}

static unsigned alive(const struct history *h)
{
	unsigned count = 0;

	for (int i = 0; i < RULE_NODES; i++)
		count += points_of(&h->nodes[i]) > 0;
	return count;
}

/* The drain time is over: what is still there is cut, the id never comes back. */
static void leave(struct history *h)
{
	for (int i = 0; i < RULE_NODES; i++) {
		struct node *n = &h->nodes[i];

		if (!n->id || !n->leaving || h->rule.now < n->leaves)
			continue;
		generation_set(h, n->id, 0);
		n->id = 0;
		n->leaving = n->dead = n->cut = false;
	}
}

void history_change(struct history *h)
{
	struct node *n = &h->nodes[draw(h, 14)];

	h->changes++;
	if (h->kind.hot && chance(h, 600)) {
		key_change(h);
		return;
	}
	switch (draw(h, 9)) {
	case 0:
	case 1:
		node_add(h, n);
		break;
	case 2:
	case 3:
		if (!points_of(n) || alive(h) < 4)
			break;
		n->leaving = true;	/* removed, or drained */
		n->leaves = h->rule.now + 20000 + draw(h, 200000);
		break;
	case 4:
	case 5:
		for (int i = 0; i < RULE_NODES; i++)
			h->weights_before[i] = h->nodes[i].points;
		if (n->id)
			n->points = 1 + draw(h, 4 * VNODES);
		break;
	case 6:				/* cancelled */
		for (int i = 0; i < RULE_NODES; i++)
			if (h->nodes[i].id && h->weights_before[i])
				h->nodes[i].points = h->weights_before[i];
		break;
	case 7:				/* dies */
		if (!n->id || n->dead || alive(h) < 4)
			break;
		n->dead = n->cut = true;
		h->deaths++;
		break;
	case 8:				/* comes back */
		if (!n->id || !n->dead || n->cut)
			break;
		n->dead = false;
		generation_set(h, n->id, ++h->generations[n->id]);
		break;
	}
}

static bool any_key_moves(const struct history *h)
{
	for (size_t k = 0; k < 2 * CLIENTS; k++)
		if (h->keys[k].moving)
			return true;
	return false;
}

void history_walk(struct history *h)
{
	uint8_t *needed = calloc(cells_count(&h->cells), 1);
	int fds[2] = { bpf_map__fd(h->skel->maps.xring_syns),
		       bpf_map__fd(h->skel->maps.xring_pins) };

	for (int m = 0; m < 2; m++) {
		struct xring_flow *keys = calloc(FLOWS, sizeof(*keys)), key;
		size_t count = 0;

		for (void *from = NULL; !bpf_map_get_next_key(fds[m], from, &key); from = &keys[count - 1])
			keys[count++] = key;
		for (size_t i = 0; i < count; i++) {
			struct xring_pin pin;
			enum pin_fate fate;
			struct path path;

			assert_int_equal(bpf_map_lookup_elem(fds[m], &keys[i], &pin), 0);
			path = history_path(h, &keys[i]);
			fate = pin_judge(&h->cells, &path, &pin,
					 pin.generation == h->rule.generation[pin.backend],
					 h->rule.now * 1000000,
					 keys[i].proto == IPPROTO_TCP ? TCP_IDLE : UDP_IDLE);
			if (fate == PIN_NEEDED) {
				needed[cells_of(&h->cells, path.hash)] = 1;
				cells_look_set(&h->cells, cells_of(&h->cells, path.hash));
			} else if (fate == PIN_GONE && m)
				bpf_map_delete_elem(fds[m], &keys[i]);
		}
		free(keys);
	}
	if (!any_key_moves(h))
		cells_look_clear(&h->cells, needed);
	rule_walk(&h->rule);
	free(needed);
}

/* Every flag, and the old answer's, is what the model says. */
void history_compare(struct history *h, unsigned step)
{
	keys_compare(h, step);
	for (uint32_t c = 0; c < cells_count(&h->cells); c++) {
		const struct rule_cell *want = &h->rule.cells[c];
		uint64_t word = h->cells.words[c], old = *cells_old(&h->cells, c);

		if (!!(word & XRING_MOVING) != want->moving || !!(word & XRING_LOOK) != want->look ||
		    (want->moving && (!!(old & XRING_UDP_NEW) != want->udp_new ||
				      !!(old & XRING_HELD) != want->held)))
			fail_msg("step %u, cell %u: word %016lx, old %016lx; want%s%s%s%s", step, c,
				 word, old, want->moving ? " moving" : "", want->look ? " look" : "",
				 want->moving && want->udp_new ? " udp_new" : "",
				 want->moving && want->held ? " held" : "");
	}
}

void history_begin(struct history *h)
{
	uint32_t points[RULE_NODES];

	for (int i = 0; i < RULE_NODES; i++)
		points[i] = points_of(&h->nodes[i]);
	table_change(h, points, CELLS_CUT, false);
}

void history_settle(struct history *h)
{
	struct cells_times t = { now_tenths(h), UDP_IDLE / 100, TCP_IDLE / 100 };
	struct cells_step done;

	cells_settle(&h->cells, &t, &done);
	keys_settle(h);
	rule_settle(&h->rule);
	leave(h);
}

/* A new life of the daemon. */
void history_restart(struct history *h)
{
	uint32_t was = h->cells.moving;

	cells_adopt(&h->cells, now_tenths(h));
	assert_int_equal(h->cells.moving, was);
}

void history_open(struct history *h, uint64_t seed, const struct history_kind *kind)
{
	static const uint8_t key[HASH_KEY_BYTES] = { 1, 2, 3 };
	static const struct ring empty;

	memset(h, 0, sizeof(*h));
	h->random = seed;
	h->kind = *kind;
	datapath_open(h);
	hash_expand(key, (uint64_t *)h->config->hash_key);
	h->config->abi = XRING_ABI;
	h->since = calloc(CELLS / 2, sizeof(*h->since));
	h->ring = empty;
	extent_take(h, 9);
	h->rule = (struct rule_model){ .bits = 9, .tcp_idle = TCP_IDLE, .udp_idle = UDP_IDLE,
				 .now = 1000000, .pins_max = kind->pins, .flows = h->flows,
				 .flow_count = FLOWS, .keys = h->keys, .key_count = 2 * CLIENTS,
				 .hash_key = (uint64_t *)h->config->hash_key, .bound = kind->hot };
	h->rule.cells = calloc(1 << 9, sizeof(*h->rule.cells));
	h->rule.newest = calloc(1, sizeof(*h->rule.newest));
	h->rule.newest->uses = 1;
	for (int i = 0; i < RULE_NODES; i++)
		snprintf(h->nodes[i].name, sizeof(h->nodes[i].name), "n%d", i);
	for (int i = 0; i < 6; i++)
		node_add(h, &h->nodes[i]);
	vips_publish(h);
	clients_begin(h);
}

void history_close(struct history *h)
{
	xring_bpf__destroy(h->skel);
	spill_pool_clear(&h->spills);
	ring_clear(&h->ring);
	free(h->since);
}
