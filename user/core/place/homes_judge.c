// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A look goes over all entries once. The packets seen since the last look are added to
 * those before, which fade. A region whose share is great enough becomes the leader of the
 * prefix, and its run goes on until a look finds that another region leads, or none. A
 * silent prefix stays as it is: silence is no sign of another region. When a run has lasted
 * for `for`, and packets still come, the prefix waits to be moved:
 *
 *     packets seen  ->  leader, run begins  -- `for` -->  waiting  ->  moved to the leader
 *
 * Of the waiting prefixes those with the oldest runs are moved first, as many as the minute
 * has left.
 *
 * Each move needs a run of its own: the next run begins only when another region takes the
 * lead, or when the home is lost. So no prefix follows its traffic twice within `for`.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "core/model/placement.h"
#include "core/place/homes_parts.h"

#define FADE_MS 500.0			/* older packets count less than a third */
#define TRACE 0.001f			/* share below which a region is taken to have gone */
#define FORGET 10			/* times `for` of silence, and no home: forgotten */
/*
 * A prefix needs this many times the use of another to take its room: equals would oust
 * each other in turn.
 */
#define CLEARLY 1.25f
#define CANDIDATES 4u			/* entries without a home, for each home that may be */
#define ORDERS 256			/* binary orders of magnitude of a float */

/* ---- one prefix ---- */

static float fade(float sum, uint64_t age_ms, double within_ms)
{
	return sum * (float)exp(-(double)age_ms / within_ms);
}

static float use_of(const struct home_entry *e, const struct homes_look *look)
{
	return fade(e->use, look->now_ms - e->seen_ms, look->home->for_ms);
}

static void add_seen(struct home_entry *e, const struct homes_look *look)
{
	uint64_t age = look->now_ms - e->seen_ms;
	float left = fade(1, age, FADE_MS);

	e->use = use_of(e, look) + e->packets;
	e->sum = e->sum * left + e->packets;
	e->packets = 0;
	for (struct home_part *part = e->parts; part < e->parts + HOME_PARTS; part++) {
		part->sum = part->sum * left + part->packets;
		part->packets = 0;
		if (part->sum < e->sum * TRACE)
			*part = (struct home_part){ 0 };
	}
	e->seen_ms = look->now_ms;
}

static uint32_t share_of(const struct home_entry *e, const struct home_part *part)
{
	return (uint32_t)lroundf(1000 * part->sum / e->sum);
}

static const struct home_part *greatest(const struct home_entry *e)
{
	const struct home_part *most = e->parts;

	for (const struct home_part *part = e->parts; part < e->parts + HOME_PARTS; part++)
		if (part->sum > most->sum)
			most = part;
	return most;
}

static void entry_look(struct home_entry *e, const struct homes_look *look)
{
	const struct home_part *most;
	uint8_t leader;

	add_seen(e, look);
	most = greatest(e);
	leader = share_of(e, most) >= look->home->threshold ? most->region : 0;
	if (leader != e->leader) {
		e->leader = leader;
		e->run_ms = look->now_ms;
		e->waiting = false;
	}
	if (leader && leader != e->record.region && look->now_ms - e->run_ms >= look->home->for_ms)
		e->waiting = true;
}

static bool is_forgotten(const struct home_entry *e, const struct homes_look *look)
{
	return !e->record.region &&
	       look->now_ms - e->seen_ms >= (uint64_t)FORGET * look->home->for_ms;
}

/* ---- a full table ---- */

/*
 * Which entries without a home make room in a full table: the less used half, so that a
 * flood of new prefixes never finds a full table for long. The half is found by counting
 * entries by order of magnitude.
 */
struct cut {
	unsigned order;			/* all entries of a lesser order go */
	size_t of_order;		/* and so many entries of this order */
};

static unsigned order_of(const struct home_entry *e, const struct homes_look *look)
{
	int exponent = ilogbf(use_of(e, look) + 1e-30f) + ORDERS / 2;

	return (unsigned)(exponent < 0 ? 0 : exponent >= ORDERS ? ORDERS - 1 : exponent);
}

static struct cut cut_of(const struct homes *h, const struct homes_look *look)
{
	size_t orders[ORDERS] = {}, goes = (h->count - h->homes) / 2;
	struct cut cut = {};

	for (size_t i = 0; i < h->count; i++)
		if (!h->entries[i].record.region)
			orders[order_of(&h->entries[i], look)]++;
	while (cut.order + 1 < ORDERS && goes >= orders[cut.order])
		goes -= orders[cut.order++];
	cut.of_order = goes;
	return cut;
}

