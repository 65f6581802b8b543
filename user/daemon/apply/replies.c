// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nat backends that change their service. A backend that leaves answers its flows from its address
 * until they are gone; until then a backend behind another VIP waits for that address, as the
 * replies of the two could not be told apart (daemon/live/ways_back.h). Here stands what is said of
 * that before it is done, and what --cut does instead.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/why.h"
#include "core/model/model.h"
#include "core/value/number.h"
#include "daemon/apply/apply.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"

static bool was_there(const struct service *was, const struct backend *b)
{
	const struct backend *old = was ? service_backend(was, b->name) : NULL;

	return old && old->port == b->port && address_equal(&old->address, &b->address);
}

void live_replies_wait(const struct ways_back *ways, const struct model *before,
		       const struct model *m, waits_fn tell, void *context)
{
	for (size_t i = 0; ways->count && i < m->service_count; i++) {
		const struct service *s = &m->services[i];
		const struct service *was = before ? model_service(before, s->name) : NULL;

		for (size_t b = 0; b < s->backend_count; b++) {
			const struct backend *backend = &s->backends[b];
			const struct way_back *way =
				way_back_taken(ways, s, &backend->address, backend->port);

			if (way && !was_there(was, backend))
				tell(context, s, backend, way);
		}
	}
}

/* ---- a service without any backend ---- */

static bool has_any(const struct live_service *s)
{
	for (size_t i = 0; s && i < s->backend_count; i++)
		if (s->backends[i]->weight_most)
			return true;
	return false;
}

/*
 * The way back for which the last of the service's backends would wait that may get traffic, when
 * all others wait too; NULL: one of them does not wait, or there is none.
 */
static const struct way_back *all_wait(const struct ways_back *ways, const struct service *s,
				       const struct backend **ret)
{
	const struct way_back *way = NULL;

	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = &s->backends[i];

		if (b->state != BACKEND_ACTIVE || !b->weight)
			continue;
		way = way_back_taken(ways, s, &b->address, b->port);
		if (!way)
			return NULL;
		*ret = b;
	}
	return way;
}

static int refuse(const struct service *s, const struct backend *b, const struct way_back *way,
		  uint64_t now, struct why *why)
{
	char at[ENDPOINT_TEXT], time[DURATION_TEXT];
	uint64_t left = way->until > now ? way->until - now : 0;
	uint64_t seconds = (left + NS_PER_S - 1) / NS_PER_S;

	return why_set(why, -EINVAL, "service %s: backend %s at %s: want another backend beside it, "
		       "backend %s of service %s leaves that address and may keep its flows for %s; "
		       "--cut breaks them", s->name, b->name,
		       endpoint_print(&b->address, b->port, at), way->of->name,
		       way->of->service->name, duration_print(seconds * 1000, time));
}

int live_replies_check(const struct live *live, const struct model *m, uint64_t now,
		       struct why *why)
{
	struct ways_back ways;
	int err = ways_back_new(live, m, now, false, &ways);

	if (err)
		return err;
	for (size_t i = 0; ways.count && i < m->service_count && !err; i++) {
		const struct service *s = &m->services[i];
		const struct backend *b = NULL;
		const struct way_back *way =
			has_any(live_service(live, s->name)) ? all_wait(&ways, s, &b) : NULL;

		if (way)
			err = refuse(s, b, way, now, why);
	}
	ways_back_clear(&ways);
	return err;
}

/* ---- cutting ---- */

struct cut {
	const char *service;		/* whose backends come; NULL: of any */
	uint64_t now;
};

static void cut_one(void *context, const struct service *s, const struct backend *b,
		    const struct way_back *way)
{
	const struct cut *cut = context;

	if ((cut->service && strcmp(cut->service, s->name)) ||
	    way->of->owner->drain_until <= cut->now)
		return;
	log_of(LOG_LEVEL_WARNING, "backend", way->of->service->name,
	       "backend %s of %s is cut: backend %s of %s has its address", way->of->name,
	       way->of->service->name, b->name, s->name);
	way->of->owner->drain_until = cut->now;
}

int live_replies_cut(struct live *live, const struct model *m, const char *service, uint64_t now)
{
	struct cut cut = { service, now };
	struct ways_back ways;
	int err = ways_back_new(live, m, now, true, &ways);

	if (err)
		return err;
	live_replies_wait(&ways, NULL, m, cut_one, &cut);
	ways_back_clear(&ways);
	return 0;
}

int live_replies_yield(struct live *live, const struct model *m, uint64_t now)
{
	struct ways_back ways;
	int err = ways_back_new(live, m, now, false, &ways);

	if (err)
		return err;
	for (size_t i = 0; ways.count && i < m->service_count; i++) {
		const struct service *s = &m->services[i];
		const struct live_service *ls = live_service(live, s->name);
		struct cut cut = { s->name, now };
		const struct backend *b;

		if (ls && ls->leaving_count && all_wait(&ways, s, &b))
			live_replies_wait(&ways, NULL, m, cut_one, &cut);
	}
	ways_back_clear(&ways);
	return 0;
}
