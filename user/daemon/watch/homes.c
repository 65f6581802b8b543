// SPDX-License-Identifier: GPL-2.0-or-later
/* Homes: the file that keeps them, and the moves that follow the datapath's counts. */
#include "daemon/watch/homes.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "core/model/rules.h"
#include "core/place/homes.h"
#include "core/place/route.h"
#include "core/place/routes.h"
#include "core/value/prefix.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/state.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "dp/dp.h"
#include "dp/read.h"

#define LOOK_MS 500
#define REGION_NUMBERS 255u
/* Lines of moves that the file may have beside one for each home. */
#define LINES_MORE 4096u

/* ---- slots and regions ---- */

const char *home_region(const struct home_service *hs, unsigned number)
{
	return number && number <= hs->region_count ? hs->regions[number - 1] : "";
}

static struct home_service *slot_get(struct live_service *s)
{
	struct home_service *hs = s->home;
	uint64_t seed = 0;

	if (hs)
		return hs;
	hs = calloc(1, sizeof(*hs));
	if (!hs)
		return NULL;
	if (getrandom(&seed, sizeof(seed), 0) < 0)
		seed = (uintptr_t)hs;
	hs->homes = homes_new(seed);
	if (!hs->homes) {
		free(hs);
		return NULL;
	}
	return s->home = hs;
}

static void slot_free(struct live_service *s)
{
	if (!s->home)
		return;
	homes_free(s->home->homes);
	free(s->home->regions);
	free(s->home);
	s->home = NULL;
}

/* The number of a region, given if it has none; 0: too many regions, or no memory. */
static unsigned region_get(struct home_service *hs, const char *name)
{
	char (*regions)[PLACE_NAME];

	for (unsigned i = 0; i < hs->region_count; i++)
		if (!strcmp(hs->regions[i], name))
			return i + 1;
	if (hs->region_count == REGION_NUMBERS)
		return 0;
	regions = array_grow(hs->regions, hs->region_count, sizeof(*regions));
	if (!regions)
		return 0;
	hs->regions = regions;
	snprintf(regions[hs->region_count++], sizeof(*regions), "%s", name);
	return hs->region_count;
}

/* ---- the file ---- */

static int line_print(FILE *to, const struct live_service *s, const struct prefix *p,
		      unsigned region, unsigned from, uint32_t share, int64_t since_ms)
{
	char text[PREFIX_TEXT];
	const char *is = home_region(s->home, region), *was = home_region(s->home, from);

	return fprintf(to, "%s\t%s\t%s\t%s\t%u\t%lld\n", s->name, prefix_print(p, text),
		       *is ? is : "-", *was ? was : "-", share, (long long)since_ms);
}

static void record_write(FILE *to, const struct live_service *s, uint64_t *lines)
{
	const struct home_record *r;

	for (size_t i = 0; s->home && (r = homes_next(s->home->homes, &i));) {
		line_print(to, s, &r->prefix, r->region, r->from, r->share, r->since_ms);
		(*lines)++;
	}
}

/* Writes the file again with one line for each home; later moves are appended. */
static void file_renew(struct home_watch *w)
{
	struct engine *e = w->engine;
	_free_ char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	w->lines = 0;
	for (size_t i = 0; to && i < e->live->service_count; i++)
		record_write(to, e->live->services[i], &w->lines);
	if (!to || fclose(to))
		log_err(-ENOMEM, "state directory %s: homes", e->options.state);
	else
		state_keep(e->state, STATE_HOMES, text, len);
}

/* If moves cannot be appended, the whole file waits until it can be written. */
static void file_append(struct home_watch *w, const struct live_service *s,
			const struct home_moves *moves, int64_t wall_ms)
{
	_free_ char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	for (size_t i = 0; to && i < moves->count; i++)
		line_print(to, s, &moves->list[i].prefix, moves->list[i].to, moves->list[i].from,
			   moves->list[i].share, wall_ms);
	w->lines += moves->count;
	if (!to || fclose(to) || state_append(w->engine->state, STATE_HOMES, text, len))
		file_renew(w);
}

