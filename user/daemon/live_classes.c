// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/live_classes.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "base/util.h"
#include "core/rules.h"
#include "daemon/class_words.h"
#include "daemon/ledgers.h"
#include "daemon/live_rings.h"

#define TENTH (NS_PER_S / 10)

/* ---- what the rules ask for ---- */

static void compiled_clear(struct live_classes *c)
{
	targets_clear(&c->targets);
	rules_free(c->rules, c->rule_count);
	free(c->counters);
	c->counters = NULL;
	regions_free(c->regions, c->region_count);
	c->rules = NULL;
	c->regions = NULL;
	c->rule_count = c->region_count = 0;
	c->known = false;
}

static bool regions_same(const struct live_classes *c, const struct model *m)
{
	if (c->region_count != m->region_count)
		return false;
	for (size_t i = 0; i < m->region_count; i++)
		if (!region_equal(&c->regions[i], &m->regions[i]))
			return false;
	return true;
}

/* A million prefixes are compiled once, and not with every change of a backend. */
static bool compiled_same(const struct live *live, const struct live_classes *c,
			  const struct model *m, const struct service *model)
{
	return c->known && c->homes_serial == live->homes_serial &&
	       !memcmp(c->doors, live->doors, sizeof(c->doors)) && regions_same(c, m) &&
	       rules_equal(c->rules, c->rule_count, model->rules, model->rule_count);
}

static int compile(struct live *live, struct live_service *s, struct live_classes *c,
		   const struct model *m, const struct service *model)
{
	struct targets targets;
	int err = targets_of(m, model, live->doors, s->homes, s->home_count, &targets);

	if (err)
		return err;
	compiled_clear(c);
	c->targets = targets;
	c->rules = rules_copy(model->rules, model->rule_count);
	c->rule_count = c->rules ? model->rule_count : 0;
	c->regions = regions_copy(m->regions, m->region_count);
	c->region_count = c->regions ? m->region_count : 0;
	memcpy(c->doors, live->doors, sizeof(c->doors));
	c->homes_serial = live->homes_serial;
	c->known = c->rules && c->regions;
	c->tidy = true;				/* they are to be brought about */
	return c->known ? 0 : -ENOMEM;
}

static int rings_prepare(struct live *live, struct live_service *s)
{
	const struct targets *t = &s->classes->targets;
	int err = 0;

	for (size_t i = 0; i < s->ring_count; i++)
		s->rings[i]->wanted = false;
	for (size_t i = 0; i < t->route_count && !err; i++) {
		struct live_ring *r = ring_of_route(s, &t->routes[i]);

		if (!r)
			r = live_ring_new(s, &t->routes[i]);
		err = r ? ring_enroll(live, r) : -ENOMEM;
		if (r)
			r->wanted = true;
	}
	for (size_t i = 0; i < s->classes->count; i++)
		class_wants(s->classes->list[i]);
	return err;
}

/* Each target has its rule's. */
static int ledgers_prepare(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;
	uint32_t *counters = calloc(c->targets.count + 1, sizeof(*counters));
	int err = counters ? 0 : -ENOMEM;

	ledgers_unwant(s);
	for (size_t i = 0; i < c->targets.count && !err; i++) {
		const struct live_ledger *l = NULL;

		err = ledger_get(live, s, c->rules, c->targets.list[i].rule, &l);
		c->tidy |= c->counters && l && c->counters[i] != l->counter;
		counters[i] = l ? l->counter : 0;
	}
	free(c->counters);
	c->counters = counters;
	return err;
}

uint32_t *service_roots(const struct live *live, const struct live_service *s)
{
	return (uint32_t *)live->dp->lines + XRING_LINE_ROOT(s->number, 0);
}

/* All clients were answered by the main ring until now. */
static int classes_begin(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;
	int err = ring_enroll(live, s->main);

	if (err)
		return err;
	if (s->number >= XRING_TABLES)
		return log_err(-ENOSPC, "service %s: want at most %u services with rules for some clients",
			       s->name, XRING_TABLES);
	for (int f = 0; f < 2; f++)
		err = err ?: runs_of_prefixes(NULL, 0, f ? AF_INET6 : AF_INET, &c->runs[f]);
	if (err)
		return err;
	c->own = class_new(live, s, CLASS_PLACES);
	if (!c->own)
		return log_err(-ENOSPC, "service %s: want at most %u classes of clients", s->name,
			       XRING_CLASSES);
	for (uint32_t d = 0; d < CLASS_PLACES; d++)
		c->own->newest[d] = s->main;
	c->own->named = true;
	lpm_init(&c->lpm, &live->prefixes, service_roots(live, s));
	live->slots_stale = true;
	return 0;
}

