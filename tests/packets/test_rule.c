// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rule of changes: the datapath and core/ against the model in rule.c, packet
 * by packet, in random histories of changes, deaths, returns, cancellations and
 * restarts, with clients that end, come back on the same ports, fall silent, and
 * attackers who forge. And the promise itself, of which the model knows nothing:
 * a flow that lives and speaks never changes its backend.
 *
 * XRING_RULE_STEPS and XRING_RULE_SEED lengthen and choose the histories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xring/hash.h>

#include "base/util.h"
#include "core/cells.h"
#include "core/key.h"
#include "core/pins.h"
#include "core/slots.h"
#include "core/template.h"
#include "core/vips.h"
#include "frame.h"
#include "rule.h"
#include "xring.skel.h"

#define FLOWS 10000
#define STEPS 1000
#define CELLS (1u << 18)
#define SPILLS (1u << 14)
#define TCP_IDLE 90000u
#define UDP_IDLE 20000u
#define STEP_MS 4000u			/* the longest step */
#define VNODES 20

struct node {
	char name[16];
	uint16_t id;			/* 0: not there */
	uint32_t points;		/* that it is to have */
	bool dead, leaving, cut;
	uint64_t leaves;		/* ms */
};

enum life { CLIENT_NEW, CLIENT_SYN, CLIENT_OPEN, CLIENT_CLOSING };

/* A client's end of a flow, and what the promise says of it. */
struct client {
	bool udp, v6;
	uint32_t addr;
	uint16_t port;
	enum life life;
	uint32_t seq;
	uint64_t last;			/* ms: its last packet */
	uint16_t backend, generation;	/* where it lives; 0: nowhere yet */
	bool excused;			/* silent for too long */
	bool attacked;			/* while its handshake was under way */
};

struct history {
	struct xring_bpf *skel;
	struct xring_config *config;
	struct xring_backend *backends;
	uint64_t *words;
	uint32_t words_used;
	struct spill_pool spills;
	struct ring ring;
	struct cells cells;
	uint32_t *since;
	struct node nodes[RULE_NODES];
	uint32_t weights_before[RULE_NODES];	/* for a cancellation */
	uint16_t ids;
	uint16_t generations[RULE_IDS];
	struct rule rule;
	struct client clients[FLOWS];
	struct rule_flow flows[FLOWS];
	struct bpf_test_run_opts opts;
	uint8_t in[96], out[256];
	uint64_t random;
	uint64_t packets, moved, changes, deaths, forged, spoilt;
};

static uint32_t draw(struct history *h, uint32_t below)
{
	h->random = h->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (h->random >> 33) % below;
}

static bool chance(struct history *h, uint32_t permille)
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

static void datapath_open(struct history *h, uint32_t pins)
{
	struct bpf_map *map;

	h->skel = xring_bpf__open();
	assert_non_null(h->skel);
	bpf_object__for_each_map(map, h->skel->obj)
		bpf_map__set_pin_path(map, NULL);
	bpf_map__set_max_entries(h->skel->maps.xring_cells, CELLS);
	bpf_map__set_max_entries(h->skel->maps.xring_spills, SPILLS);
	bpf_map__set_max_entries(h->skel->maps.xring_pins, pins);
	h->skel->rodata->clock_stopped = 1;
	assert_int_equal(xring_bpf__load(h->skel), 0);
	h->config = memory(h->skel->maps.xring_config);
	h->backends = memory(h->skel->maps.xring_backends);
	h->words = memory(h->skel->maps.xring_cells);
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
			     .tcp_idle_ms = TCP_IDLE, .udp_idle_ms = UDP_IDLE };
	struct xring_slot slots[4] = {};
	uint32_t seed;

	vips = memory(h->skel->maps.xring_vips);
	slots_fill(&s, h->cells.words - h->words, 32 - h->cells.bits, slots);
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

static void flush(struct history *h, bool crash)
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

static void one_change(struct history *h)
{
	struct node *n = &h->nodes[draw(h, 14)];

	h->changes++;
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

static void walk(struct history *h)
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

			assert_int_equal(bpf_map_lookup_elem(fds[m], &keys[i], &pin), 0);
			fate = pin_judge(&h->cells, &pin,
					 pin.generation == h->rule.generation[pin.backend],
					 h->rule.now * 1000000,
					 keys[i].proto == IPPROTO_TCP ? TCP_IDLE : UDP_IDLE);
			if (fate == PIN_NEEDED)
				needed[cells_of(&h->cells, pin.hash)] = 1;
			else if (fate == PIN_GONE && m)
				bpf_map_delete_elem(fds[m], &keys[i]);
		}
		free(keys);
	}
	cells_look_clear(&h->cells, needed);
	rule_walk(&h->rule);
	free(needed);
}

