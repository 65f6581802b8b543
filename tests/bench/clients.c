// SPDX-License-Identifier: GPL-2.0-or-later
#include "clients.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <xring/lpm.h>

#include "networks.h"
#include "object.h"
#include "stats.h"

#define BACKENDS 100
#define NETWORKS4 1000000
#define NETWORKS6 100000
#define LINES (3u << 19)
#define SPREAD 0x9e3779b1u		/* odd: no two of 2^20 clients have one address */
#define OWN 1				/* classes: of those whom no network has */
#define RULES 2				/* of two rules, from here on */

struct site {
	struct world world;
	struct served plain, ruled;
	struct lpm_pool pool;
	struct lpm table;
};

/* One client in ten of the stream has a network of its own among them. */
static void place_clients(struct lpm_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i += 2) {
		uint32_t address = (uint32_t)(i * 5) * SPREAD;
		struct address a = { .family = AF_INET6 };

		a.bytes[0] = 0x20;
		a.bytes[1] = 1;
		memcpy(a.bytes + 2, &address, sizeof(address));
		entries[i].prefix = prefix_of(&a, 33 + (unsigned)(random64() >> 32) % 16);
	}
}

static size_t only_once(struct lpm_entry *entries, size_t count)
{
	size_t kept = 0;

	qsort(entries, count, sizeof(*entries), prefix_order);
	for (size_t i = 0; i < count; i++)
		if (!kept || prefix_order(&entries[kept - 1], &entries[i]))
			entries[kept++] = entries[i];
	return kept;
}

static void load(struct site *site, int family)
{
	size_t count = family == AF_INET ? NETWORKS4 : NETWORKS6;
	struct lpm_entry *entries = networks(family, count);

	if (family == AF_INET6) {
		place_clients(entries, count);
		count = only_once(entries, count);
	}
	for (size_t i = 0; i < count; i++)
		entries[i].value = RULES + entries[i].value % 2;
	if (lpm_load(&site->table, entries, count))
		fail("%zu networks find no room", count);
	free(entries);
}

/* All classes have the service's ring, so that who owns a packet is known. */
static void classes_fill(struct site *site)
{
	struct xring_class *classes = object_memory(site->world.obj, "xring_classes",
						    XRING_CLASSES * sizeof(*classes));
	const struct served *s = &site->ruled;
	uint64_t *places = object_memory(site->world.obj, "xring_places",
					 XRING_BACKENDS * sizeof(*places));
	union xring_lpm_line *lines = object_memory(site->world.obj, "xring_lines",
						    LINES * sizeof(*lines));

	for (uint32_t i = OWN; i < RULES + 2; i++)
		classes[i].newest = XRING_CLASS_RING(s->cells.words - site->world.cells,
						     32 - s->cells.bits) |
				    (uint64_t)(i - OWN) << XRING_CLASS_ALLOWED |
				    (uint64_t)(16 * i) << XRING_CLASS_COUNTER;
	for (uint32_t i = 0; i < s->backend_count; i++)
		places[s->ids + i] = 7 | (uint64_t)(1 + i % 3) << XRING_PLACE_REGION;
	if (lpm_pool_new(lines + XRING_LINE_ROOTS, LINES - XRING_LINE_ROOTS, &site->pool))
		fail("out of memory");
	lpm_init(&site->table, &site->pool, (uint32_t *)lines);	/* of the service number 0 */
	load(site, s->family);
}

static struct site *site_new(const char *path, int family)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		fail("out of memory");
	world_fill(object_load_sized(path, "xring_lines", LINES), &site->world);
	site->world.program = object_program(site->world.obj, "xring");
	site->plain = site->ruled = (struct served){ .mode = MODE_IPIP, .family = family,
						     .to_family = family,
						     .backend_count = BACKENDS, .ifindex = 1 };
	world_serve(&site->world, &site->plain);
	world_serve(&site->world, &site->ruled);
	for (size_t i = 0; i < site->world.entry_count; i++) {
		struct xring_slot *slot = &site->world.entries[i];

		if (slot->ring_base != site->ruled.cells.words - site->world.cells)
			continue;
		slot->ring_base = OWN;
		slot->flags |= XRING_SERVICE_RULES;
	}
	classes_fill(site);
	world_publish(&site->world);
	return site;
}

static void add(struct rows *rows, struct site *site, const char *program, const char *beside,
		struct served *service, enum traffic traffic)
{
	struct row *row = rows_add(rows, program, traffic, &service->vip);

	row->stream.spread = SPREAD;
	if (service->family == AF_INET6)
		memcpy(row->stream.frame + 22, "\x20\x01", 2);	/* as they are placed */
	row->fd = site->world.program;
	row->world = &site->world;
	row->service = service;
	row->grows = service->family == AF_INET ? 20 : 40;
	row->verdict = XDP_TX;
	row->counter = XRING_CNT_TX;
	row->other = beside ? rows_index(rows, beside, traffic) : -1;
	rows_baselines(rows, row - rows->row);
}

/* The rows of a service stand together. */
static void add_family(struct rows *rows, const char *path, int family, const char *plain,
		       const char *ruled, const char *only)
{
	struct site *site = NULL;
	bool wanted[TRAFFIC_KINDS];

	for (int traffic = 0; traffic < TRAFFIC_KINDS; traffic++) {
		wanted[traffic] = rows_wanted(plain, traffic, only) ||
				  rows_wanted(ruled, traffic, only);
		if (!wanted[traffic])
			continue;
		site = site ?: site_new(path, family);
		add(rows, site, plain, NULL, &site->plain, traffic);
	}
	for (int traffic = 0; traffic < TRAFFIC_KINDS; traffic++)
		if (wanted[traffic])
			add(rows, site, ruled, plain, &site->ruled, traffic);
}

void clients_add(struct rows *rows, const char *path, const char *only)
{
	add_family(rows, path, AF_INET, CLIENTS_PLAIN4, CLIENTS_RULES4, only);
	add_family(rows, path, AF_INET6, CLIENTS_PLAIN6, CLIENTS_RULES6, only);
}