/* Once all are of one ring again, and nothing is under way, the main ring does. */
static bool classes_needless(const struct live_classes *c)
{
	return !targets_many(&c->targets) && c->count == 1 && !c->moving &&
	       c->runs[0].count == 1 && c->runs[1].count == 1;
}

static void prepare_plain(struct live_service *s, const struct service *model)
{
	route_of(service_rule(model), NULL, NULL, &s->main->route);
	s->main->wanted = true;
}

static bool tells_apart(const struct live *live, const struct model *m,
			const struct service *model, int *ret_err)
{
	struct targets targets;
	bool many;

	*ret_err = 0;
	if (!model->rule_count)
		return false;
	*ret_err = targets_of(m, model, live->doors, NULL, 0, &targets);
	if (*ret_err)
		return false;
	many = targets_many(&targets);
	targets_clear(&targets);
	return many;
}

int classes_prepare(struct live *live, struct live_service *s, const struct model *m,
		    const struct service *model)
{
	struct live_classes *c = s->classes;
	int err = 0;

	if (!c) {
		if (!tells_apart(live, m, model, &err)) {
			if (!err)
				prepare_plain(s, model);
			return err;
		}
		c = s->classes = calloc(1, sizeof(*c));
		if (!c)
			return -ENOMEM;
	}
	c->ends = false;
	if (!compiled_same(live, c, m, model))
		err = compile(live, s, c, m, model);
	return err ?: rings_prepare(live, s) ?: ledgers_prepare(live, s);
}

/* ---- clients that get another ring ---- */

/* Clients of one class before, and of one target after. */
struct shift {
	struct live_class *from, *to;
	uint32_t target;
	size_t runs;				/* how many networks, about */
};

struct shifts {
	struct live *live;
	struct live_service *s;
	struct live_ring **rings;		/* by route */
	struct shift *list;
	size_t count;
	uint32_t *known;			/* shifts + 1, by class and target */
	bool failed;
};

static struct live_ring *ring_at(const struct shifts *all, uint32_t target, uint32_t place)
{
	return all->rings[all->s->classes->targets.list[target].routes[place]];
}

static bool class_says(const struct shifts *all, const struct live_class *class, uint32_t target)
{
	const struct target *t = &all->s->classes->targets.list[target];

	if (class->counter != all->s->classes->counters[target] ||
	    class->follows != t->home.follow || class->home_bits[0] != t->home.prefix4 ||
	    class->home_bits[1] != t->home.prefix6)
		return false;
	for (uint32_t d = 0; d < CLASS_PLACES; d++)
		if (class->newest[d < class->places ? d : 0] != ring_at(all, target, d))
			return false;
	return true;
}

static uint32_t shift_of(void *context, uint32_t before, uint32_t target)
{
	struct shifts *all = context;
	struct live_classes *c = all->s->classes;
	struct live_class *from = before ? all->live->class_by_index[before] : c->own;
	uint32_t *known = &all->known[from->order * c->targets.count + target];
	struct shift *list;

	if (*known) {
		all->list[*known - 1].runs++;
		return *known - 1;
	}
	list = array_grow(all->list, all->count, sizeof(*list));
	if (!list) {
		all->failed = true;
		return 0;
	}
	all->list = list;
	list[all->count++] = (struct shift){ .from = from, .target = target, .runs = 1 };
	*known = all->count;
	return *known - 1;
}

/* The first settled class that says the same, and stays, or this one: they need not be two. */
static struct live_class *class_first(const struct shifts *all, struct live_class *class,
				      uint32_t target)
{
	const struct live_classes *c = all->s->classes;

	for (size_t i = 0; i < c->count; i++)
		if (!c->list[i]->moving && !c->list[i]->shifts && class_says(all, c->list[i], target))
			return c->list[i];
	return class;
}

/* From now on it says what the target does; what it said before is the old side. */
static void class_move(struct shifts *all, struct live_class *class, const struct shift *shift,
		       const struct live_times *times)
{
	const struct live_ring *was = class->newest[0];
	struct live_classes *c = all->s->classes;
	uint32_t target = shift->target;
	bool begins = false;

	if (!class->moving && c->epoch == all->live->dp->epoch)
		dp_grace(all->live->dp);	/* who saw it move is not to read what comes now */
	for (uint32_t d = 0; d < class->places; d++) {
		struct live_ring *r = ring_at(all, target, d);

		if (r != class->newest[d] && !class->old[d] && !times->cut) {
			class->old[d] = class->newest[d];
			begins = true;
		}
		class->newest[d] = r;
	}
	class->counter = c->counters[target];
	class->follows = c->targets.list[target].home.follow;
	class->home_bits[0] = c->targets.list[target].home.prefix4;
	class->home_bits[1] = c->targets.list[target].home.prefix6;
	if (begins) {
		c->moving += !class->moving;
		class->moving = true;
		class->since = times->now / TENTH;	/* of the last place that began */
	}
	class->changed = all->live->walks;
	class_words_write(all->live, class);
	if (begins && all->live->shifted)
		all->live->shifted(all->live->context, all->s, shift->runs, &was->route,
				   &class->newest[0]->route);
}