/* Every flag, and the old answer's, is what the model says. */
static void compare_cells(struct history *h, unsigned step)
{
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

/* ---- packets ---- */

static uint16_t l4_bytes(const struct client *c, uint32_t bytes)
{
	return htons((c->udp ? 8 : 20) + bytes);
}

static void *ip4_fill(struct history *h, const struct client *c, uint32_t bytes)
{
	struct ethhdr *eth = (void *)h->in;
	struct iphdr *ip = (void *)(eth + 1);

	eth->h_proto = htons(ETH_P_IP);
	*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .saddr = c->addr,
			      .protocol = c->udp ? IPPROTO_UDP : IPPROTO_TCP,
			      .daddr = htonl(0x0ac80101),
			      .tot_len = htons(20 + ntohs(l4_bytes(c, bytes))) };
	return ip + 1;
}

/* The same client's address, at the end of an IPv6 one. */
static void *ip6_fill(struct history *h, const struct client *c, uint32_t bytes)
{
	struct ethhdr *eth = (void *)h->in;
	struct ipv6hdr *ip = (void *)(eth + 1);

	eth->h_proto = htons(ETH_P_IPV6);
	*ip = (struct ipv6hdr){ .version = 6, .hop_limit = 64,
				.nexthdr = c->udp ? IPPROTO_UDP : IPPROTO_TCP,
				.payload_len = l4_bytes(c, bytes) };
	ip->saddr.s6_addr[0] = 0xfd;
	memcpy(ip->saddr.s6_addr + 12, &c->addr, 4);
	ip->daddr.s6_addr[0] = 0xfc;
	ip->daddr.s6_addr[15] = 1;
	return ip + 1;
}

static uint16_t packet(struct history *h, size_t i, uint8_t flags, uint32_t seq, uint32_t bytes)
{
	struct client *c = &h->clients[i];
	struct tcphdr *tcp;
	struct rule_packet p = { flags, seq, seq + bytes + !!(flags & SYN) + !!(flags & FIN) };
	uint16_t got, want;

	memset(h->in, 0, sizeof(h->in));
	tcp = c->v6 ? ip6_fill(h, c, bytes) : ip4_fill(h, c, bytes);
	tcp->source = c->port;
	tcp->dest = htons(80);
	if (!c->udp) {
		tcp->seq = htonl(seq);
		tcp->doff = 5;
		((uint8_t *)tcp)[13] = flags;
	}
	h->opts = (struct bpf_test_run_opts){ .sz = sizeof(h->opts), .data_in = h->in,
		.data_size_in = sizeof(h->in), .data_out = h->out,
		.data_size_out = sizeof(h->out), .repeat = 1 };
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(h->skel->progs.xring), &h->opts), 0);
	h->packets++;
	want = rule_answer(&h->rule, &h->flows[i], &p);
	got = h->opts.retval == XDP_TX ? h->out[4] << 8 | h->out[5] : 0;
	if (got != want)
		fail_msg("flow %zu (%s), flags %02x, seq %u: went to %u, the model says %u", i,
			 c->udp ? "udp" : "tcp", flags, seq, got, want);
	return got;
}

/* No room for its pin, and its old backend dead: such a flow follows the newest answer. */
static bool homeless(const struct history *h, size_t i)
{
	const struct rule_flow *f = &h->flows[i];
	const struct rule_cell *cell = &h->rule.cells[f->hash >> (32 - h->rule.bits)];

	return !f->pin.there && !f->syn.confirmed && cell->moving &&
	       !h->rule.generation[snapshot_owner(cell->old, f->hash)];
}

/* The promise. Where a flow lives is dead or was never told, none is given. */
static void promise(struct history *h, struct client *c, uint16_t backend)
{
	c->excused |= homeless(h, c - h->clients);
	if (!c->backend) {
		c->backend = backend;
		c->generation = h->rule.generation[backend];
		return;
	}
	if (h->rule.generation[c->backend] != c->generation || c->excused)
		return;
	if (backend != c->backend)
		h->moved++;
}

static void client_begin(struct client *c)
{
	c->life = CLIENT_NEW;
	c->backend = 0;
	c->excused = c->attacked = false;
}