/* Ignores a line of no service. False: the line makes no sense. */
static bool line_read(struct home_watch *w, char *line)
{
	struct engine *e = w->engine;
	char *service = strsep(&line, "\t"), *network = strsep(&line, "\t");
	char *region = strsep(&line, "\t"), *from = strsep(&line, "\t");
	char *share = strsep(&line, "\t"), *since = strsep(&line, "\t");
	const struct service *s = model_service(&e->model, service);
	struct home_record record = {};
	struct home_service *hs;

	if (!since || prefix_parse(network, &record.prefix, NULL))
		return false;
	if (!s || !service_home(s))
		return true;
	hs = live_service_get(e->live, service) ? slot_get(live_service(e->live, service)) : NULL;
	if (!hs)
		return true;
	record.region = strcmp(region, "-") ? region_get(hs, region) : 0;
	record.from = strcmp(from, "-") ? region_get(hs, from) : 0;
	record.share = strtoul(share, NULL, 10);
	record.since_ms = strtoll(since, NULL, 10);
	homes_put(hs->homes, &record);
	return true;
}

static int file_read(struct home_watch *w)
{
	struct engine *e = w->engine;
	_free_ char *text = NULL;
	size_t len, strange = 0;
	char *line, *rest;
	int err = state_read(e->state, STATE_HOMES, &text, &len);

	if (err)
		return err;
	strange = text && memchr(text, '\0', len);
	rest = text;
	while (rest && (line = strsep(&rest, "\n")))
		strange += (rest || *line) && !line_read(w, line);
	if (strange)
		state_set_aside(e->state, STATE_HOMES, "%zu lines make no sense, others are taken",
				strange);
	return 0;
}

/* ---- the services' lists ---- */

static uint32_t model_region_number(const struct model *m, const char *name)
{
	const struct region *region = model_region(m, name);

	return region ? region - m->regions + 1 : 0;
}

/*
 * Sets the service's list of home networks, for the compilation of its rules. Without memory
 * the old list stays.
 */
static void service_homes(const struct engine *e, struct live_service *s,
			  const struct home_service *hs)
{
	struct home_network *list = calloc((hs ? homes_count(hs->homes) : 0) + 1, sizeof(*list));
	const struct home_record *r;
	size_t count = 0;

	if (!list)
		return;
	for (size_t i = 0; hs && (r = homes_next(hs->homes, &i));) {
		list[count].prefix = r->prefix;
		list[count].region = model_region_number(&e->model, home_region(hs, r->region));
		count += list[count].region != 0;
	}
	qsort(list, count, sizeof(*list), prefix_order);
	s->homes_serial += count != s->home_count ||
			   (count && memcmp(list, s->homes, count * sizeof(*list)));
	free(s->homes);
	s->homes = list;
	s->home_count = count;
}

static void spread(struct home_watch *w)
{
	struct engine *e = w->engine;
	for (size_t i = 0; i < e->live->service_count; i++) {
		struct live_service *s = e->live->services[i];

		if (s->home || s->home_count)
			service_homes(e, s, s->home);
	}
}

/* ---- looking ---- */

struct allowing {
	const struct service *service;
	const struct home_service *hs;
};

/* Does each rule with `home: follow` allow some backend of that region? */
static bool allowed(void *context, const struct prefix *p, unsigned number)
{
	const struct allowing *a = context;
	const char *region = home_region(a->hs, number);

	(void)p;
	for (size_t i = 0; i < a->service->rule_count; i++) {
		struct route route;
		bool any = false;

		if (!a->service->rules[i].home.follow)
			continue;
		route_of(&a->service->rules[i], NULL, region, &route);
		for (size_t b = 0; b < a->service->backend_count && !any; b++)
			any = !strcmp(a->service->backends[b].region, region) &&
			      route_allows(&route, region, a->service->backends[b].tags);
		if (!any)
			return false;
	}
	return true;
}

