// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which clients must get another ring, and through which class. The address space is cut
 * twice: into runs of one class, as the maps have them, and into runs of one target, as the
 * rules want them. A shift is the set of clients that have the same class before and the same
 * target after.
 */
#include "daemon/live/class_shifts.h"

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
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/live/times.h"
#include "dp/dp.h"
#include "dp/write.h"

/* ---- shifts ---- */

/* The clients that have one class before and one target after. */
struct shift {
	struct live_class *from, *to;
	uint32_t target;
	size_t runs;				/* about as many networks */
	const struct live_ring *was;		/* ring of before, if a class began to move; else NULL */
};

struct shifts {
	struct live *live;
	struct live_service *s;
	struct live_classes *c;
	const struct shift_wish *wish;
	struct shift *list;
	size_t count;
	uint32_t *known;			/* by class and target: index + 1; 0: none */
	bool failed;
};

static struct live_ring *ring_at(const struct shifts *all, uint32_t target, uint32_t place)
{
	return all->wish->rings[all->wish->targets->list[target].routes[place]];
}

static bool class_says(const struct shifts *all, const struct live_class *class, uint32_t target)
{
	const struct target *t = &all->wish->targets->list[target];

	if (class->counter != all->wish->counters[target] ||
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
	struct live_classes *c = all->c;
	struct live_class *from = before ? all->live->class_by_index[before] : c->own;
	uint32_t *known = &all->known[from->order * all->wish->targets->count + target];
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

/* Is the class settled, says what the target does, and does not move as a whole? */
static bool class_fits(const struct shifts *all, const struct live_class *class, uint32_t target)
{
	return !class->moving && !class->shifts && class_says(all, class, target);
}

/*
 * A class that fits; if there is none, `class`. So settled classes that say the same become one:
 * the service's own, if it is among them, as its clients need no prefix.
 */
static struct live_class *class_first(const struct shifts *all, struct live_class *class,
				      uint32_t target)
{
	const struct live_classes *c = all->c;

	if (class_fits(all, c->own, target))
		return c->own;
	for (size_t i = 0; i < c->count; i++)
		if (class_fits(all, c->list[i], target))
			return c->list[i];
	return class;
}

/*
 * Makes the class say what the shift's target does; what the class said before becomes its
 * old side.
 */
static void class_move(struct shifts *all, struct live_class *class, struct shift *shift,
		       const struct live_times *times)
{
	const struct live_ring *was = class->newest[0];
	struct live_classes *c = all->c;
	uint32_t target = shift->target;
	bool begins = false;

	if (!class->moving && c->epoch == all->live->dp->epoch)
		dp_grace(all->live->dp);	/* for packets that saw the earlier move */
	for (uint32_t d = 0; d < class->places; d++) {
		struct live_ring *r = ring_at(all, target, d);

		if (r != class->newest[d] && !class->old[d] && !times->cut) {
			class->old[d] = class->newest[d];
			begins = true;
		}
		class->newest[d] = r;
	}
	class->counter = all->wish->counters[target];
	class->follows = all->wish->targets->list[target].home.follow;
	class->home_bits[0] = all->wish->targets->list[target].home.prefix4;
	class->home_bits[1] = all->wish->targets->list[target].home.prefix6;
	if (begins) {
		c->moving += !class->moving;
		class->moving = true;
		/* The time counts from the ingress that began to move last. */
		class->since = times->now / NS_PER_TENTH;
	}
	class->changed = all->live->walk_begun;
	class_words_write(all->live, class);
	shift->was = begins ? was : NULL;
}

/* Tells the listener only after all shifts are in the maps: a shift that fails is no change. */
static void shifts_tell(const struct shifts *all)
{
	const struct live_events *events = &all->live->events;

	for (size_t i = 0; events->shifted && i < all->count; i++) {
		const struct shift *shift = &all->list[i];

		if (shift->was)
			events->shifted(events->context, all->s, shift->runs, &shift->was->route,
					&shift->to->newest[0]->route);
	}
}

/* How many elements of the map a class for some of the clients of `from` needs. */
static uint32_t part_places(const struct shifts *all, const struct live_class *from,
			    uint32_t target)
{
	return from->places > 1 || all->wish->targets->list[target].by_ingress ? CLASS_PLACES : 1;
}

/* A new class for some of the clients of `from`, which says what `from` does. */
static struct live_class *class_part(struct shifts *all, const struct live_class *from,
				     uint32_t target)
{
	struct live_class *class = class_new(all->live, all->s, part_places(all, from, target));

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
	all->c->moving += class->moving;
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
 * Does the class itself move, with all its clients? For the service's own class that includes
 * the clients that no prefix names (target 0). Clients of a class that does not are given to
 * a new class, which moves from the present answer to the wanted one.
 */
static bool shifts_whole(const struct shifts *all, const struct shift *shift)
{
	const struct live_class *from = shift->from;

	if (from->places == 1 && all->wish->targets->list[shift->target].by_ingress)
		return false;
	return from == all->c->own ? shift->target == 0 || only_shift(all, shift) :
					      only_shift(all, shift);
}

/* Marks the classes that move as a whole: such a class accepts no clients of other classes. */
static void shifts_mark(struct shifts *all)
{
	for (size_t i = 0; i < all->c->count; i++)
		all->c->list[i]->shifts = false;
	for (size_t i = 0; i < all->count; i++) {
		const struct shift *shift = &all->list[i];

		shift->from->shifts |= !class_says(all, shift->from, shift->target) &&
				       shifts_whole(all, shift);
	}
}

/* Do the clients stay in a class that there is? Then it is shift->to. */
static bool shift_stays(const struct shifts *all, struct shift *shift)
{
	/* Clients that are right in a class which moves for its others cannot stay there. */
	if (class_says(all, shift->from, shift->target) && !shift->from->shifts) {
		shift->to = shift->from->moving ? shift->from :
			    class_first(all, shift->from, shift->target);
		return true;
	}
	if (!shifts_whole(all, shift))
		return false;
	shift->to = shift->from;	/* moves last, when others have left */
	return true;
}

static int shift_decide(struct shifts *all, struct shift *shift, const struct live_times *times)
{
	if (shift_stays(all, shift))
		return 0;
	if (times->cut)
		shift->to = class_first(all, NULL, shift->target);
	shift->to = shift->to ?: class_part(all, shift->from, shift->target);
	if (!shift->to)
		return log_err(-ENOSPC, "service %s: want at most %u classes of clients",
			       all->s->name, XRING_CLASSES);
	if (class_says(all, shift->to, shift->target))
		class_words_write(all->live, shift->to);
	else
		class_move(all, shift->to, shift, times);
	return 0;
}

/* ---- the prefixes ---- */

/* A class that is only planned has a value that no class has. */
static uint32_t class_value(void *context, uint32_t shift, uint32_t zero)
{
	const struct shifts *all = context;
	const struct live_class *to = all->list[shift].to;

	(void)zero;
	return !to ? XRING_CLASSES + shift : to == all->c->own ? 0 : to->first;
}

static int shifts_find(struct shifts *all, struct runs ret[2])
{
	struct live_classes *c = all->c;
	int err = 0;

	for (size_t i = 0; i < c->count; i++)
		c->list[i]->order = i;
	all->known = calloc((c->count + 1) * (all->wish->targets->count + 1), sizeof(*all->known));
	if (!all->known)
		return -ENOMEM;
	for (int f = 0; f < 2 && !err; f++)
		err = runs_combine(&c->runs[f], &all->wish->targets->runs[f], shift_of, all,
				   &ret[f]);
	err = err ?: all->failed ? -ENOMEM : 0;
	if (!err)
		shifts_mark(all);
	return err;
}

/* The prefixes of both families. The caller frees *ret. */
static int prefixes_of(const struct runs runs[2], struct lpm_entry **ret, size_t *ret_count)
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
	v4 = NULL;
	if (count6)
		memcpy(all + count4, v6, count6 * sizeof(*v6));
	*ret = all;
	*ret_count = count4 + count6;
	return 0;
}

static int prefixes_write(struct live *live, struct live_classes *c, const struct runs runs[2])
{
	_free_ struct lpm_entry *all = NULL;
	size_t count;
	int err = prefixes_of(runs, &all, &count) ?: lpm_change(&c->lpm, all, count);

	if (err != -ENOSPC)
		return err;
	dp_grace(live->dp);
	lpm_pool_reclaim(live->prefixes);
	return lpm_change(&c->lpm, all, count);
}

/* Turns the runs of shifts into runs of classes. */
static int runs_of_classes(struct shifts *all, const struct runs found[2], struct runs ret[2])
{
	struct runs nothing = {};
	int err = runs_of_prefixes(NULL, 0, AF_INET, &nothing);

	for (int f = 0; f < 2 && !err; f++)
		err = runs_combine(&found[f], &nothing, class_value, all, &ret[f]);
	runs_clear(&nothing);
	return err;
}

/* Writes the runs of classes as prefixes. */
static int runs_apply(struct shifts *all, struct runs found[2])
{
	struct live_classes *c = all->c;
	struct runs runs[2] = {};
	int err = runs_of_classes(all, found, runs) ?: prefixes_write(all->live, c, runs);

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

static int shifts_make(struct shifts *all, const struct live_times *times)
{
	struct runs found[2] = {};
	int err = shifts_find(all, found);

	for (size_t i = 0; i < all->count && !err; i++)
		err = shift_decide(all, &all->list[i], times);
	err = err ?: runs_apply(all, found);
	for (size_t i = 0; i < all->count && !err; i++)
		if (all->list[i].to == all->list[i].from &&
		    !class_says(all, all->list[i].to, all->list[i].target))
			class_move(all, all->list[i].to, &all->list[i], times);
	if (!err)
		shifts_tell(all);
	for (int f = 0; f < 2; f++)
		runs_clear(&found[f]);
	free(all->list);
	free(all->known);
	return err;
}

int clients_shift(struct live *live, struct live_service *s, const struct live_times *times)
{
	const struct targets *targets = &s->classes->compiled.targets;
	_free_ struct live_ring **rings = calloc(targets->route_count + 1, sizeof(*rings));
	struct shift_wish wish = { targets, s->classes->counters, rings };
	struct shifts all = { .live = live, .s = s, .c = s->classes, .wish = &wish };

	if (!rings)
		return -ENOMEM;
	for (size_t i = 0; i < targets->route_count; i++)
		rings[i] = ring_of_route(s, &targets->routes[i]);
	return shifts_make(&all, times);
}

int clients_plan(struct live *live, struct live_classes *c, const struct shift_wish *wish,
		 bool *taken, struct lpm_entry **ret, size_t *ret_count)
{
	struct shifts all = { .live = live, .c = c, .wish = wish };
	struct runs found[2] = {}, runs[2] = {};
	int err = shifts_find(&all, found);

	for (size_t i = 0; i < all.count && !err; i++) {
		struct shift *shift = &all.list[i];

		if (!shift_stays(&all, shift) &&
		    !class_places_take(taken, part_places(&all, shift->from, shift->target)))
			err = -ENOSPC;
	}
	err = err ?: runs_of_classes(&all, found, runs) ?: prefixes_of(runs, ret, ret_count);
	for (int f = 0; f < 2; f++) {
		runs_clear(&found[f]);
		runs_clear(&runs[f]);
	}
	free(all.list);
	free(all.known);
	return err;
}
