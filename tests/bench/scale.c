// SPDX-License-Identifier: GPL-2.0-or-later
#include "scale.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "object.h"
#include "stats.h"

#define FLOWS_BACKENDS 100		/* in the curve of flows */
#define SERVICES_MOST 4000
#define CELLS (17u << 20)		/* room for a ring of 10,000 */

static const uint32_t backend_counts[] = { 1, 10, 100, 1000, 10000 };
static const uint32_t service_counts[] = { 1, 100, SERVICES_MOST };
static const enum traffic few[] = {
	TRAFFIC_ONE, TRAFFIC_THOUSAND, TRAFFIC_MILLION, TRAFFIC_STEADY,
};
static const enum traffic all[] = {
	TRAFFIC_ONE, TRAFFIC_TEN, TRAFFIC_HUNDRED, TRAFFIC_THOUSAND, TRAFFIC_TEN_THOUSAND,
	TRAFFIC_HUNDRED_THOUSAND, TRAFFIC_MILLION, TRAFFIC_STEADY,
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Services of a world of their own, with the program loaded several times. */
struct site {
	struct world world;
	struct served *services;
	int loads[LOADS];
};

static struct site *site_new(const char *path, const uint32_t *backends, size_t count)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site || !(site->services = calloc(count, sizeof(*site->services))))
		fail("out of memory");
	world_fill(object_load_sized(path, "xring_cells", CELLS), &site->world);
	site->world.program = object_program(site->world.obj, "xring");
	for (size_t i = 0; i < count; i++) {
		site->services[i] = (struct served){ .mode = MODE_IPIP, .family = AF_INET,
						     .to_family = AF_INET,
						     .backend_count = backends[i], .ifindex = 1 };
		world_serve(&site->world, &site->services[i]);
	}
	world_publish(&site->world);
	for (int i = 0; i < LOADS; i++)
		site->loads[i] = i < SCALE_LOADS ?
			object_program(object_load_twin(path, site->world.obj, "hot", 1), "xring") :
			site->loads[i % SCALE_LOADS];
	return site;
}

/* Traffic for the site's first services, so many, of which this is the first. */
static void add(struct rows *rows, struct site *site, const char *program, struct served *service,
		uint32_t services, enum traffic traffic)
{
	struct row *row = rows_add(rows, program, traffic, &service->vip);

	row->stream.services = services;
	row->spread = services > 1;
	row->fd = site->world.program;
	row->loads = site->loads;
	row->world = &site->world;
	row->service = service;
	row->grows = 20;
	row->verdict = XDP_TX;
	row->counter = XRING_CNT_TX;
	rows_baselines(rows, row - rows->row);
}

static bool any_wanted(const char *program, const enum traffic *traffics, size_t count,
		       const char *only)
{
	for (size_t i = 0; i < count; i++)
		if (rows_wanted(program, traffics[i], only))
			return true;
	return false;
}

static void add_traffics(struct rows *rows, struct site *site, const char *program,
			 struct served *service, uint32_t services, const enum traffic *traffics,
			 size_t count, const char *only)
{
	for (size_t i = 0; i < count; i++)
		if (rows_wanted(program, traffics[i], only))
			add(rows, site, program, service, services, traffics[i]);
}

/* A ring of ten thousand takes most of the cells: each has a world of its own. */
static void add_backends(struct rows *rows, const char *path, const char *only)
{
	for (size_t i = 0; i < COUNT(backend_counts); i++) {
		uint32_t count = backend_counts[i];
		const enum traffic *traffics = count == FLOWS_BACKENDS ? all : few;
		size_t kinds = count == FLOWS_BACKENDS ? COUNT(all) : COUNT(few);
		struct site *site;
		char program[48];

		snprintf(program, sizeof(program), "scale: %u backends", count);
		if (!any_wanted(program, traffics, kinds, only))
			continue;
		site = site_new(path, &count, 1);
		add_traffics(rows, site, program, &site->services[0], 1, traffics, kinds, only);
	}
}

static void add_services(struct rows *rows, const char *path, const char *only)
{
	static uint32_t one_each[SERVICES_MOST];
	struct site *site = NULL;

	for (size_t i = 0; i < SERVICES_MOST; i++)
		one_each[i] = 1;
	for (size_t i = 0; i < COUNT(service_counts); i++) {
		uint32_t count = service_counts[i];
		char program[48];

		snprintf(program, sizeof(program), "scale: %u services", count);
		if (!any_wanted(program, few, COUNT(few), only))
			continue;
		if (!site) {
			site = site_new(path, one_each, SERVICES_MOST);
			/* The traffic of all services is compared. */
			site->services[0].backend_count = SERVICES_MOST;
		}
		add_traffics(rows, site, program, &site->services[0], count, few, COUNT(few), only);
	}
}

void scale_add(struct rows *rows, const char *path, const char *only)
{
	add_backends(rows, path, only);
	add_services(rows, path, only);
}
