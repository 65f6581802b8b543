// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of classes in the maps, with the flags that the datapath and the daemon share. */
#include "daemon/live/class_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/step.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "dp/dp.h"

#define OLD_FLAGS (XRING_CLASS_UDP_NEW | XRING_CLASS_HELD)

/* ---- places in the map ---- */

/* The first of that many free elements in a row; 0, which is no class: there are not so many. */
static uint32_t places_free(const struct live *live, uint32_t places)
{
	uint32_t run = 0;

	for (uint32_t i = 1; i < XRING_CLASSES; i++) {
		run = live->class_by_index[i] ? 0 : run + 1;
		if (run == places)
			return i + 1 - places;
	}
	return 0;
}

bool class_places_take(bool *taken, uint32_t places)
{
	uint32_t run = 0;

	for (uint32_t i = 1; i < XRING_CLASSES; i++) {
		run = taken[i] ? 0 : run + 1;
		if (run < places)
			continue;
		memset(taken + i + 1 - places, true, places);
		return true;
	}
	return false;
}

struct live_class *class_new(struct live *live, struct live_service *s, uint32_t places)
{
	struct live_classes *c = s->classes;
	struct live_class **list = array_grow(c->list, c->count, sizeof(struct live_class *));
	struct live_class *class = calloc(1, sizeof(*class));
	uint32_t first = places_free(live, places);

	if (list)
		c->list = list;
	if (!list || !class || !first) {
		free(class);
		return NULL;
	}
	class->first = first;
	class->places = places;
	class->named = true;
	list[c->count++] = class;
	for (uint32_t d = 0; d < places; d++) {
		live->class_by_index[first + d] = class;
		live->dp->classes[first + d] = (struct xring_class){ .number = s->number };
	}
	live->dp->classes[first].places = places;
	return class;
}

void class_erase(struct live *live, struct live_class *class)
{
	for (uint32_t d = 0; d < class->places; d++) {
		struct xring_class *at = &live->dp->classes[class->first + d];

		live->class_by_index[class->first + d] = NULL;
		step();
		__atomic_store_n(&at->newest, 0, __ATOMIC_RELEASE);
		at->number = 0;
	}
	free(class);
}

/* ---- words ---- */

static uint64_t ring_word(const struct live_ring *r)
{
	return XRING_CLASS_RING(r->base, 32 - r->cells.bits) |
	       (uint64_t)r->allowed << XRING_CLASS_ALLOWED;
}

static uint64_t newest_word(const struct live_class *class, uint32_t d)
{
	const struct live_ring *r = class->newest[d];

	return ring_word(r) | (uint64_t)class->counter << XRING_CLASS_COUNTER |
	       (route_strict(&r->route) ? XRING_CLASS_STRICT : 0) |
	       (!d && class->places > 1 ? XRING_CLASS_INGRESS : 0) |
	       (class->follows ? XRING_CLASS_HOME : 0) |
	       (class->old[d] ? XRING_CLASS_MOVING : 0);
}

/* Writes an old word. Compare-and-swap, because the datapath may set HELD at any moment. */
static void old_write(uint64_t *at, uint64_t word)
{
	uint64_t said = __atomic_load_n(at, __ATOMIC_ACQUIRE);

	if ((said & ~OLD_FLAGS) == word)
		return;
	step();
	while (!__atomic_compare_exchange_n(at, &said, word | (said & OLD_FLAGS), false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
}

void class_words_write(struct live *live, const struct live_class *class)
{
	struct xring_class *at = &live->dp->classes[class->first];

	memcpy(at->home_bits, class->home_bits, sizeof(at->home_bits));
	for (uint32_t d = 0; d < class->places; d++, at++) {
		uint64_t word = newest_word(class, d);

		if (class->old[d]) {
			if (!(at->newest & XRING_CLASS_MOVING))
				at->old = 0;	/* of an earlier change; nothing reads it */
			old_write((uint64_t *)&at->old, ring_word(class->old[d]));
		}
		if (at->newest == word)
			continue;
		step();
		__atomic_store_n(&at->newest, word, __ATOMIC_RELEASE);
	}
}

/* ---- flags of old words ---- */

void class_flags_copy(struct live *live, const struct live_class *from,
		      const struct live_class *to)
{
	for (uint32_t d = 0; d < to->places; d++) {
		uint32_t place = d < from->places ? d : 0;
		uint64_t said = live->dp->classes[from->first + place].old & OLD_FLAGS;

		if (!to->old[d])
			continue;
		live->dp->classes[to->first + d].newest = XRING_CLASS_MOVING;
		live->dp->classes[to->first + d].old = ring_word(to->old[d]) | said;
	}
}

void class_udp_new(struct live *live, const struct live_class *class)
{
	for (uint32_t d = 0; d < class->places; d++) {
		uint64_t *old = (uint64_t *)&live->dp->classes[class->first + d].old;

		if (!class->old[d] || *old & XRING_CLASS_UDP_NEW)
			continue;
		step();
		__atomic_fetch_or(old, XRING_CLASS_UDP_NEW, __ATOMIC_ACQ_REL);
	}
}

bool class_held(struct live *live, const struct live_class *class)
{
	bool held = false;

	for (uint32_t d = 0; d < class->places; d++)
		held |= class->old[d] &&
			__atomic_load_n(&live->dp->classes[class->first + d].old,
					__ATOMIC_ACQUIRE) & XRING_CLASS_HELD;
	for (uint32_t d = 0; held && d < class->places; d++) {
		step();
		__atomic_fetch_and(&live->dp->classes[class->first + d].old, ~OLD_FLAGS,
				   __ATOMIC_ACQ_REL);
	}
	return held;
}

void class_stops(struct live *live, const struct live_class *class)
{
	for (uint32_t d = 0; d < class->places; d++) {
		step();
		__atomic_fetch_and(&live->dp->classes[class->first + d].newest,
				   ~XRING_CLASS_MOVING, __ATOMIC_ACQ_REL);
	}
}

void class_wants(struct live_class *class)
{
	for (uint32_t d = 0; d < class->places; d++) {
		class->newest[d]->wanted = true;
		if (class->old[d])
			class->old[d]->wanted = true;
	}
}

uint32_t *service_roots(const struct live *live, const struct live_service *s)
{
	return (uint32_t *)live->dp->lines + XRING_LINE_ROOT(s->number, 0);
}
