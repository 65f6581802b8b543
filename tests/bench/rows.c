// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is measured, and what each packet of it must become. A round runs every
 * row once, so that rows which are held against each other ran within a fraction
 * of a second, and figures are medians of what is said round by round. Every other
 * round goes backwards: what ran before a row is worth some ns (up to 7 between two
 * rows of the same program), and two rounds together say the difference without it.
 */
#include "rows.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xring/hash.h>

#include "changes.h"
#include "clients.h"
#include "keys.h"
#include "object.h"
#include "scale.h"
#include "shapes.h"
#include "stats.h"

#define ROWS_MAX 512
#define BACKENDS 100
#define LOOPBACK 1			/* where a test run's packets come in */
#define ELSEWHERE 2
enum {
	FLOOR_EMPTY,
	FLOOR_SHIFTED,
	FLOOR_TX,
	FLOOR_SWAP,
	FLOOR_ENCAP4,
	FLOOR_ENCAP6,
};
#define PAUSE_US 10000			/* a round, for the rest of the machine */

static const struct mode_case {
	const char *name;
	enum mode mode;
	int family;
	int to_family;
	uint32_t ifindex;
	int grows;
} mode_cases[] = {
	{ "ipip 4in4", MODE_IPIP, AF_INET, AF_INET, LOOPBACK, 20 },
	{ "ipip 6in6", MODE_IPIP, AF_INET6, AF_INET6, LOOPBACK, 40 },
	{ "ipip 4in6", MODE_IPIP, AF_INET, AF_INET6, LOOPBACK, 40 },
	{ "ipip 6in4", MODE_IPIP, AF_INET6, AF_INET, LOOPBACK, 20 },
	{ "ipip 4in4 redirect", MODE_IPIP, AF_INET, AF_INET, ELSEWHERE, 20 },
	{ "l2 IPv4", MODE_L2, AF_INET, AF_INET, LOOPBACK, 0 },
	{ "l2 IPv6", MODE_L2, AF_INET6, AF_INET6, LOOPBACK, 0 },
	{ "nat IPv4", MODE_NAT, AF_INET, AF_INET, LOOPBACK, 0 },
	{ "nat IPv6", MODE_NAT, AF_INET6, AF_INET6, LOOPBACK, 0 },
};
#define MODE_CASES (sizeof(mode_cases) / sizeof(mode_cases[0]))

bool rows_wanted(const char *program, enum traffic traffic, const char *only)
{
	char name[128];

	snprintf(name, sizeof(name), "%s, %s", program, traffic_name(traffic));
	return !only || strstr(name, only);
}

struct row *rows_add(struct rows *rows, const char *program, enum traffic traffic,
		     const struct address *to)
{
	struct row *row = &rows->row[rows->count++];

	if (rows->count > ROWS_MAX)
		fail("more than %d rows", ROWS_MAX);
	*row = (struct row){ .traffic = traffic, .family = to->family,
			     .event = EVENT_NONE, .empty = -1, .shifted = -1, .encap = -1, .other = -1 };
	snprintf(row->program, sizeof(row->program), "%s", program);
	traffic_stream(traffic, to, &row->stream);
	return row;
}

int rows_index(const struct rows *rows, const char *program, enum traffic traffic)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].traffic == traffic && !strcmp(rows->row[i].program, program))
			return i;
	return -1;
}

const struct row *rows_find(const struct rows *rows, const char *program, enum traffic traffic)
{
	int i = rows_index(rows, program, traffic);

	return i < 0 ? NULL : &rows->row[i];
}

