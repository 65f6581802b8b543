// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/hot/path.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/ring/moving_cells.h"
#include "core/ring/spills.h"
#include "history.h"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "core/hot/pins.h"
#include "core/vip/template.h"
#include "asked.h"
#include "history_parts.h"
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
	bpf_map__set_max_entries(h->skel->maps.xring_lines, LINES);
	h->skel->rodata->clock_stopped = 1;
	assert_int_equal(xring_bpf__load(h->skel), 0);
	if (h->kind.asked)
		h->asked = asked_open(h->skel->obj, true);
	h->vips = memory(h->skel->maps.xring_vips);
	h->config = &h->vips->config;
	h->backends = memory(h->skel->maps.xring_templates);
	h->words = memory(h->skel->maps.xring_cells);
	h->hot = memory(h->skel->maps.xring_hot);
	h->loads = memory(h->skel->maps.xring_loads);
	h->classes = memory(h->skel->maps.xring_classes);
	h->places = memory(h->skel->maps.xring_places);
	h->lines = memory(h->skel->maps.xring_lines);
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

struct key key_of(const struct history *h)
{
	return (struct key){ .kind = h->kind.hot ? KEY_CLIENT : KEY_FLOW };
}

void history_loads(struct history *h)
{
	for (int i = 0; i < RULE_NODES; i++) {
		uint16_t id = h->nodes[i].id;

		if (id && chance(h, 300))
			h->loads[id] = h->rule.loads[id] = draw(h, 1600);
	}
}

/* The flow's newest path, by core/. */
static struct path flow_path(const struct history *h, const struct xring_flow *flow,
			     const struct rule_flow *of)
{
	const uint64_t *expanded = (const uint64_t *)h->config->hash_key;
	struct key key = key_of(h);
	struct path path = path_of(h->hot, expanded, NUMBER, key_hash_flow(&key, flow, expanded),
				   flow);

	if (!h->rule.generation[path.backend] || !rule_allows(&h->rule, of, path.backend))
		path.backend = 0;
	path.moving |= of->class && of->class->moving;
	return path;
}

/* ---- flushes ---- */

void history_flush(struct history *h, bool crash)
{
	for (int i = 0; i < RULE_NODES; i++)
		if (h->nodes[i].cut)
			generation_set(h, h->nodes[i].id, 0);
	tables_cut(h);
	for (int i = 0; i < RULE_NODES; i++)
		h->nodes[i].cut = false;
	tables_flush(h, CELLS_KEEP, crash);
	homes_apply(h);
	keys_apply(h);
}

