// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of a service's rings, and each ring's record in the maps. */
#include "daemon/live/rings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/ring/arena.h"
#include "core/ring/moving_cells.h"
#include "daemon/live/cells.h"
#include "daemon/live/live.h"
#include "daemon/live/ring_records.h"
#include "daemon/live/services.h"
#include "dp/dp.h"

struct live_ring *live_ring_new(struct live_service *s, const struct route *route)
{
	struct live_ring **rings = array_grow(s->rings, s->ring_count, sizeof(*rings));
	struct live_ring *r = calloc(1, sizeof(*r));

	if (rings)
		s->rings = rings;
	if (!rings || !r) {
		free(r);
		return NULL;
	}
	r->service = s;
	r->wanted = true;
	r->record = UINT32_MAX;
	if (route)
		r->route = *route;
	rings[s->ring_count++] = r;
	return r;
}

void live_ring_free(struct live_ring *r)
{
	ring_clear(&r->ring);
	free(r->parts);
	free(r->needed);
	free(r);
}

struct live_ring *ring_known(const struct live_service *s, const struct route *route)
{
	uint8_t digest[ROUTE_DIGEST];

	for (size_t i = 0; i < s->ring_count; i++)
		if (!s->rings[i]->frozen && route_equal(&s->rings[i]->route, route))
			return s->rings[i];
	route_digest(route, digest);
	for (size_t i = 0; i < s->ring_count; i++) {
		struct live_ring *r = s->rings[i];

		if (r->frozen && r->record != UINT32_MAX &&
		    !memcmp(r->digest, digest, sizeof(digest)))
			return r;
	}
	return NULL;
}

struct live_ring *ring_of_route(const struct live_service *s, const struct route *route)
{
	struct live_ring *r = ring_known(s, route);

	if (r && r->frozen) {
		r->route = *route;
		r->frozen = false;
	}
	return r;
}

struct live_ring *ring_of_base(const struct live_service *s, uint32_t base)
{
	for (size_t i = 0; i < s->ring_count; i++)
		if (s->rings[i]->has_extent && s->rings[i]->base == base)
			return s->rings[i];
	return NULL;
}

/* ---- records and bits ---- */

/* The bits that no ring of the service has. Bit 0 belongs to rings that allow all backends. */
static uint64_t bits_free(const struct live_service *s)
{
	uint64_t taken = 1 | 1ULL << XRING_PLACE_NOBODY;

	for (size_t i = 0; s && i < s->ring_count; i++)
		taken |= 1ULL << s->rings[i]->allowed;
	return ~taken & XRING_PLACE_ALLOWED;
}

unsigned ring_bits_free(const struct live_service *s)
{
	return __builtin_popcountll(bits_free(s));
}

static uint8_t bit_free(const struct live_service *s)
{
	uint64_t bits = bits_free(s);

	return bits ? __builtin_ctzll(bits) : 0;
}

int ring_enroll(struct live *live, struct live_ring *r)
{
	struct xring_route record = {};
	uint32_t index;

	if (r->record != UINT32_MAX)
		return 0;
	index = ring_record_free(live);
	if (index == XRING_ROUTES)
		return log_err(-ENOSPC, "service %s: want at most %u rings of rules", r->service->name,
			       XRING_ROUTES);
	if (route_strict(&r->route)) {
		r->allowed = bit_free(r->service);
		if (!r->allowed)
			return log_err(-ENOSPC, "service %s: want at most %d different constraints",
				       r->service->name, XRING_PLACE_NOBODY - 1);
	}
	r->record = index;
	record.allowed = r->allowed;
	snprintf(record.service, sizeof(record.service), "%s", r->service->name);
	route_digest(&r->route, record.digest);
	ring_record_write(live, index, &record);
	return 0;
}

void ring_recorded(struct live *live, const struct live_ring *r)
{
	struct xring_route *record;

	if (r->record == UINT32_MAX || !r->has_extent || r->blank)
		return;
	record = &live->dp->routes[r->record];
	record->shift = 32 - r->cells.bits;
	__atomic_store_n(&record->base, r->base, __ATOMIC_RELEASE);
}

void ring_discharge(struct live *live, struct live_ring *r)
{
	if (r->record == UINT32_MAX)
		return;
	ring_record_drop(live, r->record);
	r->record = UINT32_MAX;
	r->allowed = 0;
}

/* ---- the end ---- */

void ring_drop(struct live *live, struct live_ring *r)
{
	ring_discharge(live, r);
	if (!r->has_extent)
		return;
	cells_release(&r->cells);
	arena_free(&live->arena, r->base);
	r->has_extent = false;
}

int rings_forget(struct live *live, struct live_service *s)
{
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < s->ring_count; i++) {
		struct live_ring *r = s->rings[i];

		if (r->wanted || r == s->main || err) {
			s->rings[kept++] = r;
			continue;
		}
		err = r->has_extent ? extent_leave(live, r->base, r->cells.bits) : 0;
		if (err) {
			s->rings[kept++] = r;
			continue;
		}
		ring_discharge(live, r);
		live_ring_free(r);
	}
	s->ring_count = kept;
	return err;
}

bool ring_adopt(struct live *live, struct live_ring *r, uint32_t base, uint64_t now)
{
	for (size_t i = 0; i < live->foreign_count; i++) {
		struct extent e = live->foreign[i];

		if (e.base != base)
			continue;
		r->base = e.base;
		r->cells = (struct cells){
			.words = live->dp->cells + e.base,
			.since = live->dp->since + e.base / 2,
			.bits = e.bits,
			.spills = &live->spills,
		};
		cells_adopt(&r->cells, now / (NS_PER_S / 10));
		r->service->look = 1;	/* not 0 until a walk has counted */
		r->has_extent = r->reconcile = true;
		live->foreign[i] = live->foreign[--live->foreign_count];
		return true;
	}
	return false;
}