static const struct floor {
	const char *symbol;
	const char *name;
	uint32_t verdict;
	int grows;
	bool shift;
} floors[] = {
	[FLOOR_EMPTY] = { "floor_empty", "empty", XDP_PASS, 0, false },
	[FLOOR_SHIFTED] = { "floor_empty", "empty, head shifted", XDP_PASS, 0, true },
	[FLOOR_TX] = { "floor_tx", "return XDP_TX", XDP_TX, 0, false },
	[FLOOR_SWAP] = { "floor_swap", "swap MACs", XDP_TX, 0, false },
	[FLOOR_ENCAP4] = { "floor_encap4", "encapsulation 20", XDP_TX, 20, false },
	[FLOOR_ENCAP6] = { "floor_encap6", "encapsulation 40", XDP_TX, 40, false },
};

static int add_floor(struct rows *rows, int which, int family, enum traffic traffic)
{
	const struct floor *floor = &floors[which];
	struct address nobody = world_address(family, ADDRESS_VIP, 0xffff);
	char program[48];
	struct row *row;
	int i;

	snprintf(program, sizeof(program), "%s, IPv%d", floor->name, family == AF_INET ? 4 : 6);
	i = rows_index(rows, program, traffic);
	if (i >= 0)
		return i;
	row = rows_add(rows, program, traffic, &nobody);
	row->fd = object_program(rows->floors, floor->symbol);
	row->verdict = floor->verdict;
	row->grows = floor->grows;
	row->shift = floor->shift;
	return row - rows->row;
}

/* The rows that a row is held against. */
void rows_baselines(struct rows *rows, size_t i)
{
	int family = rows->row[i].family, grows = rows->row[i].grows;
	enum traffic traffic = rows->row[i].traffic;
	bool six = grows ? grows == 40 : family == AF_INET6;
	int empty = add_floor(rows, FLOOR_EMPTY, family, traffic);
	int shifted = add_floor(rows, FLOOR_SHIFTED, family, traffic);
	int encap = add_floor(rows, six ? FLOOR_ENCAP6 : FLOOR_ENCAP4, family, traffic);

	rows->row[shifted].empty = rows->row[encap].empty = rows->row[i].empty = empty;
	rows->row[encap].shifted = rows->row[i].shifted = shifted;
	rows->row[i].encap = encap;
}

static void add_xring(struct rows *rows, struct world *world, const char *prefix,
		      const struct mode_case *c, struct served *service,
		      enum traffic traffic)
{
	char program[48];
	struct row *row;
	size_t i;

	snprintf(program, sizeof(program), "%s%s", prefix, c->name);
	row = rows_add(rows, program, traffic, &service->vip);
	row->fd = world->program;
	row->world = world;
	row->service = service;
	row->grows = c->grows;
	row->verdict = c->ifindex == LOOPBACK ? XDP_TX : XDP_REDIRECT;
	row->counter = c->ifindex == LOOPBACK ? XRING_CNT_TX : XRING_CNT_TX_REDIRECT;
	i = row - rows->row;
	row->other = *prefix ? rows_index(rows, c->name, traffic) : -1;
	rows_baselines(rows, i);
}

static void add_pass(struct rows *rows, struct world *world, const char *prefix, int family,
		     bool replies, const char *only)
{
	struct address nobody = world_address(family, ADDRESS_VIP, 0xffff);
	enum traffic traffic = TRAFFIC_THOUSAND;
	char name[40], program[48];
	struct row *row;
	size_t i;

	snprintf(name, sizeof(name), "pass IPv%d%s", family == AF_INET ? 4 : 6,
		 replies ? ", nat in use" : "");
	if (!rows_wanted(name, traffic, only))
		return;
	snprintf(program, sizeof(program), "%s%s", prefix, name);
	row = rows_add(rows, program, traffic, &nobody);
	row->fd = world->program;
	row->world = world;
	row->verdict = XDP_PASS;
	row->counter = XRING_CNT_PASS_NO_SERVICE;
	row->replies = replies;
	i = row - rows->row;
	row->other = *prefix ? rows_index(rows, name, traffic) : -1;
	rows_baselines(rows, i);
}

