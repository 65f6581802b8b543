// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A key's rate is kept as two fading averages, one over a fifth of a second and one over
 * three seconds. The slow average is shown, until the fast one leaves no doubt that the
 * rate has changed: then the slow average begins again from the fast one.
 *
 * In a window in which a key shared its place with a heavier key, hardly any of its packets
 * are counted. Such a window is left out; but if the next window says the same, the key
 * really has become lighter, and its rate begins again.
 */
#include "core/hot/rates.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS 1e9
#define FAST 0.2			/* seconds within which the fast average fades to a third */
#define SLOW 3.0
#define DOUBT 4				/* sigma */
#define SURE 2
#define PACKETS_LEAST 30		/* with fewer packets a rate is not believed */
/* Packets that a window should have counted: with fewer, a low count is chance. */
#define MISSED_LEAST 16
/*
 * A key is proven by one packet in so many. Of flows that take turns few packets follow one of
 * their own flow; of what is in a client's name without its flows nearly none.
 */
#define PROVEN_SHARE 50
#define PROVEN_LEAST 1

/* ---- one window ---- */

static uint64_t word_owner(uint64_t word)
{
	return word >> XRING_HEAT_COUNT_BITS;
}

/* Is the sample beside a word of the word's owner? It may still be of the owner before. */
static bool is_its(const struct xring_heat_key *key, uint64_t word)
{
	return word_owner(word) == XRING_HEAT_OWNER(XRING_HEAT_PRINT(key->hash, key->number),
						    key->number);
}

/* Tallies the words of one place on all CPUs, each key once. */
static void place_tally(struct xring_heat *const *cpus, unsigned count, uint32_t place,
			struct heat_tally *tally)
{
	size_t first = tally->seen_count;

	for (unsigned cpu = 0; cpu < count; cpu++) {
		uint64_t word = cpus[cpu]->word[place];
		const struct xring_heat_key *key = &cpus[cpu]->key[place];
		struct heat_seen *seen = NULL;

		if ((word & XRING_HEAT_COUNT) < 4 || !is_its(key, word))
			continue;
		for (size_t i = first; i < tally->seen_count && !seen; i++)
			if (tally->seen[i].number == key->number &&
			    tally->seen[i].hash == key->hash)
				seen = &tally->seen[i];
		if (!seen) {
			seen = &tally->seen[tally->seen_count++];
			*seen = (struct heat_seen){ .number = key->number, .hash = key->hash,
						    .flow = key->flow };
		}
		seen->sampled += key->sampled;
		seen->proven += key->proven;
		seen->count += word & XRING_HEAT_COUNT;
	}
}

static void place_count(struct xring_heat *const *cpus, unsigned count, uint32_t place,
			struct heat_tally *tally)
{
	bool taken = false;

	for (unsigned cpu = 0; cpu < count; cpu++) {
		uint64_t word = cpus[cpu]->word[place];
		uint32_t number = word_owner(word) & XRING_HEAT_NUMBER;

		if (!word)
			continue;
		taken = true;
		/* A service that owns the place on several CPUs counts once. */
		for (unsigned other = 0; other < cpu; other++)
			if (cpus[other]->word[place] &&
			    (word_owner(cpus[other]->word[place]) & XRING_HEAT_NUMBER) == number)
				goto next;
		tally->places[number]++;
next:
		;
	}
	tally->taken += taken;
}

static int by_key(const void *left, const void *right)
{
	const struct heat_seen *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->hash > b->hash) - (a->hash < b->hash);
}

int heat_tally(struct xring_heat *const *cpus, unsigned count, struct heat_tally *ret)
{
	struct heat_tally tally = {
		.seen = calloc((size_t)count * XRING_HEAT_WORDS + 1, sizeof(*tally.seen)),
		.places = calloc(XRING_HEAT_NUMBER + 1, sizeof(*tally.places)),
	};

	if (!tally.seen || !tally.places) {
		heat_tally_clear(&tally);
		return -ENOMEM;
	}
	for (uint32_t place = 0; place < XRING_HEAT_WORDS; place++) {
		place_tally(cpus, count, place, &tally);
		place_count(cpus, count, place, &tally);
	}
	qsort(tally.seen, tally.seen_count, sizeof(*tally.seen), by_key);
	*ret = tally;
	return 0;
}

void heat_tally_clear(struct heat_tally *tally)
{
	free(tally->seen);
	free(tally->places);
	*tally = (struct heat_tally){};
}

double heat_distinct(const struct heat_tally *tally, uint32_t number)
{
	uint32_t taken = tally->taken < XRING_HEAT_WORDS ? tally->taken : XRING_HEAT_WORDS - 1;

	if (!taken)
		return 0;
	return -log1p(-(double)taken / XRING_HEAT_WORDS) * XRING_HEAT_WORDS *
	       tally->places[number & XRING_HEAT_NUMBER] / tally->taken;
}

/* ---- rates ---- */

static double quotient(const struct heat_rate *r)
{
	return r->seconds > 0 ? r->packets / r->seconds : 0;
}

double heat_rate(const struct heat_pace *pace)
{
	return quotient(&pace->slow);
}

static void rate_add(struct heat_rate *r, double packets, double seconds, double age, double tau)
{
	double fade = exp(-age / tau);

	r->packets = r->packets * fade + packets;
	r->seconds = r->seconds * fade + seconds;
}

/* Does the fast average differ from the slow one by more than chance explains? */
static bool has_changed(const struct heat_pace *pace)
{
	double expected = heat_rate(pace) * pace->fast.seconds;

	return fabs(pace->fast.packets - expected) >
	       DOUBT * sqrt(expected + pace->fast.packets + 1);
}

