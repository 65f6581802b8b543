// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of live services, and what a service knows of itself: backends, times, traffic. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "dp/dp.h"
#include "dp/read.h"

static size_t service_place(const struct live *live, const char *name, bool *ret_found)
{
	size_t low = 0, count = live->service_count;

	while (count) {
		size_t half = count / 2;

		if (strcmp(live->services[low + half]->name, name) < 0) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	*ret_found = low < live->service_count && !strcmp(live->services[low]->name, name);
	return low;
}

struct live_service *live_service(const struct live *live, const char *name)
{
	bool found;
	size_t at = service_place(live, name, &found);

	return found ? live->services[at] : NULL;
}

struct live_service *live_service_of_number(const struct live *live, uint32_t number)
{
	return number < XRING_TABLES ? live->by_number[number] : NULL;
}

/*
 * The least number that no service has; services that ended since the last grace period still
 * count. XRING_TABLES: none is free.
 */
static uint32_t number_free(const struct live *live)
{
	uint32_t number = 1;

	while (number < XRING_TABLES && live->by_number[number])
		number++;
	return number;
}

void service_number_set(struct live *live, struct live_service *s, uint32_t number)
{
	struct live_service *other = live_service_of_number(live, number);

	if (!number || number >= XRING_TABLES)
		return;
	live->by_number[s->number] = other;
	if (other)
		other->number = s->number;
	live->by_number[number] = s;
	s->number = number;
}

struct live_service *live_service_get(struct live *live, const char *name)
{
	struct live_service **services, *s;
	bool found;
	size_t at = service_place(live, name, &found);
	uint32_t number;

	if (found)
		return live->services[at];
	number = number_free(live);
	if (number == XRING_TABLES)
		return NULL;	/* until services whose flows end have gone */
	services = reallocarray(live->services, live->service_count + 1, sizeof(*services));
	if (!services)
		return NULL;
	live->services = services;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->number = number;
	s->main = live_ring_new(s, NULL);
	if (!s->main) {
		free(s);
		return NULL;
	}
	memmove(services + at + 1, services + at,
		(live->service_count - at) * sizeof(*services));
	services[at] = live->by_number[number] = s;
	live->service_count++;
	return s;
}

struct live_backend *live_backend(const struct live_service *s, const char *name)
{
	size_t low = 0, count = s->backend_count;

	while (count) {
		size_t half = count / 2;
		int order = strcmp(s->backends[low + half]->name, name);

		if (!order)
			return s->backends[low + half];
		if (order < 0) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return NULL;
}

const struct live_backend *live_backend_by_id(const struct live_service *s, uint16_t id)
{
	for (size_t i = 0; i < s->backend_count; i++)
		if (s->backends[i]->id == id)
			return s->backends[i];
	return NULL;
}

bool backend_joins(const struct live_backend *backend)
{
	return backend->checked.kind && backend->health.state == HEALTH_UNKNOWN &&
	       backend->owner->joined && backend->state == BACKEND_ACTIVE;
}

bool service_joins(const struct live_service *s)
{
	for (size_t i = 0; i < s->backend_count; i++)
		if (backend_joins(s->backends[i]))
			return true;
	return false;
}

bool service_waits(const struct live_service *s)
{
	for (size_t i = 0; i < s->backend_count; i++)
		if (s->backends[i]->waits)
			return true;
	return false;
}

uint32_t service_window(const struct live_service *s)
{
	return s->udp_idle_ms / 100;
}

uint32_t service_settle(const struct live_service *s)
{
	return (s->tcp_idle_ms > s->udp_idle_ms ? s->tcp_idle_ms : s->udp_idle_ms) / 100;
}

uint32_t service_moving(const struct live_service *s)
{
	uint32_t moving = 0;

	for (size_t i = 0; i < s->ring_count; i++)
		moving += s->rings[i]->cells.moving;
	return moving;
}

int live_service_traffic(const struct live *live, const struct live_service *s,
			 struct xring_traffic *ret)
{
	struct xring_traffic sum = s->retired;

	for (size_t i = 0; i < s->backend_count + s->leaving_count; i++) {
		const struct live_backend *backend = i < s->backend_count ? s->backends[i] :
					       s->leaving[i - s->backend_count];
		struct xring_traffic one;
		int err = dp_traffic_read(live->dp, backend->id, &one);

		if (err)
			return err;
		sum.packets += one.packets;
		sum.bytes += one.bytes;
		sum.flows += one.flows;
	}
	*ret = sum;
	return 0;
}

int64_t live_wall_ms(const struct live *live)
{
	return clock_wall_ms() + live->dp->config->clock / NS_PER_MS + live->wall_ms;
}

struct moving_times service_times(const struct live_service *s, uint64_t now)
{
	return (struct moving_times){ now / NS_PER_TENTH, service_window(s), service_settle(s) };
}

void service_settled(struct live *live, struct live_service *s)
{
	live->settle_epoch = live->dp->epoch;
	s->settled = live->walk_begun;
	s->look = s->look ?: 1;		/* not 0 until a walk has counted */
}

void live_models_set(struct live *live, const struct model *m)
{
	for (size_t i = 0; i < live->service_count; i++)
		live->services[i]->model = model_service(m, live->services[i]->name);
}