static void seen(struct home_watch *w, const struct xring_home_key *key,
		 const struct xring_home *home)
{
	struct engine *e = w->engine;
	struct live_service *s = live_service_of_number(e->live, key->number);
	const struct home *how = s && s->model ? service_home(s->model) : NULL;
	struct home_service *hs = how ? slot_get(s) : NULL;
	struct prefix p = {};

	if (!hs)
		return;
	p.address.family = key->family == 4 ? AF_INET : AF_INET6;
	p.bits = key->family == 4 ? how->prefix4 : how->prefix6;
	memcpy(p.address.bytes, key->addr, sizeof(p.address.bytes));
	for (size_t d = 0; d < XRING_INGRESSES; d++) {
		unsigned region = home->packets[d] && *e->live->ingresses[d].region ?
				  region_get(hs, e->live->ingresses[d].region) : 0;

		if (region)
			homes_seen(hs->homes, &p, region,
				   (uint64_t)home->packets[d] * XRING_HOME_EACH);
	}
}

static void take(void *context, const struct xring_home_key *key, const struct xring_home *home)
{
	seen(context, key, home);
}

/*
 * Judges the homes of a service, and appends moves to the file before the maps follow. True:
 * a network moved.
 */
static bool judge(struct home_watch *w, const struct live_service *s)
{
	struct engine *e = w->engine;
	struct allowing allowing = { s->model, s->home };
	struct homes_look look = {
		.home = s->model && s->home ? service_home(s->model) : NULL,
		.allowed = allowed,
		.ctx = &allowing,
		.recheck = w->recheck,
		.now_ms = engine_now(e) / 1000000,
		.wall_ms = clock_wall_ms(),
	};
	struct home_moves moves = {};
	bool any;

	if (!look.home)
		return false;
	homes_judge(s->home->homes, &look, &moves);
	any = moves.count > 0;
	if (any)
		file_append(w, s, &moves, look.wall_ms);
	free(moves.list);
	return any;
}

static bool any_follows(const struct model *m)
{
	for (size_t i = 0; i < m->service_count; i++)
		if (service_home(&m->services[i]))
			return true;
	return false;
}

static uint64_t homes_all(const struct live *live)
{
	uint64_t count = 0;

	for (size_t i = 0; i < live->service_count; i++)
		count += live->services[i]->home ? homes_count(live->services[i]->home->homes) : 0;
	return count;
}

static void look(void *context)
{
	struct home_watch *w = context;
	struct engine *e = w->engine;
	bool any = false;

	dp_homes_take(e->dp, take, w);
	for (size_t i = 0; i < e->live->service_count; i++)
		any |= judge(w, e->live->services[i]);
	w->recheck = false;
	if (any) {
		if (w->lines > homes_all(e->live) + LINES_MORE)
			file_renew(w);
		spread(w);
		engine_flush_soon(e);
	}
	if (any_follows(&e->model))
		loop_timer_set(&w->look, LOOK_MS);
}

/* The model has changed: the regions of homes are numbered again, and looks begin or end. */
static void changed(void *context)
{
	struct home_watch *w = context;
	struct engine *e = w->engine;

	for (size_t i = 0; i < e->live->service_count; i++) {
		struct live_service *s = e->live->services[i];

		if (!s->model || !service_home(s->model))
			slot_free(s);
	}
	w->recheck = true;
	spread(w);
	if (any_follows(&e->model) && !w->look.set)
		loop_timer_set(&w->look, LOOK_MS);
}

static void service_gone(void *context, struct live_service *s)
{
	(void)context;
	slot_free(s);
}

int homes_open(struct engine *e, struct home_watch *w)
{
	int err;

	w->engine = e;
	err = loop_timer_new(e->loop, &w->look, look, w) ?: file_read(w);
	if (err)
		return err;
	file_renew(w);
	w->listener = (struct engine_listener){ .context = w, .changed = changed };
	engine_listen(e, &w->listener);
	w->services = (struct service_listener){ .context = w, .gone = service_gone };
	live_listen(e->live, &w->services);
	live_models_set(e->live, &e->model);
	changed(w);
	return 0;
}

void homes_close(struct home_watch *w)
{
	if (!w->engine)
		return;
	loop_timer_close(w->engine->loop, &w->look);
	for (size_t i = 0; i < w->engine->live->service_count; i++)
		slot_free(w->engine->live->services[i]);
}