static bool is_cut(const struct home_entry *e, const struct homes_look *look, struct cut *cut)
{
	unsigned order;

	if (e->record.region)
		return false;
	order = order_of(e, look);
	if (order != cut->order)
		return order < cut->order;
	if (!cut->of_order)
		return false;
	cut->of_order--;
	return true;
}

/* Looks at each prefix that was seen, then forgets the prefixes that are not needed. */
static void entries_look(struct homes *h, const struct homes_look *look)
{
	size_t before = h->count, kept = 0;
	bool full = h->full;
	struct cut cut = {};

	for (size_t i = 0; i < h->count; i++)
		if (h->entries[i].packets > 0)
			entry_look(&h->entries[i], look);
	if (full)
		cut = cut_of(h, look);
	for (size_t i = 0; i < h->count; i++) {
		const struct home_entry *e = &h->entries[i];

		if (is_forgotten(e, look) || (full && is_cut(e, look, &cut)))
			continue;
		if (kept != i)
			h->entries[kept] = *e;
		kept++;
	}
	h->count = kept;
	h->full = false;
	if (kept != before)
		homes_index(h);
}

/* ---- sorting entries ---- */

struct rank {
	double by;			/* the least comes first */
	uint64_t then;			/* and of equals the one with the least of these */
	uint32_t entry;
};

static int by_rank(const void *left, const void *right)
{
	const struct rank *a = left, *b = right;

	if (a->by != b->by)
		return a->by < b->by ? -1 : 1;
	if (a->then != b->then)
		return a->then < b->then ? -1 : 1;
	return (a->entry > b->entry) - (a->entry < b->entry);
}

struct ranks {
	struct rank *list;
	size_t count;
	size_t next;
};

static int ranks_new(size_t room, struct ranks *ret)
{
	ret->list = calloc(room + 1, sizeof(*ret->list));
	return ret->list ? 0 : -ENOMEM;
}

/* Ranks the waiting entries, the oldest run first. */
static int rank_waiting(const struct homes *h, struct ranks *ret)
{
	if (ranks_new(h->count, ret))
		return -ENOMEM;
	for (size_t i = 0; i < h->count; i++)
		if (h->entries[i].waiting)
			ret->list[ret->count++] = (struct rank){ (double)h->entries[i].run_ms, 0,
								 (uint32_t)i };
	qsort(ret->list, ret->count, sizeof(*ret->list), by_rank);
	return 0;
}

/* Ranks the homes, the least used first, and of equally used ones the longest unseen. */
static int rank_homes(const struct homes *h, const struct homes_look *look, struct ranks *ret)
{
	if (ranks_new(h->homes, ret))
		return -ENOMEM;
	for (size_t i = 0; i < h->count; i++) {
		const struct home_entry *e = &h->entries[i];

		if (e->record.region)
			ret->list[ret->count++] = (struct rank){ use_of(e, look), e->seen_ms,
								 (uint32_t)i };
	}
	qsort(ret->list, ret->count, sizeof(*ret->list), by_rank);
	return 0;
}

/* ---- moves ---- */

static int say(struct home_moves *moves, struct home_move move)
{
	struct home_move *list = array_grow(moves->list, moves->count, sizeof(*list));

	if (!list)
		return -ENOMEM;
	moves->list = list;
	list[moves->count++] = move;
	return 0;
}

static int entry_lose(struct homes *h, struct home_entry *e, enum home_why why,
		      const struct homes_look *look, struct home_moves *ret)
{
	struct home_move move = { e->record.prefix, e->record.region, 0, 0, why };

	if (say(ret, move))
		return -ENOMEM;
	e->record.region = 0;
	h->homes--;
	/* The region that led to this home may lead to it again, but not at once. */
	e->run_ms = look->now_ms;
	e->waiting = false;
	return 0;
}

static int entry_move(struct homes *h, struct home_entry *e, const struct homes_look *look,
		      struct home_moves *ret)
{
	uint32_t share = share_of(e, greatest(e));
	struct home_move move = { e->record.prefix, e->record.region, e->leader, share,
				  HOME_FOLLOWED };

	if (say(ret, move))
		return -ENOMEM;
	h->homes += !move.from;
	e->record.region = move.to;
	e->record.from = move.from;
	e->record.share = share;
	e->record.since_ms = look->wall_ms;
	e->waiting = false;
	e->settled_ms = look->now_ms + look->home->for_ms;
	return 0;
}