/* A forger in the middle of a handshake can spoil it: no connection is there yet. */
static void client_shakes(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];
	uint16_t backend = packet(h, i, ACK, c->seq, 0);

	c->life = CLIENT_OPEN;
	if (backend != c->backend && c->attacked) {
		h->spoilt++;
		client_begin(c);
		return;
	}
	promise(h, c, backend);
}

static uint32_t patience(const struct client *c)
{
	if (c->udp)
		return UDP_IDLE;
	return c->life == CLIENT_CLOSING ? XRING_CLOSING_MS : TCP_IDLE;
}

static void client_udp(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];

	promise(h, c, packet(h, i, 0, 0, 1));
	if (chance(h, 3))
		client_begin(c);
}

static void client_tcp(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];

	switch (c->life) {
	case CLIENT_NEW:
		c->seq = draw(h, UINT32_MAX);
		c->backend = packet(h, i, SYN, c->seq++, 0);
		c->generation = h->rule.generation[c->backend];
		c->life = CLIENT_SYN;
		if (!chance(h, 100))
			return;
		packet(h, i, SYN, c->seq - 1, 0);		/* lost, and again */
		return;
	case CLIENT_SYN:
		client_shakes(h, i);
		return;
	case CLIENT_OPEN:
		if (chance(h, 10)) {
			promise(h, c, packet(h, i, RST | ACK, c->seq, 0));
			client_begin(c);
			return;
		}
		if (chance(h, 30)) {
			promise(h, c, packet(h, i, FIN | ACK, c->seq++, 0));
			c->life = CLIENT_CLOSING;
			return;
		}
		promise(h, c, packet(h, i, ACK, c->seq, 4));
		c->seq += 4;
		return;
	case CLIENT_CLOSING:				/* a download goes on */
		promise(h, c, packet(h, i, ACK, c->seq, 0));
		if (chance(h, 200))
			client_begin(c);		/* the same ports again */
		return;
	}
}

static void attacker(struct history *h, size_t i)
{
	static const uint8_t flags[] = { SYN, SYN, RST, FIN | ACK, ACK, RST | ACK };

	h->forged++;
	h->clients[i].attacked |= h->clients[i].life == CLIENT_SYN;
	packet(h, i, flags[draw(h, ARRAY_SIZE(flags))], draw(h, UINT32_MAX), draw(h, 5));
}

static void flow_hash(struct history *h, size_t i)
{
	const struct client *c = &h->clients[i];
	__u64 ports = XRING_PORTS(c->port, htons(80), c->udp ? IPPROTO_UDP : IPPROTO_TCP);
	const __u64 *key = (__u64 *)h->config->hash_key;
	__u8 src[16] = { 0xfd }, dst[16] = { 0xfc, [15] = 1 };
	__u64 words[4];

	if (!c->v6) {
		h->flows[i].hash = hash_flow4(key, c->addr, htonl(0x0ac80101), ports);
		return;
	}
	memcpy(src + 12, &c->addr, 4);
	memcpy(words, src, 16);
	memcpy(words + 2, dst, 16);
	h->flows[i].hash = hash_flow6(key, words, words + 2, ports);
}

static void clients_step(struct history *h)
{
	for (size_t i = 0; i < FLOWS; i++) {
		struct client *c = &h->clients[i];
		uint64_t silent = h->rule.now - c->last;
		bool speaks = chance(h, c->life == CLIENT_SYN ? 900 : 60);
		bool must = silent + STEP_MS > patience(c) && i % 50;	/* one in 50 may sleep */

		if (c->life != CLIENT_NEW && chance(h, 2) && !c->udp)
			attacker(h, i);
		if (!speaks && !must)
			continue;
		c->excused |= silent > patience(c);
		if (!c->udp)
			client_tcp(h, i);
		else
			client_udp(h, i);
		c->last = h->rule.now;
	}
}

static void flow_begin(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];

	*c = (struct client){ .udp = i % 10 < 3, .v6 = i % 3 == 0, .addr = htonl(0x0a010000 + i),
			      .port = htons(1024 + draw(h, 60000)), .last = h->rule.now };
	h->flows[i].udp = c->udp;
	flow_hash(h, i);
}