/* A class for some of the clients of another, which says what that did. */
static struct live_class *class_part(struct shifts *all, const struct live_class *from,
				     uint32_t target)
{
	bool doors = from->places > 1 || all->s->classes->targets.list[target].doors;
	struct live_class *class = class_new(all->live, all->s, doors ? CLASS_PLACES : 1);

	if (!class)
		return NULL;
	for (uint32_t d = 0; d < class->places; d++) {
		uint32_t place = d < from->places ? d : 0;

		class->newest[d] = from->newest[place];
		class->old[d] = from->old[place];
	}
	class->counter = from->counter;
	class->follows = from->follows;
	memcpy(class->home_bits, from->home_bits, sizeof(class->home_bits));
	class->moving = from->moving;
	class->since = from->since;
	class->changed = from->changed;
	all->s->classes->moving += class->moving;
	class_flags_copy(all->live, from, class);
	return class;
}

static bool only_shift(const struct shifts *all, const struct shift *shift)
{
	for (size_t i = 0; i < all->count; i++)
		if (&all->list[i] != shift && all->list[i].from == shift->from)
			return false;
	return true;
}

/*
 * Where all clients of a class shift, it is the class that does; the own one with those
 * whom no prefix names. Others are given to a class that moves from here to there.
 */
static bool shifts_whole(const struct shifts *all, const struct shift *shift)
{
	const struct live_class *from = shift->from;

	if (from->places == 1 && all->s->classes->targets.list[shift->target].doors)
		return false;
	return from == all->s->classes->own ? shift->target == 0 || only_shift(all, shift) :
					      only_shift(all, shift);
}

/* Who shifts as a whole takes in nobody. */
static void shifts_mark(struct shifts *all)
{
	for (size_t i = 0; i < all->s->classes->count; i++)
		all->s->classes->list[i]->shifts = false;
	for (size_t i = 0; i < all->count; i++) {
		const struct shift *shift = &all->list[i];

		shift->from->shifts |= !class_says(all, shift->from, shift->target) &&
				       shifts_whole(all, shift);
	}
}

static int shift_decide(struct shifts *all, struct shift *shift, const struct live_times *times)
{
	if (class_says(all, shift->from, shift->target)) {
		shift->to = shift->from->moving ? shift->from :
			    class_first(all, shift->from, shift->target);
		return 0;
	}
	if (shifts_whole(all, shift)) {
		shift->to = shift->from;	/* behind the others, who leave it before */
		return 0;
	}
	if (times->cut)
		shift->to = class_first(all, NULL, shift->target);
	shift->to = shift->to ?: class_part(all, shift->from, shift->target);
	if (!shift->to)
		return log_err(-ENOSPC, "service %s: want at most %u classes of clients",
			       all->s->name, XRING_CLASSES);
	if (!class_says(all, shift->to, shift->target))
		class_move(all, shift->to, shift, times);
	return 0;
}

/* ---- the prefixes ---- */

static uint32_t class_value(void *context, uint32_t shift, uint32_t zero)
{
	const struct shifts *all = context;
	const struct live_class *to = all->list[shift].to;

	(void)zero;
	return to == all->s->classes->own ? 0 : to->first;
}

static int shifts_find(struct shifts *all, struct runs ret[2])
{
	struct live_classes *c = all->s->classes;
	int err = 0;

	for (size_t i = 0; i < c->count; i++)
		c->list[i]->order = i;
	all->known = calloc((c->count + 1) * (c->targets.count + 1), sizeof(*all->known));
	all->rings = calloc(c->targets.route_count + 1, sizeof(struct live_ring *));
	if (!all->known || !all->rings)
		return -ENOMEM;
	for (size_t i = 0; i < c->targets.route_count; i++)
		all->rings[i] = ring_of_route(all->s, &c->targets.routes[i]);
	for (int f = 0; f < 2 && !err; f++)
		err = runs_combine(&c->runs[f], &c->targets.runs[f], shift_of, all, &ret[f]);
	return err ?: all->failed ? -ENOMEM : 0;
}

