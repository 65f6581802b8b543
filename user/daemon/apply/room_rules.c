// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the rules of a service take of the maps while clients move from the rings that they have
 * to those that they shall have: extents and records of new rings, records of rules, bits of
 * constraints, classes, and lines for the prefixes of both. The tables of prefixes are changed
 * as the flush will change them, but in a copy: whether a block of lines is free depends on all
 * that was done before.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <xring/abi.h>

#include "base/util.h"
#include "base/why.h"
#include "core/model/rules.h"
#include "core/place/routes.h"
#include "daemon/apply/room.h"
#include "daemon/live/class_shifts.h"
#include "daemon/live/class_words.h"
#include "daemon/live/classes.h"
#include "daemon/live/compile.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/rule_counters.h"
#include "dp/dp.h"

#define UNKNOWN UINT32_MAX	/* as the counter of a rule: it has none yet */

/* One service whose rules tell clients apart. */
struct rules {
	struct room *room;
	const struct service *s;
	const struct live_service *ls;	/* NULL: the service is new */
	const struct targets *targets;
	struct live_ring **rings;	/* by number of the route */
	uint32_t *counters;		/* by target */
	unsigned records;		/* that it needs */
	unsigned strict;		/* bits of constraints that it needs */
};

/* Stands for each ring that is still to be made. */
static struct live_ring ring_to_come;

static bool begun(const struct live_service *ls)
{
	return ls && ls->classes && ls->classes->own;
}

static int want_more(const struct rules *r, const char *what, const char *wanted)
{
	return why_set(r->room->why, -ENOSPC, "service %s: there are not enough %s for its rules: "
		       "want %s, or this change when earlier ones are over", r->s->name, what,
		       wanted);
}

/* ---- rings ---- */

static void ring_enrolls(struct rules *r, const struct live_ring *ring, const struct route *route)
{
	if (ring && ring->record != UINT32_MAX)
		return;
	r->records++;
	r->strict += route_strict(route);
}

static int route_takes(struct rules *r, size_t i, bool *ret_main)
{
	static const struct route none;
	const struct route *route = &r->targets->routes[i];
	struct live_ring *ring = r->ls ? ring_known(r->ls, route) : NULL;
	bool main = r->ls ? ring == r->ls->main : route_equal(route, &none);

	ring_enrolls(r, ring, route);
	*ret_main |= main;
	r->rings[i] = ring || main ? ring : &ring_to_come;
	if (ring && ring->frozen)	/* it follows the model again */
		return room_ring_takes(r->room, r->s, route, ring);
	return r->rings[i] == &ring_to_come ? room_ring_takes(r->room, r->s, route, NULL) : 0;
}

static int rings_take(struct rules *r)
{
	static const struct route none;
	bool main = begun(r->ls);
	int err = 0;

	for (size_t i = 0; i < r->targets->route_count && !err; i++)
		err = route_takes(r, i, &main);
	if (!main)
		ring_enrolls(r, r->ls ? r->ls->main : NULL, r->ls ? &r->ls->main->route : &none);
	if (!err && r->strict > ring_bits_free(r->ls))
		return want_more(r, "sets of constraints", "fewer of them");
	return err;
}

/* Rings of routes that clients may get by their homes alone, without another model. */
static int homes_take(struct rules *r)
{
	static const struct route all;
	size_t routes = 0, strict;
	int err = service_home(r->s) ? routes_count(r->room->m, r->s, &routes, &strict) : 0;

	for (size_t i = r->targets->route_count; i < routes && !err; i++)
		err = room_ring_takes(r->room, r->s, &all, NULL);
	return err;
}

/* ---- records ---- */

/* Regions that get other numbers are counted in other places. */
static bool regions_change(const struct live *live, const struct model *m)
{
	bool change = live->region_count != m->region_count;

	for (size_t i = 0; i < m->region_count && !change; i++)
		change = strcmp(live->regions[i], m->regions[i].name);
	return change;
}

