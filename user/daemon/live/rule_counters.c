// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counters of rules in the datapath: found by a digest of the rule's text, placed in
 * blocks of one map.
 */
#include "daemon/live/rule_counters.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/step.h"
#include "core/model/placement.h"
#include "daemon/live/live.h"
#include "daemon/live/ring_records.h"
#include "daemon/live/services.h"
#include "dp/dp.h"
#include "dp/read.h"

/* ---- counters ---- */

/*
 * A hash of the regions in the order of their numbers. It tells whether counters of an
 * earlier daemon count the same regions.
 */
static uint32_t regions_hash(const struct live *live)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	uint32_t hash;
	SHA2_CTX sha;

	SHA256Init(&sha);
	for (size_t i = 0; i < live->region_count; i++)
		SHA256Update(&sha, (const uint8_t *)live->regions[i],
			     strlen(live->regions[i]) + 1);
	SHA256Final(digest, &sha);
	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

/* Counters for each rule: a power of two, so that there is room for more regions. */
static uint32_t counters_each(const struct live *live)
{
	uint32_t each = 16;

	while (each < live->region_count + 2)
		each *= 2;
	return each;
}

/*
 * Does a record own any counter of that range? Blocks may have another size, from a time with
 * fewer regions.
 */
static bool counters_taken(const struct live *live, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < XRING_ROUTES; i++) {
		const struct xring_route *r = &live->dp->routes[i];

		if (r->service[0] && r->counters && r->counter < first + count &&
		    first < r->counter + r->counters)
			return true;
	}
	return false;
}

/* Has a rule left that range, while the words of its classes may still name it? */
static bool counters_left(const struct live *live, uint32_t first, uint32_t count)
{
	for (size_t i = 0; i < live->service_count; i++) {
		const struct live_service *s = live->services[i];

		for (size_t k = 0; k < s->rule_counter_count; k++)
			if (s->rule_counters[k]->left < first + count &&
			    first < s->rule_counters[k]->left + s->rule_counters[k]->left_count)
				return true;
	}
	return false;
}

/* below: shared by rules for whose counters there is no room */
#define COUNTERS_FIRST 512u

/*
 * Takes a free block. If there is no other, a block that a rule has just left must do: it
 * then starts with a packet or two of that rule.
 */
static int counters_take(const struct live *live, uint32_t *ret)
{
	uint32_t each = counters_each(live);

	for (int tight = 0; tight < 2; tight++) {
		for (uint32_t first = COUNTERS_FIRST; first + each <= XRING_PLACED; first += each) {
			if (counters_taken(live, first, each) ||
			    (!tight && counters_left(live, first, each)))
				continue;
			*ret = first;
			return dp_placed_clear(live->dp, first, each);
		}
	}
	log_warn("there is no room for the counters of more rules: some are not counted");
	*ret = 0;
	return 0;
}

int rule_counters_read(const struct live *live, const struct rule_counters *l,
		       struct xring_placed *ret)
{
	return dp_placed_read(live->dp, l->counter, live->region_count + 2, ret);
}

/* ---- rules ---- */

static void digest_words(const struct rule *rule, uint8_t ret[ROUTE_DIGEST], unsigned number)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char text[PLACE_NAME + 64];
	SHA2_CTX sha;

	SHA256Init(&sha);
	if (rule) {
		SHA256Update(&sha, (const uint8_t *)rule->constraints,
			     rule->constraint_count * sizeof(*rule->constraints));
		SHA256Update(&sha, (const uint8_t *)rule->preferences,
			     rule->preference_count * sizeof(*rule->preferences));
		snprintf(text, sizeof(text), "%s/%d/%d/%u/%u", rule->region, rule->strategy,
			 rule->spillover, rule->threshold, number);
		SHA256Update(&sha, (const uint8_t *)text, strlen(text));
	}
	SHA256Final(digest, &sha);
	memcpy(ret, digest, ROUTE_DIGEST);
}

/* Rules that say the same are told apart by their order. */
static void rule_digest(const struct rule *rules, int index, uint8_t ret[ROUTE_DIGEST])
{
	uint8_t mine[ROUTE_DIGEST], other[ROUTE_DIGEST];
	unsigned number = 0;

	digest_words(index < 0 ? NULL : &rules[index], mine, 0);
	for (int i = 0; i < index; i++) {
		digest_words(&rules[i], other, 0);
		number += !memcmp(mine, other, sizeof(mine));
	}
	digest_words(index < 0 ? NULL : &rules[index], ret, number);
}