static bool node_add(struct history *h, struct node *n)
{
	bool anew = !n->id || n->leaving;

	if (!n->id) {
		n->id = ++h->ids;
		assert_in_range(n->id, 1, RULE_IDS - 1);
		h->generations[n->id] = 1;
		template_write(h, n->id);
		h->rule.generation[n->id] = 1;
		n->points = VNODES;
		n->gains = 0;
		place_write(h, n);
	}
	n->leaving = false;
	return anew;
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

/* Of who is sent where. */
static bool rules_change(struct history *h)
{
	switch (draw(h, 24)) {
	case 0:
	case 1:
	case 2:
		schedule_change(h);
		return true;
	case 3:
		return node_relocate(h, &h->nodes[draw(h, 14)]);
	default:
		return homes_change(h);
	}
}

/* It is removed, or drained. */
static bool node_drain(struct history *h, struct node *n)
{
	if (!points_of(n) || alive(h) < h->kind.least)
		return false;
	n->leaving = true;
	n->leaves = h->rule.now + 20000 + draw(h, 200000);
	h->drains++;
	return true;
}

static bool node_reweigh(struct history *h, struct node *n)
{
	for (int i = 0; i < RULE_NODES; i++)
		h->weights_before[i] = h->nodes[i].points;
	if (n->id)
		n->points = 1 + draw(h, (h->kind.rules ? 2 : 4) * VNODES);
	return n->id;
}

static bool weights_cancel(struct history *h)
{
	bool any = false;

	for (int i = 0; i < RULE_NODES; i++) {
		struct node *n = &h->nodes[i];

		if (!n->id || !h->weights_before[i])
			continue;
		any |= n->points != h->weights_before[i];
		n->points = h->weights_before[i];
	}
	return any;
}

static bool node_die(struct history *h, struct node *n)
{
	if (!n->id || n->dead || alive(h) < h->kind.least)
		return false;
	n->dead = n->cut = true;
	h->deaths++;
	return true;
}

static bool node_return(struct history *h, struct node *n)
{
	if (!n->id || !n->dead || n->cut)
		return false;
	n->dead = false;
	generation_set(h, n->id, ++h->generations[n->id]);
	h->returns++;
	return true;
}

bool history_change(struct history *h)
{
	struct node *n = &h->nodes[draw(h, 14)];

	h->changes++;
	if (h->kind.rules && chance(h, h->kind.rules))
		return rules_change(h);
	if (h->kind.hot && chance(h, 600))
		return key_change(h);
	switch (draw(h, 9)) {
	case 0:
	case 1:
		return node_add(h, n);
	case 2:
	case 3:
		return node_drain(h, n);
	case 4:
	case 5:
		return node_reweigh(h, n);
	case 6:
		return weights_cancel(h);
	case 7:
		return node_die(h, n);
	default:
		return node_return(h, n);
	}
}

/* What the walk makes of one pin, whose key in the map begins with its flow. */
static enum pin_fate pin_see(struct history *h, const struct xring_flow *flow, int fd,
			     uint8_t **needed)
{
	const struct rule_flow *of = &h->flows[ntohs(flow->ports) - PORT_FIRST];
	struct path path = flow_path(h, flow, of);
	struct table *t = &h->tables[of->class ? of->class->newest : 0];
	struct xring_pin pin;
	uint32_t idle = flow->proto == IPPROTO_TCP ? TCP_IDLE : UDP_IDLE;
	enum pin_fate fate;
	bool alive;

	assert_int_equal(bpf_map_lookup_elem(fd, flow, &pin), 0);
	if (fd == bpf_map__fd(h->skel->maps.xring_syns) && !(pin.state & XRING_PIN_CONFIRMED))
		idle = XRING_SHAKING_MS;
	alive = pin.generation == h->rule.generation[pin.backend] &&
		rule_allows(&h->rule, of, pin.backend);
	fate = pin_judge(&t->cells, &path, &pin, alive, h->rule.now * 1000000,
			 idle);
	if (fate == PIN_NEEDED) {
		needed[t - h->tables][cells_of(&t->cells, path.hash)] = 1;
		cells_look_set(&t->cells, cells_of(&t->cells, path.hash));
	}
	return fate;
}

static void syns_walk(struct history *h, uint8_t **needed)
{
	int fd = bpf_map__fd(h->skel->maps.xring_syns);
	struct xring_handshake *keys = calloc(XRING_SYNS, sizeof(*keys)), key;
	size_t count = 0;

	for (void *from = NULL; !bpf_map_get_next_key(fd, from, &key); from = &keys[count - 1])
		keys[count++] = key;
	for (size_t i = 0; i < count; i++)
		pin_see(h, &keys[i].flow, fd, needed);
	free(keys);
}

static bool is_claimed(int fd, const struct xring_flow *flow, enum xring_claim claim)
{
	struct xring_flow key = *flow;
	struct xring_pin pin;

	key.claim = claim;
	return !bpf_map_lookup_elem(fd, &key, &pin);
}

/* As the daemon decides it (pin_walk.c). */
static bool is_spare(int fd, const struct xring_flow *flow)
{
	return flow->claim == XRING_KEPT ||
	       (!is_claimed(fd, flow, XRING_KEPT) &&
		(flow->claim == XRING_REOPENED || !is_claimed(fd, flow, XRING_REOPENED)));
}

/* Opened flows come first, and the second before the first, so that all that may go does. */
static void pins_walk(struct history *h, uint8_t **needed)
{
	int fd = bpf_map__fd(h->skel->maps.xring_pins);
	struct xring_flow *flows = calloc(h->kind.pins, sizeof(*flows)), flow;
	size_t count = 0;

	for (void *from = NULL; !bpf_map_get_next_key(fd, from, &flow); from = &flows[count - 1])
		flows[count++] = flow;
	for (int claim = XRING_CLAIMS - 1; claim >= XRING_KEPT; claim--)
		for (size_t i = 0; i < count; i++)
			if (flows[i].claim == claim &&
			    pin_see(h, &flows[i], fd, needed) == PIN_GONE &&
			    is_spare(fd, &flows[i]))
				bpf_map_delete_elem(fd, &flows[i]);
	free(flows);
}

void history_walk(struct history *h)
{
	uint8_t *needed[RULE_RINGS] = {};

	for (unsigned t = 0; t < h->table_count; t++)
		needed[t] = calloc(cells_count(&h->tables[t].cells), 1);
	syns_walk(h, needed);
	pins_walk(h, needed);
	for (unsigned t = 0; t < h->table_count; t++) {
		if (!keys_move(h) && !homes_move(h))
			cells_look_clear(&h->tables[t].cells, needed[t]);
		free(needed[t]);
	}
	rule_walk(&h->rule);
}

/* Every pin in the map is one of the model's, and has its backend; and there are as many. */
static void pins_compare(const struct history *h, unsigned step)
{
	int fd = bpf_map__fd(h->skel->maps.xring_pins);
	struct xring_flow key;
	uint32_t count = 0;

	for (void *from = NULL; !bpf_map_get_next_key(fd, from, &key); from = &key, count++) {
		unsigned i = ntohs(key.ports) - PORT_FIRST;
		const struct rule_flow *f = &h->flows[i];
		const struct rule_pin *pin = key.claim == XRING_KEPT ? &f->kept :
					     &f->opened[key.claim - XRING_OPENED];
		struct xring_pin is;

		assert_int_equal(bpf_map_lookup_elem(fd, &key, &is), 0);
		if (!pin->there || pin->backend != is.backend)
			fail_msg("step %u, flow %u, claim %u: pinned to %u, the model says %u (%d)",
				 step, i, key.claim, is.backend, pin->backend, pin->there);
	}
	assert_int_equal(count, h->rule.pins);
}

/* Every flag, and the old answer's, is what the model says. */
void history_compare(struct history *h, unsigned step)
{
	keys_compare(h, step);
	homes_compare(h, step);
	tables_compare(h, step);
	if (step % 10 == 0)
		pins_compare(h, step);
}

void history_events(const struct history *h, uint64_t ret[XRING_EVENT_MAX])
{
	for (uint32_t i = 0; i < XRING_EVENT_MAX; i++) {
		uint64_t values[64] = {};

		bpf_map_lookup_elem(bpf_map__fd(h->skel->maps.xring_events), &i, values);
		ret[i] = 0;
		for (size_t cpu = 0; cpu < ARRAY_SIZE(values); cpu++)
			ret[i] += values[cpu];
	}
}

void history_begin(struct history *h)
{
	tables_flush(h, CELLS_CUT, false);
	if (h->kind.rules)
		homes_apply(h);
}

void history_settle(struct history *h)
{
	struct moving_times t = { now_tenths(h), UDP_IDLE / 100, TCP_IDLE / 100 };
	struct cells_step done;

	for (unsigned i = 0; i < h->table_count; i++)
		cells_settle(&h->tables[i].cells, &t, &done);
	keys_settle(h);
	homes_settle(h);
	rule_settle(&h->rule);
	homes_retire(h);
	nodes_gain(h);
	leave(h);
}

/* A new life of the daemon. */
void history_restart(struct history *h)
{
	for (unsigned t = 0; t < h->table_count; t++) {
		uint32_t was = h->tables[t].cells.moving;

		cells_adopt(&h->tables[t].cells, now_tenths(h));
		assert_int_equal(h->tables[t].cells.moving, was);
	}
	homes_restart(h);
}

void history_open(struct history *h, uint64_t seed, const struct history_kind *kind)
{
	static const uint8_t key[HASH_KEY_BYTES] = { 1, 2, 3 };

	memset(h, 0, sizeof(*h));
	h->random = seed;
	h->kind = *kind;
	datapath_open(h);
	hash_expand(key, (uint64_t *)h->config->hash_key);
	h->since = calloc(CELLS / 2, sizeof(*h->since));
	h->rule = (struct rule_model){ .tcp_idle = TCP_IDLE, .udp_idle = UDP_IDLE,
				 .now = 1000000, .pins_max = kind->pins, .flows = h->flows,
				 .flow_count = kind->flows ?: FLOWS,
				 .keys = h->keys, .key_count = 2 * CLIENTS,
				 .hash_key = (uint64_t *)h->config->hash_key, .bound = kind->hot };
	tables_open(h);
	homes_open(h);
	for (int i = 0; i < RULE_NODES; i++) {
		snprintf(h->nodes[i].name, sizeof(h->nodes[i].name), "n%d", i);
		h->nodes[i].region = 1 + i % REGIONS;
	}
	for (int i = 0; i < 6; i++)
		node_add(h, &h->nodes[i]);
	vips_publish(h);
	clients_begin(h);
}

void history_close(struct history *h)
{
	asked_close(h->asked);
	xring_bpf__destroy(h->skel);
	spill_pool_clear(&h->spills);
	for (unsigned t = 0; t < h->table_count; t++)
		ring_clear(&h->tables[t].ring);
	homes_close(h);
	rule_clear(&h->rule);
	free(h->since);
}
