// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/time/schedule.h"

#include <stdbool.h>

#include "core/time/tz.h"
#include "core/value/number.h"

#define MINUTES 1440			/* of a day */
#define DAY 86400
#define SECOND 1000
#define NEVER INT64_MAX

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * One occurrence of an entry: from begin to before end. An occurrence that the clock skips
 * is empty.
 */
struct slot {
	const struct schedule_entry *entry;
	int64_t begin, end;
};

static unsigned entry_minutes(const struct schedule_entry *e)
{
	return e->to > e->from ? (unsigned)(e->to - e->from)
			       : (unsigned)(e->to + MINUTES - e->from);
}

static int64_t moment(const struct schedule *s, int64_t day, unsigned minute)
{
	return tz_moment(s->zone, day * DAY + (int64_t)minute * 60) * SECOND;
}

/*
 * Does the entry begin on that day? Days are counted from 1970-01-01, a Thursday. If so,
 * *ret is the slot of that day.
 */
static bool slot_on(const struct schedule *s, const struct schedule_entry *e, int64_t day,
		    struct slot *ret)
{
	int weekday = (int)(((day + 3) % 7 + 7) % 7);

	if (!(e->days >> weekday & 1))
		return false;
	*ret = (struct slot){
		.entry = e,
		.begin = moment(s, day, e->from),
		.end = moment(s, day, e->from + entry_minutes(e)),
	};
	return true;
}

static int64_t local_day(const struct schedule *s, int64_t now)
{
	int64_t t = floor_div(now, SECOND);

	return floor_div(t + tz_offset(s->zone, t), DAY);
}

static bool slot_at(const struct schedule *s, int64_t now, struct slot *ret)
{
	int64_t today = local_day(s, now);

	for (int64_t day = today - 1; day <= today + 1; day++)
		for (size_t i = 0; i < s->count; i++)
			if (slot_on(s, &s->entries[i], day, ret) && ret->begin <= now &&
			    now < ret->end)
				return true;
	return false;
}

/* The two ramps of a slot, and the weights that they connect. */
struct ramps {
	uint32_t before, weight, after;
	int64_t up, down;		/* duration of each ramp in ms; 0: no ramp */
};

static struct ramps slot_ramps(const struct schedule *s, const struct slot *slot)
{
	int64_t over = slot->entry->over_ms, half = (slot->end - slot->begin) / 2;
	struct ramps r = { WEIGHT_ONE, slot->entry->weight, WEIGHT_ONE };
	struct slot other;

	r.up = r.down = over < half ? over : half;
	if (slot_at(s, slot->begin - 1, &other))
		r.before = other.entry->weight;
	if (slot_at(s, slot->end, &other))
		r.down = 0;
	return r;
}

/* How many steps of a ramp are done when `passed` ms of the ramp's duration have passed. */
static int64_t steps_done(int64_t passed, int64_t ramp)
{
	return passed >= ramp ? SCHEDULE_STEPS : passed * SCHEDULE_STEPS / ramp;
}

/* When a step is done: ms since the ramp's beginning, the inverse of steps_done(). */
static int64_t step_moment(int64_t step, int64_t ramp)
{
	return (step * ramp + SCHEDULE_STEPS - 1) / SCHEDULE_STEPS;
}

static uint32_t between(uint32_t from, uint32_t to, int64_t steps)
{
	int64_t way = ((int64_t)to - from) * steps;

	return (uint32_t)(from + floor_div(2 * way + SCHEDULE_STEPS, 2 * SCHEDULE_STEPS));
}

uint32_t schedule_weight(const struct schedule *s, int64_t now)
{
	struct slot slot;
	struct ramps r;

	if (!slot_at(s, now, &slot))
		return WEIGHT_ONE;
	r = slot_ramps(s, &slot);
	if (now < slot.begin + r.up)
		return between(r.before, r.weight, steps_done(now - slot.begin, r.up));
	if (now < slot.end - r.down)
		return r.weight;
	return between(r.weight, r.after, steps_done(now - (slot.end - r.down), r.down));
}

/* ---- the next change ---- */

static void earliest(int64_t at, int64_t now, int64_t *ret)
{
	if (at > now && at < *ret)
		*ret = at;
}

/*
 * Offers each moment of a slot at which a weight may change to *ret, which keeps the
 * earliest after now.
 */
static void slot_moments(const struct schedule *s, const struct slot *slot, int64_t now,
			 int64_t *ret)
{
	struct ramps r = slot_ramps(s, slot);

	earliest(slot->begin, now, ret);
	earliest(slot->end, now, ret);
	for (int64_t step = 1; step <= SCHEDULE_STEPS; step++) {
		earliest(slot->begin + step_moment(step, r.up), now, ret);
		earliest(slot->end - r.down + step_moment(step, r.down), now, ret);
	}
}

static int64_t next_moment(const struct schedule *s, int64_t now, int64_t day)
{
	int64_t next = NEVER;
	struct slot slot;

	for (size_t i = 0; i < s->count; i++)
		for (int64_t d = day - 1; d <= day + 1; d++)
			if (slot_on(s, &s->entries[i], d, &slot) && slot.end >= now)
				slot_moments(s, &slot, now, &next);
	return next;
}

int64_t schedule_next(const struct schedule *s, int64_t now)
{
	int64_t first = local_day(s, now), at = now;
	uint32_t weight = schedule_weight(s, now);

	/* The next change is within a week, or within two if the clock skips a slot. */
	for (int64_t day = first; day <= first + 15; day++)
		for (;;) {
			int64_t next = next_moment(s, at, day);

			if (next == NEVER)
				break;
			at = next;
			if (schedule_weight(s, at) != weight)
				return at;
		}
	return NEVER;
}