static void add_world(struct rows *rows, const char *path, const char *prefix, const char *only)
{
	struct served *services = calloc(MODE_CASES, sizeof(*services));
	struct world *world = malloc(sizeof(*world));

	if (!services || !world)
		fail("out of memory");
	world_open(path, world);
	for (size_t i = 0; i < MODE_CASES; i++) {
		const struct mode_case *c = &mode_cases[i];

		services[i] = (struct served){
			.mode = c->mode,
			.family = c->family,
			.to_family = c->to_family,
			.backend_count = BACKENDS,
			.ifindex = c->ifindex,
		};
		world_serve(world, &services[i]);
		for (int traffic = 0; traffic < TRAFFIC_KINDS; traffic++)
			if (rows_wanted(c->name, traffic, only))
				add_xring(rows, world, prefix, c, &services[i], traffic);
	}
	world_publish(world);
	add_pass(rows, world, prefix, AF_INET, false, only);
	add_pass(rows, world, prefix, AF_INET6, false, only);
	add_pass(rows, world, prefix, AF_INET, true, only);
}

static void add_floors(struct rows *rows, int family)
{
	int empty = add_floor(rows, FLOOR_EMPTY, family, TRAFFIC_ONE);
	int tx = add_floor(rows, FLOOR_TX, family, TRAFFIC_ONE);
	int swap = add_floor(rows, FLOOR_SWAP, family, TRAFFIC_ONE);

	rows->row[tx].empty = rows->row[swap].empty = empty;
}

void rows_new(const char *directory, char *const *objects, size_t object_count,
	      const char *only, struct rows *ret)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/floor.bpf.o", directory);
	*ret = (struct rows){
		.row = calloc(ROWS_MAX, sizeof(*ret->row)),
		.floors = object_load(path),
	};
	if (!ret->row)
		fail("out of memory");
	if (!only) {
		add_floors(ret, AF_INET);
		add_floors(ret, AF_INET6);
	}
	for (size_t i = 0; i < object_count; i++) {
		char prefix[24] = "";

		if (i)
			snprintf(prefix, sizeof(prefix), "%zu: ", i);
		add_world(ret, objects[i], prefix, only);
	}
	changes_add(ret, objects[0], only);
	keys_add(ret, objects[0], only);
	clients_add(ret, objects[0], only);
	scale_add(ret, objects[0], only);
	shapes_add(ret, objects[0], only);
}

