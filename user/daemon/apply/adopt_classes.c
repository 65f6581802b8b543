// SPDX-License-Identifier: GPL-2.0-or-later
/* How a new daemon takes over classes of clients, their rings and their prefixes. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "core/lpm/lpm.h"
#include "daemon/live/class_words.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/ring_records.h"
#include "daemon/live/rings.h"
#include "daemon/live/rule_counters.h"
#include "daemon/live/services.h"
#include "dp/dp.h"

/* A new frozen ring for an adopted extent: its route is not known until the rules are compiled. */
static struct live_ring *ring_found(struct live_service *s)
{
	struct live_ring *r = live_ring_new(s, NULL);

	if (r)
		r->frozen = true;
	return r;
}

static int adopt_records(struct live *live, struct live_service *s, uint64_t now)
{
	for (uint32_t i = 0; i < XRING_ROUTES; i++) {
		const struct xring_route *record = &live->dp->routes[i];
		struct live_ring *r;

		if (strcmp(record->service, s->name))
			continue;
		if (!record->counters && !record->shift)
			continue;	/* killed before the ring was made: `base` is not valid */
		if (record->counters) {
			if (rule_counters_adopt(s, record, i))
				return -ENOMEM;
			continue;
		}
		r = ring_found(s);
		if (!r)
			return -ENOMEM;
		r->record = i;
		r->allowed = record->allowed;
		memcpy(r->digest, record->digest, sizeof(r->digest));
		ring_adopt(live, r, record->base, now);
	}
	return 0;
}

/* The ring that a word of a class names; the last daemon may have dropped its record already. */
static struct live_ring *ring_of_word(struct live *live, struct live_service *s, uint64_t word,
				      uint64_t now)
{
	struct live_ring *r = ring_of_base(s, xring_class_base(word));

	if (r)
		return r;
	r = ring_found(s);
	if (!r)
		return NULL;
	r->allowed = xring_class_allowed(word);
	ring_adopt(live, r, xring_class_base(word), now);
	return r;
}

static struct live_class *class_found(struct live *live, struct live_service *s, uint32_t first,
				      uint64_t now)
{
	struct live_class **list = array_grow(s->classes->list, s->classes->count,
					      sizeof(struct live_class *));
	struct live_class *class = calloc(1, sizeof(*class));
	const struct xring_class *at = &live->dp->classes[first];

	if (list)
		s->classes->list = list;
	if (!list || !class) {
		free(class);
		return NULL;
	}
	list[s->classes->count++] = class;
	*class = (struct live_class){
		.first = first,
		.places = at->places,
		.counter = xring_class_counter(at->newest),
		.follows = at->newest & XRING_CLASS_HOME,
		.home_bits = { at->home_bits[0], at->home_bits[1] },
		.since = now / (NS_PER_S / 10),
	};
	return class;
}

static int adopt_class(struct live *live, struct live_service *s, uint32_t first, uint64_t now)
{
	struct live_class *class = class_found(live, s, first, now);

	if (!class)
		return -ENOMEM;
	for (uint32_t d = 0; d < class->places; d++) {
		const struct xring_class *at = &live->dp->classes[first + d];

		live->class_by_index[first + d] = class;
		class->newest[d] = ring_of_word(live, s, at->newest, now);
		if (at->newest & XRING_CLASS_MOVING)
			class->old[d] = ring_of_word(live, s, at->old, now);
		if (!class->newest[d] || (at->newest & XRING_CLASS_MOVING && !class->old[d]))
			return -ENOMEM;
		class->moving |= class->old[d] != NULL;
	}
	s->classes->moving += class->moving;
	return 0;
}

/* Are all elements of the class there? The last daemon may have been killed while it made them. */
static bool block_whole(const struct live *live, uint32_t first, uint32_t number)
{
	uint32_t places = live->dp->classes[first].places;

	if ((places != 1 && places != CLASS_PLACES) || first + places > XRING_CLASSES)
		return false;
	for (uint32_t d = 0; d < places; d++)
		if (live->dp->classes[first + d].number != number ||
		    !xring_class_shift(live->dp->classes[first + d].newest) ||
		    live->class_by_index[first + d])
			return false;
	return true;
}

static int adopt_list(struct live *live, struct live_service *s, uint64_t now)
{
	int err = 0;

	for (uint32_t i = 1; i < XRING_CLASSES && !err; i++)
		if (live->dp->classes[i].number == s->number && live->dp->classes[i].places &&
		    block_whole(live, i, s->number))
			err = adopt_class(live, s, i, now);
	return err;
}

/* A value that names no class counts as the service's own class. */
static uint32_t known_value(void *context, uint32_t value, uint32_t zero)
{
	const struct live *live = context;

	(void)zero;
	return value < XRING_CLASSES && live->class_by_index[value] ? value : 0;
}

