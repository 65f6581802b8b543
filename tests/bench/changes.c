// SPDX-License-Identifier: GPL-2.0-or-later
#include "changes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "object.h"
#include "stats.h"

#define BACKENDS 100
#define PINS_AT_ONCE 65536

/* The services of a world, alike in each of them. */
enum place {
	PLACE_QUIET,			/* never changed */
	PLACE_CLOSED,			/* a change moves some other cells */
	PLACE_MOVING,			/* every cell moves */
	PLACES
};

struct site {
	struct world world;
	struct served services[PLACES];
	/* The same program on the same maps, without the rule and with it */
	int loads[2][LOADS];
};

static void site_twins(struct site *site, const char *path)
{
	for (int i = 0; i < LOADS; i++)
		for (int changes = 0; changes < 2; changes++)
			site->loads[changes][i] = object_program(
				object_load_twin(path, site->world.obj, "changes", changes),
				"xring");
}

static struct site *site_new(const char *path, bool twins)
{
	static const uint32_t joining[PLACES] = {
		[PLACE_CLOSED] = 1, [PLACE_MOVING] = BACKENDS };
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		fail("out of memory");
	world_open(path, &site->world);
	for (int i = 0; i < PLACES; i++) {
		site->services[i] = (struct served){
			.mode = MODE_IPIP,
			.family = AF_INET,
			.to_family = AF_INET,
			.backend_count = BACKENDS + joining[i],
			.joining = joining[i],
			.ifindex = 1,
		};
		world_serve(&site->world, &site->services[i]);
	}
	world_publish(&site->world);
	world_change(&site->services[PLACE_CLOSED], 0, 1);
	world_change(&site->services[PLACE_MOVING], BACKENDS, VNODES_DEFAULT);
	if (twins)
		site_twins(site, path);
	return site;
}

/* ---- what goes before and behind a batch ---- */

/* Every flow of the stream once, in order. */
static void run_flows(const struct row *row, uint8_t syn, uint32_t seq, unsigned packets)
{
	struct stream stream = row->stream;
	struct iphdr *ip = (void *)(stream.frame + ETH_HLEN);
	struct tcphdr *tcp = (void *)(ip + 1);
	struct batch batch;

	stream.flows = stream.fresh = 1;
	ip->tot_len = htons(sizeof(*ip) + sizeof(*tcp));	/* no data */
	tcp->syn = syn;
	tcp->ack = !syn;
	tcp->seq = htonl(seq);
	driver_run(row->fd, &stream, row->traffic, false, packets, &batch);
}

/* The SYNs of the flows whose next packets are timed. */
static void syns_send(struct row *row, unsigned packets)
{
	run_flows(row, 1, 0, packets);
}

static void pins_delete(struct row *row)
{
	static struct xring_flow flows[PINS_AT_ONCE];
	static struct xring_pin pins[PINS_AT_ONCE];
	int fd = object_map(row->world->obj, "xring_pins"), err;
	uint32_t at, *from = NULL, count;

	do {
		count = PINS_AT_ONCE;
		err = bpf_map_lookup_and_delete_batch(fd, from, &at, flows, pins, &count, NULL);
		if (err && err != -ENOENT)
			fail("pins: %s", strerror(-err));
		from = &at;
	} while (!err);
}

/* ---- rows ---- */

static struct row *add(struct rows *rows, struct site *site, enum place place,
		       const char *program, enum traffic traffic)
{
	struct row *row = rows_add(rows, program, traffic, &site->services[place].vip);

	row->fd = site->world.program;
	row->loads = site->loads[1][0] ? site->loads[1] : NULL;
	row->world = &site->world;
	row->service = &site->services[place];
	row->grows = 20;
	row->verdict = XDP_TX;
	row->counter = XRING_CNT_TX;
	return row;
}

