// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "dp/dp.h"
#include "dp/heat.h"
#include "object.h"
#include "stats.h"

#define BACKENDS 100

struct site {
	struct world world;
	struct served service;
	struct dp dp;			/* of it, what counts keys */
	/* The same program on the same maps, without the sketch and with it */
	int loads[2][LOADS];
};

static struct site *site_new(const char *path)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		fail("out of memory");
	world_open(path, &site->world);
	site->service = (struct served){ .mode = MODE_IPIP, .family = AF_INET,
					 .to_family = AF_INET, .backend_count = BACKENDS,
					 .ifindex = 1 };
	world_serve(&site->world, &site->service);
	world_publish(&site->world);
	site->dp.cpus = libbpf_num_possible_cpus();
	if (heat_open(&site->dp, object_map(site->world.obj, "xring_heat")))
		fail("no maps for the CPUs");
	for (int i = 0; i < LOADS; i++)
		for (int hot = 0; hot < 2; hot++)
			site->loads[hot][i] = object_program(
				object_load_twin(path, site->world.obj, "hot", hot), "xring");
	return site;
}

static struct site *site_of(const struct row *row)
{
	return (struct site *)row->world;	/* its first member */
}

static void window_open(struct row *row, unsigned packets)
{
	static uint32_t window;
	struct site *site = site_of(row);

	(void)packets;
	for (unsigned cpu = 0; cpu < site->dp.heat_cpus; cpu++)
		memset(site->dp.heat[cpu]->word, 0, sizeof(site->dp.heat[cpu]->word));
	window = window * 1664525u + 1013904223u;
	row->world->config->window = window | XRING_HEAT_BLOCKS;	/* packets are very many */
}

static void window_close(struct row *row)
{
	row->world->config->window = 0;
}

static struct row *add(struct rows *rows, struct site *site, const char *program,
		       enum traffic traffic, bool in)
{
	struct row *row = rows_add(rows, program, traffic, &site->service.vip);

	row->fd = site->world.program;
	row->loads = site->loads[in];
	row->world = &site->world;
	row->service = &site->service;
	row->grows = 20;
	row->verdict = XDP_TX;
	row->counter = XRING_CNT_TX;
	row->other = in ? rows_index(rows, KEYS_OUT, traffic) : -1;
	rows_baselines(rows, row - rows->row);
	return &rows->row[rows_index(rows, program, traffic)];
}

static bool is_wanted(enum traffic traffic, const char *only)
{
	return rows_wanted(KEYS_OUT, traffic, only) || rows_wanted(KEYS_IDLE, traffic, only) ||
	       rows_wanted(KEYS_OPEN, traffic, only);
}

void keys_add(struct rows *rows, const char *path, const char *only)
{
	struct site *site = NULL;

	for (int traffic = 0; traffic < TRAFFIC_KINDS; traffic++) {
		struct row *open;

		if (!is_wanted(traffic, only))
			continue;
		site = site ?: site_new(path);
		add(rows, site, KEYS_OUT, traffic, false);
		add(rows, site, KEYS_IDLE, traffic, true);
		open = add(rows, site, KEYS_OPEN, traffic, true);
		open->prepare = window_open;
		open->finish = window_close;
	}
}

static double difference(const struct rows *rows, const struct row *row, bool minimums)
{
	return minimums ? row_difference_of_minimums(rows, row) : row_difference(rows, row);
}

double keys_average(const struct rows *rows, enum traffic traffic, bool minimums)
{
	const struct row *idle = rows_find(rows, KEYS_IDLE, traffic);
	const struct row *open = rows_find(rows, KEYS_OPEN, traffic);

	return KEYS_SHARE_OPEN * difference(rows, open, minimums) +
	       (1 - KEYS_SHARE_OPEN) * difference(rows, idle, minimums);
}