static void history_open(struct history *h, uint64_t seed, uint32_t pins)
{
	static const uint8_t key[HASH_KEY_BYTES] = { 1, 2, 3 };
	static const struct ring empty;

	memset(h, 0, sizeof(*h));
	h->random = seed;
	datapath_open(h, pins);
	hash_expand(key, (uint64_t *)h->config->hash_key);
	h->config->abi = XRING_ABI;
	h->since = calloc(CELLS / 2, sizeof(*h->since));
	h->ring = empty;
	extent_take(h, 9);
	h->rule = (struct rule){ .bits = 9, .tcp_idle = TCP_IDLE, .udp_idle = UDP_IDLE,
				 .now = 1000000, .pins_max = pins, .flows = h->flows,
				 .flow_count = FLOWS };
	h->rule.cells = calloc(1 << 9, sizeof(*h->rule.cells));
	h->rule.newest = calloc(1, sizeof(*h->rule.newest));
	h->rule.newest->uses = 1;
	for (int i = 0; i < RULE_NODES; i++)
		snprintf(h->nodes[i].name, sizeof(h->nodes[i].name), "n%d", i);
	for (int i = 0; i < 6; i++)
		node_add(h, &h->nodes[i]);
	vips_publish(h);
	for (size_t i = 0; i < FLOWS; i++)
		flow_begin(h, i);
}

static void history_close(struct history *h)
{
	xring_bpf__destroy(h->skel);
	spill_pool_clear(&h->spills);
	ring_clear(&h->ring);
	free(h->since);
}

static void history_run(struct history *h, unsigned steps)
{
	static const struct cells_times times = { .window = UDP_IDLE / 100,
						  .settle = TCP_IDLE / 100 };
	uint32_t points[RULE_NODES];

	for (int i = 0; i < RULE_NODES; i++)
		points[i] = points_of(&h->nodes[i]);
	table_change(h, points, CELLS_CUT, false);
	for (unsigned step = 0; step < steps; step++) {
		uint32_t step_ms = 500 + draw(h, STEP_MS - 500);
		struct cells_times t = times;
		struct cells_step done;
		uint32_t moves = chance(h, 250) ? 1 + draw(h, 3) : 0;

		h->rule.now += step_ms;
		h->config->clock = h->rule.now * 1000000;
		t.now = now_tenths(h);
		cells_settle(&h->cells, &t, &done);
		rule_settle(&h->rule);
		leave(h);
		for (uint32_t i = 0; i < moves; i++)
			one_change(h);
		if (moves)
			flush(h, chance(h, 200));
		if (chance(h, 50)) {		/* a new life of the daemon */
			uint32_t was = h->cells.moving;

			cells_adopt(&h->cells, now_tenths(h));
			assert_int_equal(h->cells.moving, was);
		}
		clients_step(h);
		if (chance(h, 300))
			walk(h);
		compare_cells(h, step);
	}
}

static unsigned setting(const char *name, unsigned otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static void run_seed(uint64_t seed, uint32_t pins)
{
	struct history *h = malloc(sizeof(*h));
	unsigned steps = setting("XRING_RULE_STEPS", STEPS);
	uint64_t events[XRING_EVENT_MAX] = {};

	history_open(h, seed, pins);
	history_run(h, steps);
	for (uint32_t i = 0; i < XRING_EVENT_MAX; i++) {
		uint64_t values[64] = {};

		bpf_map_lookup_elem(bpf_map__fd(h->skel->maps.xring_events), &i, values);
		for (size_t cpu = 0; cpu < ARRAY_SIZE(values); cpu++)
			events[i] += values[cpu];
	}
	print_message("seed %lu: %u steps, %lu packets, %lu changes, %lu deaths, %lu forged; "
		      "looked %.2f, pins made %lu, confirmed %lu, full %lu; "
		      "handshakes spoilt %lu, moved %lu\n", seed, steps,
		      h->packets, h->changes, h->deaths, h->forged,
		      (double)events[XRING_EVENT_LOOKS] / h->packets, events[XRING_EVENT_MADE],
		      events[XRING_EVENT_CONFIRMED], events[XRING_EVENT_FULL], h->spoilt,
		      h->moved);
	assert_int_equal(h->moved, 0);
	assert_true(events[XRING_EVENT_LOOKS] > 0);
	assert_int_equal(events[XRING_EVENT_FULL] > 0, pins < FLOWS);
	history_close(h);
	free(h);
}

static void no_live_flow_moves_and_the_model_agrees(void **state)
{
	unsigned seed = setting("XRING_RULE_SEED", 1);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		run_seed(seed + i, 2 * FLOWS);
}

static void a_full_table_is_counted_and_moves_no_live_flow(void **state)
{
	(void)state;
	run_seed(setting("XRING_RULE_SEED", 1) + 100, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_live_flow_moves_and_the_model_agrees),
		cmocka_unit_test(a_full_table_is_counted_and_moves_no_live_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