/* The packets of a change; each is held against those of a quiet service. */
static const struct change_case {
	const char *program;
	enum traffic traffic;
	enum place place;
	int event;
	bool old;
	void (*prepare)(struct row *row, unsigned packets);
	void (*finish)(struct row *row);
} cases[] = {
	{ "change, closed cell", TRAFFIC_ONE, PLACE_CLOSED, EVENT_NONE },
	{ "change, closed cell", TRAFFIC_THOUSAND, PLACE_CLOSED, EVENT_NONE },
	{ "change, opens a flow", TRAFFIC_SYN, PLACE_MOVING, XRING_EVENT_SYNS },
	{ "change, confirms it", TRAFFIC_ACK, PLACE_MOVING, XRING_EVENT_CONFIRMED, false,
	  syns_send, pins_delete },
	{ "change, of an older flow", TRAFFIC_ACK, PLACE_MOVING, XRING_EVENT_MADE, true, NULL,
	  pins_delete },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* The rule out and in, beside one another. */
static void add_quiet(struct rows *rows, struct site *site, enum traffic traffic)
{
	struct row *out = add(rows, site, PLACE_QUIET, CHANGES_OUT, traffic);
	struct row *in = add(rows, site, PLACE_QUIET, CHANGES_IN, traffic);

	out->loads = site->loads[0];
	in->other = out - rows->row;
	rows_baselines(rows, out - rows->row);
	rows_baselines(rows, in - rows->row);
}

static void add_case(struct rows *rows, struct site *site, const struct change_case *c)
{
	struct row *row = add(rows, site, c->place, c->program, c->traffic);

	row->event = c->event;
	row->old = c->old;
	row->prepare = c->prepare;
	row->finish = c->finish;
	row->other = rows_index(rows, CHANGES_IN, c->traffic);
	rows_baselines(rows, row - rows->row);
	row->stream.sequence = (uint64_t)(c - cases) << 32;	/* flows of its own */
}

/* Rows of pinned flows; in worlds of their own, whose tables hold so many of them. */
static const struct hit_case {
	const char *program;
	enum traffic last;
	unsigned flows;
} hits[] = {
	{ "change, pin hit", TRAFFIC_THOUSAND, 1000 },
	{ "change, pin of a million", TRAFFIC_MILLION, 1000000 },
};
#define HITS (sizeof(hits) / sizeof(hits[0]))

static void add_hits(struct rows *rows, const char *path, const struct hit_case *c,
		     const char *only)
{
	struct site *site = NULL;

	for (int traffic = TRAFFIC_ONE; traffic <= (int)c->last; traffic++) {
		bool first = !site;
		struct row *row;

		if (!rows_wanted(c->program, traffic, only))
			continue;
		if (first)
			site = site_new(path, false);
		row = add(rows, site, PLACE_MOVING, c->program, traffic);
		row->event = XRING_EVENT_HITS;
		row->old = true;
		row->other = rows_index(rows, CHANGES_IN, traffic);
		rows_baselines(rows, row - rows->row);
		if (first)
			run_flows(row, 0, 1, c->flows);
	}
}

static bool quiet_wanted(enum traffic traffic, const char *only)
{
	return rows_wanted(CHANGES_IN, traffic, only) || rows_wanted(CHANGES_OUT, traffic, only);
}

void changes_add(struct rows *rows, const char *path, const char *only)
{
	struct site *site = NULL;

	for (int traffic = 0; traffic < TRAFFIC_KINDS; traffic++) {
		if (!quiet_wanted(traffic, only))
			continue;
		site = site ?: site_new(path, true);
		add_quiet(rows, site, traffic);
	}
	for (size_t i = 0; i < CASES; i++) {
		if (!rows_wanted(cases[i].program, cases[i].traffic, only))
			continue;
		site = site ?: site_new(path, true);
		add_case(rows, site, &cases[i]);
	}
	for (size_t i = 0; i < HITS; i++)
		add_hits(rows, path, &hits[i], only);
}
