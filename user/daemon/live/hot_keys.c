// SPDX-License-Identifier: GPL-2.0-or-later
/* The entries of hot keys in the maps: taken, changed, settled, adopted and freed. */
#include "daemon/live/hot_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "core/hot/entries.h"
#include "daemon/live/live.h"
#include "daemon/live/path.h"
#include "dp/dp.h"
#include "dp/write.h"

/* ---- the list ---- */

/* The position of a key in the list, sorted by hash, then by service number. */
static size_t key_place(const struct live *live, const struct live_service *s, uint32_t hash)
{
	size_t low = 0, count = live->key_count;

	while (count) {
		size_t half = count / 2;
		const struct live_key *key = live->keys[low + half];

		if (key->hash < hash ||
		    (key->hash == hash && key->service->number < s->number)) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

struct live_key *live_key(const struct live *live, const struct live_service *s, uint32_t hash)
{
	size_t at = key_place(live, s, hash);

	return at < live->key_count && live->keys[at]->hash == hash &&
	       live->keys[at]->service == s ? live->keys[at] : NULL;
}

static struct live_key *key_add(struct live *live, struct live_service *s, uint32_t hash,
				uint32_t place)
{
	struct live_key **keys = reallocarray(live->keys, live->key_count + 1, sizeof(*keys));
	struct live_key *key = calloc(1, sizeof(*key));
	size_t at;

	if (keys)
		live->keys = keys;
	if (!keys || !key) {
		free(key);
		return NULL;
	}
	*key = (struct live_key){ s, hash, place, hot_word(live->dp->hot, place),
				  &live->dp->keys[place] };
	at = key_place(live, s, hash);
	memmove(keys + at + 1, keys + at, (live->key_count - at) * sizeof(*keys));
	keys[at] = key;
	live->key_count++;
	live->slots_stale |= !s->key_count++;
	return key;
}

/* Frees the entry, which is taken again only after a grace period. */
static void key_remove(struct live *live, size_t at)
{
	struct live_key *key = live->keys[at];

	step();
	__atomic_store_n(key->answer, 0, __ATOMIC_RELEASE);
	live->keys_epoch = live->dp->epoch;
	live->keys_due = true;
	live->slots_stale |= !--key->service->key_count;
	live->key_count--;
	memmove(live->keys + at, live->keys + at + 1,
		(live->key_count - at) * sizeof(*live->keys));
	free(key);
}

void live_keys_clear(struct live *live)
{
	for (size_t i = 0; i < live->key_count; i++)
		free(live->keys[i]);
	free(live->keys);
	live->keys = NULL;
	live->key_count = 0;
}

void live_keys_drop(struct live *live, struct live_service *s)
{
	for (size_t i = live->key_count; i-- > 0;)
		if (live->keys[i]->service == s)
			key_remove(live, i);
	s->keys_moving = 0;
}

bool live_keys_name(const struct live *live, uint16_t id)
{
	for (size_t i = 0; i < live->key_count; i++) {
		uint64_t answer = *live->keys[i]->answer;

		if (xring_hot_backend(answer) == id || xring_hot_backend(hot_old(answer)) == id)
			return true;
	}
	return false;
}

/* ---- adopting ---- */

/*
 * Takes over one entry. An entry whose key cannot be shown to anyone is removed: the ring
 * answers its flows.
 */
static int adopt_key(struct live *live, uint32_t place, uint32_t number, uint32_t hash,
		     uint64_t now)
{
	struct xring_key_record *record = &live->dp->keys[place];
	struct live_service *s = live_service_of_number(live, number);
	struct live_key *key;

	if (!s || record->number != number || record->hash != hash ||
	    live_key_hash(live, s, &record->flow) != hash) {
		log_warn("an entry of a hot key makes no sense: it is taken away");
		__atomic_store_n(hot_word(live->dp->hot, place), 0, __ATOMIC_RELEASE);
		live->keys_epoch = live->dp->epoch;
		return 0;
	}
	key = key_add(live, s, hash, place);
	if (!key)
		return -ENOMEM;
	if (!record->since || record->since > now / NS_PER_TENTH)
		record->since = now / NS_PER_TENTH;
	s->keys_moving += !!(*key->answer & XRING_HOT_MOVING);
	return 0;
}

int live_keys_adopt(struct live *live, uint64_t now)
{
	for (uint32_t place = 0; place < HOT_PLACES; place++) {
		const struct xring_hot *bucket = &live->dp->hot[place / XRING_HOT_WAYS];
		uint32_t way = place % XRING_HOT_WAYS;
		int err;

		if (!bucket->key[way].answer)
			continue;
		err = adopt_key(live, place, bucket->key[way].number, bucket->key[way].hash, now);
		if (err)
			return err;
	}
	return 0;
}

/* ---- changes ---- */

/* Packets under way that read an entry before it settled must not see the next change of it. */
static void key_grace(struct live *live)
{
	if (live->keys_epoch == live->dp->epoch)
		dp_grace(live->dp);
}

static int key_new(struct live *live, struct live_service *s, const struct xring_flow *flow,
		   uint32_t hash, struct live_key **ret)
{
	struct live_key *key;
	uint32_t place;
	int err;

	if (live->key_count >= XRING_HOT_KEYS)
		return -ENOSPC;
	key_grace(live);
	err = hot_take(live->dp->hot, s->number, hash, &place);
	if (err)
		return err;
	step();
	live->dp->keys[place] = (struct xring_key_record){ .flow = *flow, .number = s->number,
						    .hash = hash };
	key = key_add(live, s, hash, place);
	if (!key)
		return -ENOMEM;
	*ret = key;
	return 0;
}

int live_key_set(struct live *live, struct live_service *s, const struct xring_flow *flow,
		 uint64_t side, uint64_t now)
{
	uint32_t hash = live_key_hash(live, s, flow);
	struct live_key *key = live_key(live, s, hash);
	int err;

	if (side == (key ? hot_newest(*key->answer) : 0))
		return 0;
	if (!key) {
		err = key_new(live, s, flow, hash, &key);
		if (err)
			return err;
	}
	if (!(*key->answer & XRING_HOT_MOVING)) {
		key_grace(live);
		key->record->since = now / NS_PER_TENTH;
		step();
	}
	s->keys_moving += hot_change(key->answer, side);
	live->keys_due = true;
	key->changed = live->walk_begun;
	if (live->events.key_moved)
		live->events.key_moved(live->events.context, key);
	return 0;
}

/* ---- time ---- */

/*
 * The key has moved long enough. Returns when (tenths) something is due again; 0: after the
 * next walk.
 */
static uint32_t key_over(struct live *live, struct live_key *key, const struct moving_times *t)
{
	struct live_service *s = key->service;

	if (!hot_settle(key->answer)) {
		log_warn("service %s: a key stays as it is: the table of pins is full", s->name);
		return moving_again(&key->record->since, t);
	}
	live->keys_epoch = live->dp->epoch;
	s->keys_moving--;
	service_settled(live, s);
	return 0;
}

static uint32_t key_settle(struct live *live, struct live_key *key, uint64_t now)
{
	struct moving_times t = service_times(key->service, now);
	uint32_t next;

	switch (moving_due(key->record->since, &t, live->walk_done > key->changed, &next)) {
	case MOVING_WAITS:
		break;
	case MOVING_UDP_NEW:
		hot_udp_new(key->answer);
		break;
	case MOVING_OVER:
		return key_over(live, key, &t);
	}
	return next;
}

uint64_t live_keys_tick(struct live *live, uint64_t now)
{
	uint64_t next = 0;

	live->keys_due = false;
	for (size_t i = live->key_count; i-- > 0;) {
		struct live_key *key = live->keys[i];

		if (*key->answer & XRING_HOT_MOVING)
			sooner(&next, key_settle(live, key, now) * NS_PER_TENTH);
		if (!(*key->answer & XRING_HOT_MOVING) && !hot_newest(*key->answer))
			key_remove(live, i);
	}
	return next;
}

/* ---- walks ---- */

void live_keys_walk_begun(struct live *live)
{
	for (size_t i = 0; i < live->key_count; i++)
		live->keys[i]->pins_now = 0;
}

void live_keys_walked(struct live *live)
{
	for (size_t i = 0; i < live->key_count; i++) {
		live->keys[i]->pins = live->keys[i]->pins_now;
		/* The key may have waited for this walk. */
		live->keys_due |= *live->keys[i]->answer & XRING_HOT_MOVING;
	}
}
