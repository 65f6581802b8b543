// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The places of backends: each backend's region, and a bit for each set of constraints that
 * allows it.
 */
#include "daemon/live/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/step.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/rule_counters.h"
#include "daemon/live/services.h"
#include "dp/dp.h"

uint32_t region_number(const struct live *live, const char *name)
{
	for (size_t i = 0; i < live->region_count; i++)
		if (!strcmp(live->regions[i], name))
			return i + 1;
	return 0;
}

static int counters_renew(struct live *live)
{
	int err = 0;

	for (size_t i = 0; i < live->service_count && !err; i++)
		err = rule_counters_renew_all(live, live->services[i]);
	return err;
}

/* Where regions get other numbers, the counts made by the old numbers are useless. */
int live_regions_set(struct live *live, const struct model *m)
{
	bool same = live->region_count == m->region_count;
	char (*names)[PLACE_NAME];

	for (size_t i = 0; same && i < m->region_count; i++)
		same = !strcmp(live->regions[i], m->regions[i].name);
	if (same && live->regions)
		return 0;
	names = calloc(m->region_count + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < m->region_count; i++)
		memcpy(names[i], m->regions[i].name, sizeof(*names));
	free(live->regions);
	live->regions = names;
	live->region_count = m->region_count;
	/* Adopted counters too: the last daemon may have been killed between. */
	return counters_renew(live);
}

static uint64_t place_word(const struct live *live, const struct live_service *s,
			   const struct live_backend *backend)
{
	uint64_t word = 1 | (uint64_t)region_number(live, backend->region) << XRING_PLACE_REGION;

	for (size_t i = 0; i < s->ring_count; i++) {
		const struct live_ring *r = s->rings[i];

		if (r->allowed && r->frozen)
			word |= live->dp->places[backend->id] & 1ULL << r->allowed;
		else if (r->allowed && route_allows(&r->route, backend->region, backend->tags))
			word |= 1ULL << r->allowed;
	}
	return word;
}

static void place_write(struct live *live, const struct live_service *s,
			const struct live_backend *backend)
{
	uint64_t word = place_word(live, s, backend);

	if (live->dp->places[backend->id] == word)
		return;
	step();
	__atomic_store_n(&live->dp->places[backend->id], word, __ATOMIC_RELEASE);
}

void places_write(struct live *live, struct live_service *s)
{
	live->dp->places[0] = XRING_PLACE_ALLOWED;	/* no backend: that leaks nothing */
	for (size_t i = 0; i < s->backend_count; i++)
		place_write(live, s, s->backends[i]);
	for (size_t i = 0; i < s->leaving_count; i++)
		if (!s->leaving[i]->place_unknown)
			place_write(live, s, s->leaving[i]);
}