static int adopt_runs(struct live *live, struct live_classes *c)
{
	struct runs nothing = {};
	int err = runs_of_prefixes(NULL, 0, AF_INET, &nothing);

	for (int f = 0; f < LPM_FAMILIES && !err; f++) {
		struct runs found = {};

		err = lpm_runs(live->prefixes, c->lpm.roots[f], f, &found) ?:
		      runs_combine(&found, &nothing, known_value, live, &c->runs[f]);
		runs_clear(&found);
	}
	runs_clear(&nothing);
	return err;
}

static int adopt_prefixes(struct live *live, struct live_service *s)
{
	struct live_classes *c = s->classes;
	uint32_t *roots = service_roots(live, s);
	int err = lpm_adopt(&c->lpm, live->prefixes, roots);

	if (err == -ENOMEM)
		return err;
	if (err) {
		/*
		 * Without prefixes every client would have the service's own class, which
		 * some may not have.
		 */
		log_warn("service %s: its prefixes make no sense: nobody is answered until they "
			 "are written anew", s->name);
		c->unanswered = true;
		for (uint32_t d = 0; d < c->own->places; d++)
			__atomic_store_n(&live->dp->classes[c->own->first + d].newest,
					 XRING_CLASS_NOBODY, __ATOMIC_RELEASE);
		lpm_init(&c->lpm, live->prefixes, roots);
	}
	return adopt_runs(live, c);
}

/*
 * The main ring with which the service was made is not in use: the own class names the real
 * one.
 */
static void main_drop(struct live_service *s)
{
	struct live_ring *blank = s->main;
	size_t kept = 0;

	for (size_t i = 0; i < s->ring_count; i++)
		if (s->rings[i] != blank)
			s->rings[kept++] = s->rings[i];
	s->ring_count = kept;
	live_ring_free(blank);
	s->main = s->classes->own->newest[0];
}

int classes_adopt(struct live *live, struct live_service *s, uint32_t own, uint64_t now)
{
	int err;

	if (own >= XRING_CLASSES || !block_whole(live, own, s->number))
		return 0;		/* the class is made again by classes_apply() */
	s->classes = calloc(1, sizeof(*s->classes));
	if (!s->classes)
		return -ENOMEM;
	err = adopt_records(live, s, now) ?: adopt_list(live, s, now);
	if (err)
		return err;
	s->classes->own = live->class_by_index[own];
	s->classes->own->named = true;
	main_drop(s);
	for (size_t i = 0; i < s->classes->count; i++)
		s->classes->list[i]->named = true;
	return adopt_prefixes(live, s);
}

/* Removes the prefix tables of a number, unless a service with classes has it. */
static void table_forget(struct live *live, uint32_t number)
{
	uint32_t *roots = (uint32_t *)live->dp->lines + XRING_LINE_ROOT(number, 0);
	const struct live_service *s = live_service_of_number(live, number);

	if (s && s->classes)
		return;
	if (number < XRING_TABLES)
		roots[0] = roots[1] = 0;
}

static void records_claim(const struct live_service *s, uint8_t *claimed)
{
	for (size_t i = 0; i < s->ring_count; i++)
		if (s->rings[i]->record != UINT32_MAX)
			claimed[s->rings[i]->record] = 1;
	for (size_t i = 0; i < s->rule_counter_count; i++)
		claimed[s->rule_counters[i]->record] = 1;
}

/*
 * Drops records that no service claims: a later daemon would take them for records of other
 * rings.
 */
static int records_strange(struct live *live)
{
	_free_ uint8_t *claimed = calloc(XRING_ROUTES, 1);

	if (!claimed)
		return -ENOMEM;
	for (size_t i = 0; i < live->service_count; i++)
		records_claim(live->services[i], claimed);
	for (uint32_t i = 0; i < XRING_ROUTES; i++)
		if (live->dp->routes[i].service[0] && !claimed[i])
			ring_record_drop(live, i);
	return 0;
}

int classes_strange(struct live *live)
{
	for (uint32_t i = 1; i < XRING_CLASSES; i++) {
		struct xring_class *at = &live->dp->classes[i];

		if (!at->number || live->class_by_index[i])
			continue;
		live->classes_strange = true;
		__atomic_store_n(&at->newest, XRING_CLASS_NOBODY, __ATOMIC_RELEASE);
		table_forget(live, at->number);
	}
	return records_strange(live);
}

void classes_strange_forget(struct live *live)
{
	for (uint32_t i = 1; live->classes_strange && i < XRING_CLASSES; i++)
		if (!live->class_by_index[i] && live->dp->classes[i].number)
			live->dp->classes[i] = (struct xring_class){};
	live->classes_strange = false;
}