static int counters_take(struct rules *r)
{
	_free_ bool *seen = calloc(r->s->rule_count + 1, sizeof(*seen));
	bool change = regions_change(r->room->live, r->room->m);

	if (!seen)
		return -ENOMEM;
	for (size_t t = 0; t < r->targets->count; t++) {
		int rule = r->targets->list[t].rule;
		const struct rule_counters *l =
			r->ls ? rule_counters_find(r->ls, r->s->rules, rule) : NULL;

		r->counters[t] = l && !change ? l->counter : UNKNOWN;
		r->records += !l && !seen[rule + 1];
		seen[rule + 1] = true;
	}
	if (r->records > r->room->records)
		return want_more(r, "records of rings and rules", "fewer rules");
	r->room->records -= r->records;
	return 0;
}

/* ---- classes and prefixes ---- */

/* A table of the service in the copy of the lines. */
static int table_copy(struct room *room, const struct live_service *ls, uint32_t roots[2],
		      struct lpm *ret)
{
	if (begun(ls))
		return lpm_copy(&ls->classes->lpm, &room->prefixes, roots, ret);
	lpm_init(ret, &room->prefixes, roots);
	return 0;
}

static int table_drop(struct room *room, const struct live_service *ls)
{
	uint32_t roots[2];
	struct lpm table;
	int err = table_copy(room, ls, roots, &table);

	if (!err)
		lpm_clear(&table);
	return err;
}

static int lines_begin(struct room *room)
{
	const struct live *live = room->live;
	int err = room->prefixes.lines ? 0 : lpm_pool_copy(live->prefixes, &room->prefixes);

	for (size_t i = 0; room->emptied && i < live->service_count && !err; i++)
		if (room_goes(room, live->services[i]))
			err = table_drop(room, live->services[i]);
	if (!err && room->emptied)
		lpm_pool_reclaim(&room->prefixes);
	return err;
}

/* More than there are, or more than are free beside those of before. */
static int lines_want(const struct rules *r)
{
	struct room *room = r->room;
	uint64_t need = XRING_LINE_ROOTS + room->homes;
	uint32_t all = room->live->dp->line_count, lines;
	const struct targets *targets;

	for (size_t i = 0; i < room->m->service_count; i++) {
		const struct service *s = &room->m->services[i];
		int err = s->rule_count ? live_targets(room->live, room->m, s, &targets) ?:
					  targets_lines(targets, &lines) : 0;

		if (err)
			return err;
		need += s->rule_count ? lines : 0;
	}
	if (need <= all)
		return want_more(r, "lines of prefix tables", "a larger limits.networks");
	return why_set(room->why, -ENOSPC, "service %s: the networks of its clients need %lu MiB of "
		       "tables, there are %u: want a larger limits.networks, or a restart, which "
		       "makes room and moves no flow", r->s->name, (need >> 14) + 1, all >> 14);
}

static int lines_take(struct rules *r, const struct lpm_entry *entries, size_t count)
{
	struct room *room = r->room;
	uint32_t roots[2];
	struct lpm table;
	int err = room->prefixes.lines ? 0 : lines_begin(room);

	err = err ?: table_copy(room, r->ls, roots, &table);
	if (err)
		return err;
	err = lpm_change(&table, entries, count);
	if (err == -ENOSPC) {
		lpm_pool_reclaim(&room->prefixes);
		err = lpm_change(&table, entries, count);
	}
	lpm_copy_free(&table);
	if (!err && room->prefixes.blocks.used + room->homes > room->prefixes.blocks.count)
		err = -ENOSPC;
	return err == -ENOSPC ? lines_want(r) : err;
}

static int clients_move(struct rules *r, struct live_classes *c)
{
	struct shift_wish wish = { r->targets, r->counters, r->rings };
	_free_ struct lpm_entry *entries = NULL;
	size_t count = 0;
	int err = clients_plan(r->room->live, c, &wish, r->room->classes, &entries, &count);

	if (err == -ENOSPC)
		return want_more(r, "classes of clients", "fewer rules");
	return err ?: lines_take(r, entries, count);
}

