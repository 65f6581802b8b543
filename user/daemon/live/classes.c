// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a service's classes: from the rules to classes in the maps, their settling, and
 * their end.
 */
#include "daemon/live/classes.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "core/lpm/lpm.h"
#include "core/lpm/trie.h"
#include "core/model/rules.h"
#include "daemon/live/class_shifts.h"
#include "daemon/live/class_words.h"
#include "daemon/live/compile.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/rule_counters.h"
#include "daemon/live/services.h"
#include "daemon/live/times.h"
#include "dp/dp.h"

/* ---- what the rules ask for ---- */

static int rings_prepare(struct live *live, struct live_service *s)
{
	const struct targets *t = &s->classes->compiled.targets;
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

/* Gives each target the counters of its rule, once for each compilation of the rules. */
static int rule_counters_prepare(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;
	_free_ uint32_t *counters = NULL;
	int err = 0;

	if (c->counters)
		return 0;
	counters = calloc(c->compiled.targets.count + 1, sizeof(*counters));
	if (!counters)
		return -ENOMEM;
	rule_counters_unwant(s);
	for (size_t i = 0; i < c->compiled.targets.count && !err; i++) {
		const struct rule_counters *l = NULL;

		err = rule_counters_get(live, s, c->compiled.rules,
					c->compiled.targets.list[i].rule, &l);
		counters[i] = l ? l->counter : 0;
	}
	if (!err)
		c->counters = take_ptr(counters);
	return err;
}

/* Makes the service's own class. Until now the main ring has answered all clients. */
static int classes_begin(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;
	int err = ring_enroll(live, s->main);

	if (err)
		return err;
	if (s->number >= XRING_TABLES)
		return log_err(-ENOSPC, "service %s: want at most %u services with rules for some clients",
			       s->name, XRING_TABLES);
	for (int f = 0; f < 2; f++) {
		runs_clear(&c->runs[f]);	/* of an earlier try that failed */
		err = err ?: runs_of_prefixes(NULL, 0, f ? AF_INET6 : AF_INET, &c->runs[f]);
	}
	if (err)
		return err;
	c->own = class_new(live, s, CLASS_PLACES);
	if (!c->own)
		return log_err(-ENOSPC, "service %s: want at most %u classes of clients", s->name,
			       XRING_CLASSES);
	for (uint32_t d = 0; d < CLASS_PLACES; d++)
		c->own->newest[d] = s->main;
	c->own->named = true;
	s->main->wanted = true;		/* by the class, when it moves away */
	lpm_init(&c->lpm, live->prefixes, service_roots(live, s));
	live->slots_stale = true;
	return 0;
}

/* When one ring answers all clients again and nothing moves, the main ring alone is enough. */
static bool classes_needless(const struct live_classes *c)
{
	return !targets_many(&c->compiled.targets) && c->count == 1 && !c->moving &&
	       c->runs[0].count == 1 && c->runs[1].count == 1;
}

static void prepare_plain(struct live_service *s, const struct service *model)
{
	route_of(service_rule(model), NULL, NULL, &s->main->route);
	s->main->wanted = true;
}

/* Frees classes that never began, for lack of room, after the rules have gone again. */
static void classes_unmake(struct live *live, struct live_service *s)
{
	classes_free(s);
	ring_discharge(live, s->main);
	for (size_t i = 0; i < s->ring_count; i++)
		s->rings[i]->wanted = false;
	rule_counters_unwant(s);
	rule_counters_forget(live, s);
}

int classes_prepare(struct live *live, struct live_service *s, const struct model *m,
		    const struct service *model)
{
	struct live_classes *c = s->classes;
	bool fresh;
	int err;

	if (c && !c->own && !rules_many(m, model, live->ingresses)) {
		classes_unmake(live, s);
		c = NULL;
	}
	if (!c) {
		if (!rules_many(m, model, live->ingresses)) {
			prepare_plain(s, model);
			return 0;
		}
		c = s->classes = calloc(1, sizeof(*c));
		if (!c)
			return -ENOMEM;
	}
	c->unapplied |= c->ending;	/* classes_apply() decides again whether the classes end */
	c->ending = false;
	err = live_compile(live, s, m, model, &c->compiled, &fresh);
	if (fresh && !err) {
		free(c->counters);
		c->counters = NULL;
		c->unapplied = true;
	}
	return err ?: rings_prepare(live, s) ?: rule_counters_prepare(live, s);
}

/* ---- bringing the maps to the rules ---- */

static void classes_name(struct live *live, struct live_classes *c)
{
	for (size_t i = 0; i < c->count; i++)
		c->list[i]->named = c->list[i] == c->own;
	for (int f = 0; f < 2; f++)
		for (size_t i = 0; i < c->runs[f].count; i++)
			if (c->runs[f].list[i].value)
				live->class_by_index[c->runs[f].list[i].value]->named = true;
}

void classes_follow(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;

	for (size_t i = 0; c && i < s->ring_count; i++)
		ring_recorded(live, s->rings[i]);
	for (size_t i = 0; c && i < c->count; i++)
		if (!c->unanswered || c->list[i] != c->own)
			class_words_write(live, c->list[i]);
}

int classes_apply(struct live *live, struct live_service *s, const struct live_times *times)
{
	struct live_classes *c = s->classes;
	int err = 0;

	if (!c)
		return 0;
	if (!c->own) {
		err = classes_begin(live, s);
		classes_follow(live, s);
	}
	if (err || !c->unapplied)
		return err;
	err = clients_shift(live, s, times);
	if (err) {
		classes_name(live, c);		/* classes made for this try go again */
		return err;
	}
	c->unapplied = c->unanswered = false;
	class_words_write(live, c->own);
	s->main = c->own->newest[0];
	classes_name(live, c);
	rule_counters_forget(live, s);
	c->ending = classes_needless(c);
	live->slots_stale |= c->ending;
	return 0;
}

/* ---- time ---- */

/*
 * The class has moved long enough. Returns when (tenths) something is due again; 0: after the
 * next walk.
 */
static uint32_t class_over(struct live *live, struct live_service *s, struct live_class *class,
			   const struct moving_times *t)
{
	if (class_held(live, class)) {
		log_warn("service %s: clients stay as they are: the table of pins is full", s->name);
		return moving_again(&class->since, t);
	}
	class_stops(live, class);
	class->moving = false;
	memset(class->old, 0, sizeof(class->old));
	s->classes->moving--;
	s->classes->epoch = live->dp->epoch;
	s->classes->unapplied = true;
	service_settled(live, s);
	return 0;
}

static uint32_t class_settle(struct live *live, struct live_service *s, struct live_class *class,
			     uint64_t now)
{
	struct moving_times t = service_times(s, now);
	uint32_t next;

	switch (moving_due(class->since, &t, live->walk_done > class->changed, &next)) {
	case MOVING_WAITS:
		break;
	case MOVING_UDP_NEW:
		class_udp_new(live, class);
		break;
	case MOVING_OVER:
		return class_over(live, s, class, &t);
	}
	return next;
}

uint64_t classes_tick(struct live *live, struct live_service *s, uint64_t now, bool *ret_apply)
{
	struct live_classes *c = s->classes;
	uint64_t next = 0;

	for (size_t i = 0; c && c->moving && !c->unanswered && i < c->count; i++)
		if (c->list[i]->moving)
			sooner(&next, class_settle(live, s, c->list[i], now) * NS_PER_TENTH);
	*ret_apply |= c && (c->unapplied || (classes_gone(s) && live->dp->fresh_fd < 0));
	return next;
}

/* ---- the end ---- */

bool classes_gone(const struct live_service *s)
{
	if (s->classes && s->classes->ending)
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

	if (c && c->ending) {
		ring_discharge(live, s->main);
		classes_drop(live, s);
		rule_counters_unwant(s);
		rule_counters_forget(live, s);
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
	if (!c || kept == c->count)
		return;
	c->count = kept;
	c->unapplied = true;		/* their rings must go, and perhaps the last class */
}

void classes_free(struct live_service *s)
{
	struct live_classes *c = s->classes;

	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		free(c->list[i]);
	free(c->list);
	compiled_clear(&c->compiled);
	free(c->counters);
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
		c->unapplied = true;
	}
}
