// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/hot/judge.h"

#include "base/clock.h"
#include "core/model/model.h"

/* packets a second: a key with less is cool, whatever the other keys do */
#define COOL 30.0

static double max(double a, double b)
{
	return a > b ? a : b;
}

double judge_threshold(const struct heat_service *s, const struct judge_rules *rules)
{
	double rate = heat_rate(&s->pace), average = heat_average(s);
	double fair = rules->backends > 0 ? rate / rules->backends : rate;

	return max(max(average * rules->hot->factor, fair * rules->hot->floor) / 1000,
		   rate * JUDGE_LEAST_SHARE);
}

/* The state of a key that is hot. Once split, a key stays split until it has cooled. */
static enum heat_state state_of(struct heat_key *key, const struct judge_rules *rules)
{
	if (key->split)
		return HEAT_SPLIT;
	if (rules->whole_flows || heat_is_one_flow(key))
		return HEAT_ELEPHANT;
	if (!rules->hot->split || !heat_is_known(key) ||
	    (rules->hot->proven && !heat_is_proven(key)))
		return HEAT_HOT;
	key->split = true;
	return HEAT_SPLIT;
}

static enum heat_state next_state(struct heat_key *key, double threshold,
				  const struct judge_rules *rules)
{
	if (heat_is_above(key, threshold)) {
		key->cool = 0;
		return state_of(key, rules);
	}
	if (!key->state)
		return HEAT_NONE;
	if (heat_rate(&key->pace) >= max(threshold / 2, COOL)) {
		key->cool = 0;			/* neither hot nor cool: the state stays */
		return key->state == HEAT_COOLING ? state_of(key, rules) : key->state;
	}
	if (!key->cool)
		key->cool = rules->now;
	return rules->now - key->cool < rules->hot->hold_ms * NS_PER_MS ? HEAT_COOLING : HEAT_NONE;
}

void judge(struct heat_service *s, const struct judge_rules *rules, judge_told told,
	   void *context)
{
	double threshold = judge_threshold(s, rules);

	for (size_t i = 0; i < s->count; i++) {
		struct heat_key *key = &s->keys[i];
		enum heat_state was = key->state;

		key->state = next_state(key, threshold, rules);
		if (!key->state)
			key->split = false;
		if (!was)
			key->since_ms = rules->now_ms;
		if (key->state != was)
			told(context, key, was);
	}
}