/* All clients of a service that had no classes come from the one that it gets first. */
static int clients_come(struct rules *r)
{
	struct live_class own = { .places = CLASS_PLACES }, *list[] = { &own };
	struct live_classes c = { .own = &own, .list = list, .count = 1 };
	int err = 0;

	for (uint32_t d = 0; d < CLASS_PLACES; d++)
		own.newest[d] = r->ls ? r->ls->main : NULL;
	if (!class_places_take(r->room->classes, CLASS_PLACES))
		return want_more(r, "classes of clients", "fewer services with rules");
	for (int f = 0; f < 2; f++)
		err = err ?: runs_of_prefixes(NULL, 0, f ? AF_INET6 : AF_INET, &c.runs[f]);
	err = err ?: clients_move(r, &c);
	for (int f = 0; f < 2; f++)
		runs_clear(&c.runs[f]);
	return err;
}

/* ---- a service ---- */

/* The number that the service has; of a new one the greatest that it can get. */
static uint32_t number_most(const struct rules *r)
{
	return r->ls ? r->ls->number : r->room->live->service_count + r->room->m->service_count;
}

static int rules_take(struct rules *r)
{
	struct live_classes *c = begun(r->ls) ? r->ls->classes : NULL;
	int err;

	if (number_most(r) >= XRING_TABLES)
		return want_more(r, "tables of networks", "fewer services");
	err = live_targets(r->room->live, r->room->m, r->s, &r->targets) ?: homes_take(r);
	if (err)
		return err;
	if (c && r->targets == &c->compiled.targets && !c->unapplied)
		return 0;
	r->rings = calloc(r->targets->route_count + 1, sizeof(*r->rings));
	r->counters = calloc(r->targets->count + 1, sizeof(*r->counters));
	err = r->rings && r->counters ? 0 : -ENOMEM;
	err = err ?: rings_take(r) ?: counters_take(r) ?: (c ? clients_move(r, c) : clients_come(r));
	free(r->rings);
	free(r->counters);
	return err;
}

bool room_rules_apply(const struct room *room, const struct service *s)
{
	return begun(live_service(room->live, s->name)) ||
	       live_rules_many(room->live, room->m, s);
}

int room_rules_take(struct room *room, const struct service *s)
{
	const struct live_service *ls = live_service(room->live, s->name);
	struct rules rules = { .room = room, .s = s, .ls = ls };

	/* At the start nothing is adopted yet, and what does not fit is tried again. */
	return room->live->dp->fresh_fd >= 0 ? 0 : rules_take(&rules);
}

/* ---- what there is ---- */

/* Records that go with services, once these have gone. */
static unsigned records_leaving(const struct room *room)
{
	unsigned count = 0;

	for (size_t i = 0; room->emptied && i < room->live->service_count; i++) {
		const struct live_service *s = room->live->services[i];

		if (!room_goes(room, s))
			continue;
		count += s->rule_counter_count;
		for (size_t k = 0; k < s->ring_count; k++)
			count += s->rings[k]->record != UINT32_MAX;
	}
	return count;
}

static void classes_leave(struct room *room, const struct live_service *s)
{
	for (size_t i = 0; s->classes && i < s->classes->count; i++)
		memset(room->classes + s->classes->list[i]->first, false,
		       s->classes->list[i]->places);
}

static uint64_t homes_to_come(const struct room *room)
{
	uint64_t count = 0;

	for (size_t i = 0; i < room->m->service_count; i++) {
		const struct home *home = service_home(&room->m->services[i]);
		const struct live_service *ls =
			live_service(room->live, room->m->services[i].name);
		size_t has = ls ? ls->home_count : 0;

		count += home && home->count > has ? home->count - has : 0;
	}
	return count;
}

int room_rules_begin(struct room *room)
{
	const struct live *live = room->live;

	room->homes = HOME_LINES * homes_to_come(room);
	room->records = records_leaving(room);
	for (uint32_t i = 0; i < XRING_ROUTES; i++)
		room->records += !live->dp->routes[i].service[0];
	room->classes = calloc(XRING_CLASSES, sizeof(*room->classes));
	if (!room->classes)
		return -ENOMEM;
	for (uint32_t i = 1; i < XRING_CLASSES; i++)
		room->classes[i] = live->class_by_index[i];
	for (size_t i = 0; room->emptied && i < live->service_count; i++)
		if (room_goes(room, live->services[i]))
			classes_leave(room, live->services[i]);
	return 0;
}

void room_rules_end(struct room *room)
{
	free(room->classes);
	if (room->prefixes.lines)
		lpm_pool_copy_free(&room->prefixes);
}