static int prefixes_write(struct live *live, struct live_classes *c, const struct runs runs[2])
{
	_free_ struct lpm_entry *v4 = NULL, *v6 = NULL;
	struct lpm_entry *all;
	size_t count4 = 0, count6 = 0;
	int err = runs_prefixes(&runs[0], AF_INET, &v4, &count4) ?:
		  runs_prefixes(&runs[1], AF_INET6, &v6, &count6);

	if (err)
		return err;
	all = reallocarray(v4, count4 + count6 + 1, sizeof(*v4));
	if (!all)
		return -ENOMEM;
	v4 = all;
	if (count6)
		memcpy(v4 + count4, v6, count6 * sizeof(*v6));
	err = lpm_change(&c->lpm, v4, count4 + count6);
	if (err != -ENOSPC)
		return err;
	dp_grace(live->dp);
	lpm_pool_reclaim(&live->prefixes);
	return lpm_change(&c->lpm, v4, count4 + count6);
}

/* The runs of shifts become those of classes, which the prefixes then say. */
static int runs_apply(struct shifts *all, struct runs found[2])
{
	struct live_classes *c = all->s->classes;
	struct runs nothing = {}, runs[2] = {};
	int err = runs_of_prefixes(NULL, 0, AF_INET, &nothing);

	for (int f = 0; f < 2 && !err; f++)
		err = runs_combine(&found[f], &nothing, class_value, all, &runs[f]);
	runs_clear(&nothing);
	err = err ?: prefixes_write(all->live, c, runs);
	for (int f = 0; f < 2; f++) {
		if (err) {
			runs_clear(&runs[f]);
			continue;
		}
		runs_clear(&c->runs[f]);
		c->runs[f] = runs[f];
	}
	return err;
}

static void classes_name(struct live *live, struct live_classes *c)
{
	for (size_t i = 0; i < c->count; i++)
		c->list[i]->named = c->list[i] == c->own;
	for (int f = 0; f < 2; f++)
		for (size_t i = 0; i < c->runs[f].count; i++)
			if (c->runs[f].list[i].value)
				live->class_by_index[c->runs[f].list[i].value]->named = true;
}

static int shifts_make(struct shifts *all, const struct live_times *times)
{
	struct runs found[2] = {};
	int err = shifts_find(all, found);

	if (!err)
		shifts_mark(all);
	for (size_t i = 0; i < all->count && !err; i++)
		err = shift_decide(all, &all->list[i], times);
	err = err ?: runs_apply(all, found);
	for (size_t i = 0; i < all->count && !err; i++)
		if (all->list[i].to == all->list[i].from &&
		    !class_says(all, all->list[i].to, all->list[i].target))
			class_move(all, all->list[i].to, &all->list[i], times);
	for (int f = 0; f < 2; f++)
		runs_clear(&found[f]);
	free(all->list);
	free(all->known);
	free(all->rings);
	return err;
}

int classes_apply(struct live *live, struct live_service *s, const struct live_times *times)
{
	struct shifts all = { .live = live, .s = s };
	struct live_classes *c = s->classes;
	int err = 0;

	if (!c)
		return 0;
	if (!c->own)
		err = classes_begin(live, s);
	for (size_t i = 0; i < s->ring_count; i++)
		ring_recorded(live, s->rings[i]);
	for (size_t i = 0; i < c->count; i++)
		class_words_write(live, c->list[i]);	/* a ring's cells may be elsewhere */
	if (err || !c->tidy)
		return err;
	err = shifts_make(&all, times);
	if (err)
		return err;
	c->tidy = false;
	s->main = c->own->newest[0];
	classes_name(live, c);
	ledgers_forget(live, s);
	c->ends = classes_needless(c);
	live->slots_stale |= c->ends;
	return 0;
}

/* ---- time ---- */

/* One that moves. Returns when there is something to do again; 0: the next walk says. */
static uint64_t class_settle(struct live *live, struct live_service *s, struct live_class *class,
			     uint64_t now)
{
	uint64_t age = now / TENTH - class->since;

	if (age < service_window(s))
		return (uint64_t)(class->since + service_window(s)) * TENTH;
	if (age < service_settle(s)) {
		class_udp_new(live, class);
		return (uint64_t)(class->since + service_settle(s)) * TENTH;
	}
	if (live->walked <= class->changed)
		return 0;
	if (class_held(live, class)) {
		log_warn("service %s: clients stay as they are: the table of pins is full", s->name);
		class->since = now / TENTH;
		return now + service_window(s) * TENTH;
	}
	class->moving = false;
	memset(class->old, 0, sizeof(class->old));
	class_words_write(live, class);
	s->classes->moving--;
	s->classes->epoch = live->settle_epoch = live->dp->epoch;
	s->classes->tidy = true;
	s->settled = live->walks;
	s->look = s->look ?: 1;		/* until a walk knows better */
	return 0;
}