static uint16_t load16(const uint8_t *at)
{
	uint16_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* The backend that the flow of this frame, as it left, belongs to. */
static uint32_t owner_of(const struct row *row, const uint8_t *frame)
{
	const struct served *service = row->service;
	const uint64_t *key = (const uint64_t *)row->world->config->hash_key;
	const uint8_t *ip = frame + 14 + row->grows;
	const uint8_t *tcp = ip + (row->family == AF_INET ? 20 : 40);
	__u64 ports = XRING_PORTS(load16(tcp), htons(WORLD_PORT), IPPROTO_TCP);
	__u64 src[2] = {}, dst[2];
	uint32_t hash;

	memcpy(dst, service->vip.bytes, sizeof(dst));
	if (row->family == AF_INET) {
		memcpy(src, ip + 12, 4);
		hash = hash_flow4((const __u64 *)key, src[0], dst[0], ports);
	} else {
		memcpy(src, ip + 8, 16);
		hash = hash_flow6((const __u64 *)key, src, dst, ports);
	}
	return row->old ? cells_lookup_old(&service->cells, hash) :
			  cells_lookup(&service->cells, hash);
}

static void check_counters(const struct row *row, const uint64_t *before, const uint64_t *after,
			   uint64_t packets)
{
	for (int i = 0; i < XRING_CNT_MAX; i++) {
		uint64_t want = i == (int)row->counter ? packets : 0;

		if (after[i] - before[i] != want)
			fail("%s, %s: counter %d went up by %lu, want %lu", row->program,
			     traffic_name(row->traffic), i, after[i] - before[i], want);
	}
}

static void check_events(const struct row *row, const uint64_t *before, const uint64_t *after,
			 uint64_t packets)
{
	const char *traffic = traffic_name(row->traffic);
	uint64_t looks = after[XRING_EVENT_LOOKS] - before[XRING_EVENT_LOOKS], got;

	if (row->event == EVENT_NONE) {
		if (looks)
			fail("%s, %s: %lu packets looked for a pin", row->program, traffic, looks);
		return;
	}
	got = after[row->event] - before[row->event];
	if (looks != packets || got != packets)
		fail("%s, %s: %lu packets looked for a pin, event %d of %lu, want %lu",
		     row->program, traffic, looks, row->event, got, packets);
}

static void check_batch(const struct row *row, const struct batch *batch)
{
	uint64_t grown = (batch->packets - 1) * row->grows;
	const char *traffic = traffic_name(row->traffic);
	uint32_t id;

	if (batch->verdict != row->verdict)
		fail("%s, %s: verdict %u, want %u", row->program, traffic, batch->verdict,
		     row->verdict);
	if (batch->grown != grown || batch->bytes != (unsigned)FRAME_BYTES + row->grows)
		fail("%s, %s: packets grown by %lu bytes, want %lu", row->program, traffic,
		     batch->grown, grown);
	if (!row->service || row->spread)
		return;
	id = owner_of(row, batch->frame);
	if (memcmp(batch->frame, row->world->backends[id].t[0].eth, 6))
		fail("%s, %s: the last packet did not go to backend %u, which owns it",
		     row->program, traffic, id);
}

static double run_batch(struct row *row, unsigned round, unsigned packets)
{
	uint64_t before[XRING_CNT_MAX], after[XRING_CNT_MAX];
	uint64_t events[XRING_EVENT_MAX], events_after[XRING_EVENT_MAX];
	int fd = row->loads ? row->loads[round / 2 % LOADS] : row->fd;
	struct batch batch;

	if (row->prepare)
		row->prepare(row, packets);
	if (row->world) {
		world_replies(row->world, row->replies);
		world_counters(row->world, before);
		world_events(row->world, events);
	}
	driver_run(fd, &row->stream, row->traffic, row->shift, packets, &batch);
	check_batch(row, &batch);
	if (row->world) {
		world_counters(row->world, after);
		check_counters(row, before, after, batch.packets);
		world_events(row->world, events_after);
		check_events(row, events, events_after, batch.packets);
	}
	if (row->finish)
		row->finish(row);
	return batch.ns;
}

/* No packet that was counted as forwarded is missing in its service's traffic. */
static void check_traffic(const struct rows *rows, const struct world *world)
{
	uint64_t counters[XRING_CNT_MAX], sent, sum = 0;
	const struct served *last = NULL;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];

		if (row->world != world || !row->service || row->service == last)
			continue;
		last = row->service;	/* the rows of a service stand together */
		sum += world_packets(world, last);
	}
	world_counters(world, counters);
	sent = counters[XRING_CNT_TX] + counters[XRING_CNT_TX_REDIRECT];
	if (sum != sent)
		fail("backends' traffic is %lu packets, %lu were forwarded", sum, sent);
}

void rows_run(struct rows *rows, unsigned rounds, unsigned packets)
{
	rows->rounds = rounds;
	for (size_t i = 0; i < rows->count; i++)
		if (!(rows->row[i].ns = calloc(rounds, sizeof(double))))
			fail("out of memory");
	for (unsigned round = 0; round < rounds; round++) {
		for (size_t i = 0; i < rows->count; i++) {
			size_t at = (i + round) % rows->count;
			struct row *row = &rows->row[round % 2 ? rows->count - 1 - at : at];

			row->ns[round] = run_batch(row, round, packets);
		}
		usleep(PAUSE_US);
	}
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].world && (!i || rows->row[i].world != rows->row[i - 1].world))
			check_traffic(rows, rows->row[i].world);
}
