// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/backend/health.h"

#include "core/model/check.h"

#define NS_PER_MS 1000000ull

static bool turn(struct health *h, enum health_state state, uint64_t now_ns)
{
	*h = (struct health){ .state = state, .since_ns = now_ns };
	return true;
}

bool health_result(struct health *h, const struct check *how, bool good, uint64_t now_ns)
{
	enum health_state state = good ? HEALTH_UP : HEALTH_DOWN;

	if (h->state == HEALTH_UNKNOWN)
		return turn(h, state, now_ns);
	if (h->state == state) {
		h->streak = 0;
		return false;
	}
	h->streak++;
	return h->streak >= (good ? how->rise : how->fall) && turn(h, state, now_ns);
}

const char *health_print(enum health_state state)
{
	static const char *const names[] = {
		[HEALTH_UNKNOWN] = "unknown",
		[HEALTH_UP] = "up",
		[HEALTH_DOWN] = "down",
	};

	return names[state];
}

/*
 * A random number from 0 to limit, both included, by splitmix64 (Steele, Lea, Flood, 2014).
 * The modulus favours small numbers by far too little to matter for a jitter.
 */
static uint64_t random_to(uint64_t limit, uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) % (limit + 1);
}

uint64_t health_wait_ns(const struct check *how, uint64_t *random)
{
	uint64_t interval = how->interval_ms * NS_PER_MS;
	uint64_t jitter = interval / 1000 * how->jitter;

	return interval - jitter + random_to(2 * jitter, random);
}

uint64_t health_first_wait_ns(const struct check *how, size_t others, uint64_t *random)
{
	uint64_t most = how->interval_ms * NS_PER_MS / 10;

	if (others < most / NS_PER_MS)
		most = others * NS_PER_MS;
	return random_to(most, random);
}