uint64_t classes_tick(struct live *live, struct live_service *s, uint64_t now, bool *ret_apply)
{
	struct live_classes *c = s->classes;
	uint64_t next = 0, at;

	for (size_t i = 0; c && c->moving && i < c->count; i++) {
		at = c->list[i]->moving ? class_settle(live, s, c->list[i], now) : 0;
		if (at && (!next || at < next))
			next = at;
	}
	*ret_apply |= c && c->tidy;
	return next;
}

/* ---- the end ---- */

bool classes_gone(const struct live_service *s)
{
	if (s->classes && s->classes->ends)
		return true;
	for (size_t i = 0; s->classes && i < s->classes->count; i++)
		if (!s->classes->list[i]->named)
			return true;
	return false;
}

void classes_forget(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;
	size_t kept = 0;

	if (c && c->ends) {
		ring_discharge(live, s->main);
		classes_drop(live, s);
		return;
	}
	for (size_t i = 0; c && i < c->count; i++) {
		struct live_class *class = c->list[i];

		if (class->named) {
			c->list[kept++] = class;
			continue;
		}
		c->moving -= class->moving;
		class_erase(live, class);
	}
	if (c)
		c->count = kept;
}

void classes_free(struct live_service *s)
{
	struct live_classes *c = s->classes;

	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		free(c->list[i]);
	free(c->list);
	compiled_clear(c);
	for (int f = 0; f < 2; f++)
		runs_clear(&c->runs[f]);
	for (int f = 0; f < LPM_FAMILIES; f++)
		trie_clear(&c->lpm.tries[f]);
	free(c);
	s->classes = NULL;
}

void classes_drop(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;

	if (!c)
		return;
	if (c->own)
		lpm_clear(&c->lpm);
	for (size_t i = 0; i < c->count; i++)
		class_erase(live, c->list[i]);
	c->count = 0;
	classes_free(s);
}

void classes_close(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;

	for (size_t i = 0; c && i < c->count; i++) {
		c->list[i]->moving = false;
		memset(c->list[i]->old, 0, sizeof(c->list[i]->old));
		class_words_write(live, c->list[i]);
	}
	if (c) {
		c->moving = 0;
		c->tidy = true;
	}
}

/* ---- whose a client is ---- */

struct live_class *class_of(const struct live *live, const struct live_service *s,
			    const struct address *client)
{
	uint32_t index;

	if (!s->classes || !s->classes->own)
		return NULL;
	index = lpm_find(&s->classes->lpm, client);
	return index ? live->class_by_index[index] : s->classes->own;
}

size_t rings_of_flow(const struct live *live, const struct live_service *s,
		     const struct xring_flow *flow, struct live_ring *ret[CLASS_PLACES],
		     bool *ret_moving)
{
	struct address client = { .family = flow->family == 4 ? AF_INET : AF_INET6 };
	struct live_class *class;
	size_t count = 0;

	memcpy(client.bytes, flow->src, sizeof(client.bytes));
	class = class_of(live, s, &client);
	*ret_moving = class && class->moving;
	ret[count++] = class ? class->newest[0] : s->main;
	for (uint32_t d = 1; class && d < class->places; d++) {
		size_t i = 0;

		while (i < count && ret[i] != class->newest[d])
			i++;
		if (i == count)
			ret[count++] = class->newest[d];
	}
	return count;
}

/* ---- doors ---- */

void live_doors_set(struct live *live, const struct model *m)
{
	doors_set(live->doors, m);
}

void live_doors_write(struct live *live)
{
	for (size_t i = 0; i < DOORS; i++) {
		uint64_t index = *live->doors[i].name ? if_nametoindex(live->doors[i].name) : 0;
		uint64_t door = index ? index << 32 | (i + 1) : 0;

		if (live->dp->config->doors[i] != door)
			__atomic_store_n(&live->dp->config->doors[i], door, __ATOMIC_RELEASE);
	}
}

void live_doors_adopt(struct live *live, const struct model *m)
{
	for (size_t i = 0; i < DOORS; i++) {
		char name[IF_NAMESIZE];
		const struct interface *is;

		if (!live->dp->config->doors[i] ||
		    !if_indextoname(live->dp->config->doors[i] >> 32, name))
			continue;
		is = model_interface(m, name);
		if (!is)
			continue;
		memcpy(live->doors[i].name, is->name, sizeof(is->name));
		memcpy(live->doors[i].region, is->region, sizeof(is->region));
	}
}