static struct rule_counters *find(const struct live_service *s, const uint8_t digest[ROUTE_DIGEST])
{
	for (size_t i = 0; i < s->rule_counter_count; i++)
		if (!memcmp(s->rule_counters[i]->digest, digest, ROUTE_DIGEST))
			return s->rule_counters[i];
	return NULL;
}

const struct rule_counters *rule_counters_find(const struct live_service *s,
					       const struct rule *rules, int index)
{
	uint8_t digest[ROUTE_DIGEST];

	rule_digest(rules, index, digest);
	return find(s, digest);
}

static struct rule_counters *rule_counters_add(struct live_service *s)
{
	struct rule_counters **list = array_grow(s->rule_counters, s->rule_counter_count,
					       sizeof(struct rule_counters *));
	struct rule_counters *l = calloc(1, sizeof(*l));

	if (list)
		s->rule_counters = list;
	if (!list || !l) {
		free(l);
		return NULL;
	}
	list[s->rule_counter_count++] = l;
	return l;
}

static int rule_counters_make(struct live *live, struct live_service *s,
		       const uint8_t digest[ROUTE_DIGEST], struct rule_counters **ret)
{
	struct xring_route record = { .counters = counters_each(live),
				      .regions = regions_hash(live) };
	uint32_t index = ring_record_free(live), counter = 0;
	struct rule_counters *l;
	int err = index == XRING_ROUTES ? -ENOSPC : counters_take(live, &counter);

	if (err)
		return log_err(err, "service %s: no room for the counters of its rules", s->name);
	l = rule_counters_add(s);
	if (!l)
		return -ENOMEM;
	memcpy(l->digest, digest, sizeof(l->digest));
	l->record = index;
	l->counter = record.counter = counter;
	l->regions = record.regions;
	snprintf(record.service, sizeof(record.service), "%s", s->name);
	memcpy(record.digest, digest, sizeof(record.digest));
	ring_record_write(live, index, &record);
	*ret = l;
	return 0;
}

int rule_counters_get(struct live *live, struct live_service *s, const struct rule *rules,
		      int index, const struct rule_counters **ret)
{
	uint8_t digest[ROUTE_DIGEST];
	struct rule_counters *l;
	int err = 0;

	rule_digest(rules, index, digest);
	l = find(s, digest);
	if (!l)
		err = rule_counters_make(live, s, digest, &l);
	if (err)
		return err;
	l->wanted = true;
	*ret = l;
	return 0;
}

int rule_counters_adopt(struct live_service *s, const struct xring_route *record, uint32_t index)
{
	struct rule_counters *l = rule_counters_add(s);

	if (!l)
		return -ENOMEM;
	memcpy(l->digest, record->digest, sizeof(l->digest));
	l->record = index;
	l->counter = record->counter;
	l->regions = record->regions;
	return 0;
}

/* ---- the end ---- */

void rule_counters_unwant(struct live_service *s)
{
	for (size_t i = 0; i < s->rule_counter_count; i++)
		s->rule_counters[i]->wanted = false;
}

void rule_counters_forget(struct live *live, struct live_service *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->rule_counter_count; i++) {
		struct rule_counters *l = s->rule_counters[i];

		if (l->wanted) {
			l->left_count = 0;
			s->rule_counters[kept++] = l;
			continue;
		}
		ring_record_drop(live, l->record);
		free(l);
	}
	s->rule_counter_count = kept;
}

/*
 * Gives a rule another block. After a kill between the writes, the record still has the hash
 * of the old regions, and the next daemon does this again.
 */
static int rule_counters_renew(struct live *live, struct rule_counters *l, uint32_t regions)
{
	struct xring_route *record = &live->dp->routes[l->record];
	uint32_t counter;
	int err = counters_take(live, &counter);

	if (err)
		return err;
	l->left = l->counter;
	l->left_count = record->counters;
	l->counter = counter;
	record->counter = l->counter;
	record->counters = counters_each(live);
	step();
	__atomic_store_n(&record->regions, regions, __ATOMIC_RELEASE);
	l->regions = regions;
	return 0;
}

int rule_counters_renew_all(struct live *live, struct live_service *s)
{
	uint32_t regions = regions_hash(live);

	for (size_t i = 0; i < s->rule_counter_count; i++) {
		struct rule_counters *l = s->rule_counters[i];
		int err = l->regions == regions ? 0 : rule_counters_renew(live, l, regions);

		if (err)
			return log_err(err, "service %s: no room for the counters of its rules",
				       s->name);
	}
	return 0;
}