static bool is_allowed(const struct homes_look *look, const struct home_entry *e, unsigned region)
{
	return !look->allowed || look->allowed(look->ctx, &e->record.prefix, region);
}

static int lose_forbidden(struct homes *h, const struct homes_look *look, struct home_moves *ret)
{
	int err = 0;

	for (size_t i = 0; i < h->count && look->recheck && !err; i++) {
		struct home_entry *e = &h->entries[i];

		if (e->record.region && !is_allowed(look, e, e->record.region))
			err = entry_lose(h, e, HOME_FORBIDDEN, look, ret);
	}
	return err;
}

/*
 * Takes homes away where there are more than `count`: the setting was lowered, or more were
 * restored.
 */
static int lose_excess(struct homes *h, const struct homes_look *look, struct home_moves *ret)
{
	struct ranks homes = {};
	int err;

	if (h->homes <= look->home->count)
		return 0;
	err = rank_homes(h, look, &homes);
	while (!err && h->homes > look->home->count)
		err = entry_lose(h, &h->entries[homes.list[homes.next++].entry], HOME_NO_ROOM,
				 look, ret);
	free(homes.list);
	return err;
}

/* ---- the minute ---- */

/* How many more moves the current minute allows. */
static size_t minute_left(struct homes *h, const struct homes_look *look)
{
	uint64_t second = look->now_ms / 1000, used = 0;

	if (second > h->second + HOME_MINUTE)
		h->second = second - HOME_MINUTE;
	while (h->second < second)
		h->moved[++h->second % HOME_MINUTE] = 0;
	for (size_t i = 0; i < HOME_MINUTE; i++)
		used += h->moved[i];
	return used < look->home->moves ? look->home->moves - used : 0;
}

/* ---- the waiting prefixes ---- */

/*
 * The home that must make room for an entry: the least used settled one, if clearly less
 * used. NULL: there is none.
 */
static struct home_entry *home_to_lose(struct homes *h, const struct home_entry *e,
				       const struct homes_look *look, struct ranks *homes)
{
	for (; homes->next < homes->count; homes->next++) {
		struct rank *rank = &homes->list[homes->next];
		struct home_entry *least = &h->entries[rank->entry];

		if (least->record.region && look->now_ms >= least->settled_ms)
			return use_of(e, look) > (float)rank->by * CLEARLY ? least : NULL;
	}
	return NULL;
}

/*
 * Moves one entry if that is allowed and there is room; *ret_moved says whether it was moved.
 * homes: the ranking of homes, made when first needed. An entry that has just lost its home to
 * make room was the least used one, and finds none that would make room for it.
 */
static int move_one(struct homes *h, struct home_entry *e, const struct homes_look *look,
		    struct ranks *homes, struct home_moves *ret, bool *ret_moved)
{
	int err = 0;

	*ret_moved = false;
	if (!is_allowed(look, e, e->leader))
		return 0;
	if (!e->record.region && h->homes >= look->home->count) {
		struct home_entry *least;

		if (!homes->list && rank_homes(h, look, homes))
			return -ENOMEM;
		least = home_to_lose(h, e, look, homes);
		if (!least)
			return 0;
		err = entry_lose(h, least, HOME_NO_ROOM, look, ret);
	}
	if (!err)
		err = entry_move(h, e, look, ret);
	*ret_moved = !err;
	return err;
}

static int move_waiting(struct homes *h, const struct homes_look *look, struct home_moves *ret)
{
	struct ranks waiting = {}, homes = {};
	size_t left = minute_left(h, look);
	int err = left ? rank_waiting(h, &waiting) : 0;

	for (size_t i = 0; i < waiting.count && left && !err; i++) {
		bool moved;

		err = move_one(h, &h->entries[waiting.list[i].entry], look, &homes, ret, &moved);
		left -= moved;
		h->moved[h->second % HOME_MINUTE] += moved;
	}
	free(waiting.list);
	free(homes.list);
	return err;
}

int homes_judge(struct homes *h, const struct homes_look *look, struct home_moves *ret)
{
	size_t room = (size_t)CANDIDATES * look->home->count;

	h->room = room > HOME_CANDIDATES ? room : HOME_CANDIDATES;
	entries_look(h, look);
	return lose_forbidden(h, look, ret) ?: lose_excess(h, look, ret) ?:
	       move_waiting(h, look, ret);
}
