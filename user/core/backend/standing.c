// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/backend/standing.h"

#include "base/clock.h"
#include "core/value/number.h"

static bool is_alive(const struct standing *st)
{
	return !st->down && !st->joining && !st->waits;
}

/*
 * Is the health of the backends believed? Only backends that have been checked count: one that
 * joins or waits is neither alive nor dead.
 */
static bool is_believed(const struct service *s, const struct standing *list, size_t count)
{
	uint64_t total = 0, alive = 0;

	for (size_t i = 0; i < count; i++) {
		if (list[i].state != BACKEND_ACTIVE || list[i].joining || list[i].waits)
			continue;
		total += list[i].weight;
		alive += is_alive(&list[i]) ? list[i].weight : 0;
	}
	if (!alive && s->all_down == ALL_DOWN_KEEP)
		return false;
	return alive * WEIGHT_ONE >= total * s->panic;
}

/* Is any checked backend alive? If not, a joining backend is better than none. */
static bool any_alive(const struct standing *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].state == BACKEND_ACTIVE && list[i].weight && is_alive(&list[i]))
			return true;
	return false;
}

/* The weight during slow start: a tenth at once, and a tenth more with each of ten steps. */
static uint32_t ramped(const struct service *s, const struct standing *st, uint64_t now,
		       uint64_t *next)
{
	uint64_t step = s->slow_start_ms * NS_PER_MS / RAMP_STEPS;
	uint64_t steps;

	if (!st->ramp_from || !step || now < st->ramp_from)
		return st->weight;
	steps = 1 + (now - st->ramp_from) / step;
	if (steps >= RAMP_STEPS)
		return st->weight;
	sooner(next, st->ramp_from + steps * step);
	return (st->weight * steps + RAMP_STEPS - 1) / RAMP_STEPS;
}

void standings_weigh(const struct service *s, struct standing *list, size_t count, uint64_t now,
		     uint64_t *ret_next)
{
	bool believed = is_believed(s, list, count), others = any_alive(list, count);
	uint64_t next = 0;

	for (size_t i = 0; i < count; i++) {
		struct standing *st = &list[i];

		st->dead = (st->down && believed) || (st->drain_until && now >= st->drain_until);
		if (st->drain_until > now)
			sooner(&next, st->drain_until);
		if (st->state != BACKEND_ACTIVE || st->waits ||
		    (believed && (st->down || (st->joining && others))))
			st->counts = 0;
		else
			st->counts = ramped(s, st, now, &next);
	}
	*ret_next = next;
}
