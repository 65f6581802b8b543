// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/hands.h"

#include <stdlib.h>
#include <string.h>

#include "core/model/key.h"
#include "daemon/engine/engine.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/path.h"
#include "daemon/watch/hot.h"

static int order(const struct hot_hand *hand, const char *service, uint32_t hash)
{
	int by_service = strcmp(hand->service, service);

	return by_service ?: (hand->hash > hash) - (hand->hash < hash);
}

static int by_key(const void *a, const void *b)
{
	const struct hot_hand *right = b;

	return order(a, right->service, right->hash);
}

/* The index of the first hand that is not before that key. */
static size_t index_of(const struct hot_watch *w, const char *service, uint32_t hash)
{
	size_t low = 0, high = w->hand_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(&w->hands[middle], service, hash) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct hot_hand *hot_hand(const struct hot_watch *w, const struct live_service *s, uint32_t hash)
{
	size_t i = index_of(w, s->name, hash);

	return i < w->hand_count && !order(&w->hands[i], s->name, hash) ? &w->hands[i] : NULL;
}

struct hot_hand *hand_add(struct hot_watch *w, const struct hot_hand *hand)
{
	struct hot_hand *hands = reallocarray(w->hands, w->hand_count + 1, sizeof(*hands));
	size_t i;

	if (!hands)
		return NULL;
	w->hands = hands;
	i = index_of(w, hand->service, hand->hash);
	memmove(hands + i + 1, hands + i, (w->hand_count++ - i) * sizeof(*hands));
	hands[i] = *hand;
	return &hands[i];
}

void hand_remove(struct hot_watch *w, struct hot_hand *hand)
{
	size_t i = hand - w->hands;

	memmove(hand, hand + 1, (--w->hand_count - i) * sizeof(*hand));
}

void hands_sort(struct hot_watch *w)
{
	const struct live *live = w->engine->live;
	size_t kept = 0;

	for (size_t i = 0; i < w->hand_count; i++) {
		struct hot_hand *hand = &w->hands[i];
		const struct live_service *s = live_service(live, hand->service);

		if (!s || !key_equal(&s->key, &hand->key))
			continue;
		hand->hash = live_key_hash(live, s, &hand->flow);
		w->hands[kept++] = *hand;
	}
	w->hand_count = kept;
	if (kept)
		qsort(w->hands, kept, sizeof(*w->hands), by_key);
}