static void pace_add(struct heat_pace *pace, double packets, double seconds, double age)
{
	rate_add(&pace->fast, packets, seconds, age, FAST);
	rate_add(&pace->slow, packets, seconds, age, SLOW);
	if (has_changed(pace))
		pace->slow = pace->fast;
}

static bool is_far_less(const struct heat_key *key, double packets, double seconds)
{
	double expected = heat_rate(&key->pace) * seconds;

	return expected > MISSED_LEAST && packets < expected / 2;
}

static void sample_add(struct heat_key *key, const struct xring_flow *flow)
{
	bool again = !memcmp(&key->flow, flow, sizeof(*flow));

	if (key->samples)
		key->repeats = key->repeats << 1 | again;
	if (key->samples < UINT8_MAX)
		key->samples++;
	key->flow = *flow;
}

static void key_update(struct heat_key *key, const struct heat_seen *seen,
		       const struct heat_window *w)
{
	double packets = seen ? seen->count : 0, seconds = w->open / NS, age = w->since / NS;

	key->sampled = key->sampled * exp(-age / SLOW) + (seen ? seen->sampled : 0);
	key->proven = key->proven * exp(-age / SLOW) + (seen ? seen->proven : 0);
	if (seen)
		sample_add(key, &seen->flow);
	if (is_far_less(key, packets, seconds)) {
		key->missed = !key->missed;
		if (key->missed)
			return;
		key->pace = (struct heat_pace){};
	}
	key->missed = false;
	pace_add(&key->pace, packets, seconds, age);
}

/* Is the key worth its place in the list, by its fast or slow rate, or for another reason? */
static bool is_followed(const struct heat_key *key, const struct heat_window *w)
{
	return key->state || key->kept || quotient(&key->pace.fast) >= w->least ||
	       heat_rate(&key->pace) >= w->least;
}

/* Both lists are sorted by hash, so that one pass merges them into the next list. */
int heat_update(struct heat_service *s, const struct heat_window *w)
{
	struct heat_key *next = calloc(s->count + w->seen_count + 1, sizeof(*next));
	size_t count = 0, at = 0, i = 0;

	if (!next)
		return -ENOMEM;
	while (at < s->count || i < w->seen_count) {
		const struct heat_seen *seen = i < w->seen_count ? &w->seen[i] : NULL;
		struct heat_key key = {};

		if (at < s->count && (!seen || s->keys[at].hash <= seen->hash)) {
			key = s->keys[at++];
			if (seen && seen->hash != key.hash)
				seen = NULL;
		} else {
			key = (struct heat_key){ .hash = seen->hash, .flow = seen->flow };
		}
		i += seen != NULL;
		key_update(&key, seen, w);
		if (is_followed(&key, w))
			next[count++] = key;
	}
	free(s->keys);
	s->keys = next;
	s->count = count;
	pace_add(&s->pace, w->packets, w->since / NS, w->since / NS);
	rate_add(&s->keys_seen, w->distinct, 1, w->since / NS, SLOW);
	return 0;
}

void heat_service_clear(struct heat_service *s)
{
	free(s->keys);
	*s = (struct heat_service){};
}

static size_t key_place(const struct heat_service *s, uint32_t hash)
{
	size_t low = 0, count = s->count;

	while (count) {
		size_t half = count / 2;

		if (s->keys[low + half].hash < hash) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

struct heat_key *heat_key(const struct heat_service *s, uint32_t hash)
{
	size_t at = key_place(s, hash);

	return at < s->count && s->keys[at].hash == hash ? &s->keys[at] : NULL;
}

struct heat_key *heat_follow(struct heat_service *s, uint32_t hash, const struct xring_flow *flow)
{
	struct heat_key *key = heat_key(s, hash), *keys;
	size_t at = key_place(s, hash);

	if (key)
		return key;
	keys = reallocarray(s->keys, s->count + 1, sizeof(*keys));
	if (!keys)
		return NULL;
	s->keys = keys;
	memmove(keys + at + 1, keys + at, (s->count - at) * sizeof(*keys));
	keys[at] = (struct heat_key){ .hash = hash, .flow = *flow };
	s->count++;
	return &keys[at];
}

double heat_average(const struct heat_service *s)
{
	double keys = quotient(&s->keys_seen);

	return keys > 0 ? heat_rate(&s->pace) / (keys > 1 ? keys : 1) : 0;
}

static bool is_surely_above(const struct heat_rate *r, double rate)
{
	return r->packets >= PACKETS_LEAST &&
	       r->packets - SURE * sqrt(r->packets) > rate * r->seconds;
}

bool heat_is_above(const struct heat_key *key, double rate)
{
	return is_surely_above(&key->pace.fast, rate) || is_surely_above(&key->pace.slow, rate);
}

double heat_proven(const struct heat_key *key)
{
	return key->sampled > 0 ? key->proven / key->sampled : 0;
}

bool heat_is_proven(const struct heat_key *key)
{
	return key->proven >= PROVEN_LEAST && key->proven * PROVEN_SHARE >= key->sampled;
}

bool heat_is_known(const struct heat_key *key)
{
	return key->samples > 4;
}

/*
 * A key is one flow if each of the last packets seen (at most eight) is of the same flow as
 * the packet before, with at most one exception. That one may be the first: a client often
 * opens another connection just before.
 */
bool heat_is_one_flow(const struct heat_key *key)
{
	int known = key->samples > 8 ? 8 : key->samples - 1;

	return heat_is_known(key) && __builtin_popcount(key->repeats) >= known - 1;
}
