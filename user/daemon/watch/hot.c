// SPDX-License-Identifier: GPL-2.0-or-later
/* Windows of the sketch, the judgement of keys, and the entries that follow from it. */
#include "daemon/watch/hot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/hot/entries.h"
#include "core/hot/judge.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/path.h"
#include "daemon/live/rings.h"
#include "daemon/live/traffic.h"
#include "daemon/watch/hands.h"
#include "daemon/watch/hot_state.h"
#include "dp/dp.h"

/*
 * A window is open for 100 ms, longer if packets are few, and the next opens at once. If
 * packets are many it is open for a quarter of the time: that counts enough, and the average
 * packet of the datapath pays a quarter. If they are very many, the window counts blocks of
 * them.
 */
#define TURN_MS 100u
#define OPEN_BUSY_MS 25u
#define OPEN_LONGEST_MS 300u
#define PACKETS_BUSY 20000u		/* packets in one turn: many */
/* Very many: a sixteenth of these is as much as a quarter of a million a second. */
#define PACKETS_BLOCKS 400000u
#define PACKETS_ENOUGH 3000u
#define FOLLOWED 0.25			/* of the threshold: a key below that is not followed */

/* ---- slots ---- */

static struct hot_service *slot_get(struct live_service *s)
{
	if (s->hot)
		return s->hot;
	s->hot = calloc(1, sizeof(*s->hot));
	if (s->hot)
		s->hot->key = s->key;
	return s->hot;
}

static void slot_free(struct live_service *s)
{
	if (s->hot)
		heat_service_clear(&s->hot->heat);
	free(s->hot);
	s->hot = NULL;
}

/* Forgets what is about keys of another kind. */
static void forget(const struct hot_watch *w)
{
	const struct live *live = w->engine->live;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		if (s->hot && !key_equal(&s->key, &s->hot->key))
			slot_free(s);
	}
}

/* ---- what is wanted ---- */

/* A backend that takes new flows; 0: there is none of that name. */
static uint16_t backend_id(const struct live_service *s, const char *name)
{
	const struct live_backend *backend = live_backend(s, name);

	return backend && backend->weight_most && !backend->dead ? backend->id : 0;
}

static uint64_t hand_side(const struct live_service *s, const struct hot_hand *hand)
{
	switch (hand->hand) {
	case HAND_SPLIT:
		return XRING_HOT_SIDE(hand->shards, 0);
	case HAND_PIN:
		return XRING_HOT_SIDE(0, backend_id(s, hand->backend));
	case HAND_EXEMPT:
		break;
	}
	return 0;
}

static bool is_wanted(const struct hot_watch *w, const struct live_key *key)
{
	const struct hot_service *hs = key->service->hot;
	const struct heat_key *heat = hs ? heat_key(&hs->heat, key->hash) : NULL;

	return hot_hand(w, key->service, key->hash) || (heat && heat->split);
}

static void set(struct hot_watch *w, struct live_service *s, const struct xring_flow *flow,
		uint64_t side)
{
	if (live_key_set(w->engine->live, s, flow, side, engine_now(w->engine)))
		w->no_room++;
}

/*
 * Sets the entries of keys that are set by hand. Such keys are followed whatever their rate,
 * because otherwise no view would list them.
 */
static void apply_hands(struct hot_watch *w)
{
	for (size_t i = 0; i < w->hand_count; i++) {
		const struct hot_hand *hand = &w->hands[i];
		struct live_service *s = live_service(w->engine->live, hand->service);
		struct hot_service *hs = s ? slot_get(s) : NULL;

		if (!hs || !s->main->has_extent)
			continue;
		heat_follow(&hs->heat, hand->hash, &hand->flow);
		set(w, s, &hand->flow, hand_side(s, hand));
	}
}

/* A key that must be split. */
struct candidate {
	struct live_service *service;
	const struct xring_flow *flow;
	uint32_t shards;
	double rate;
};

/* A key must be so many times hotter to take another key's entry. */
#define STAYS 1.5

static int by_rate(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	return (a->rate < b->rate) - (a->rate > b->rate);
}

/* The candidates of one service; returns how many there are. */
static size_t candidates_of(const struct hot_watch *w, struct live_service *s,
			    struct candidate *ret)
{
	const struct hot_service *hs = s->hot;
	size_t count = 0;

	for (size_t i = 0; hs && s->main->has_extent && s->model && i < hs->heat.count; i++) {
		const struct heat_key *key = &hs->heat.keys[i];
		const struct live_key *entry = live_key(w->engine->live, s, key->hash);
		bool stays = entry && hot_newest(*entry->answer);

		if (key->split && !hot_hand(w, s, key->hash))
			ret[count++] = (struct candidate){ s, &key->flow, s->model->hot.shards,
				heat_rate(&key->pace) * (stays ? STAYS : 1) };
	}
	return count;
}

/*
 * Gives entries to the hottest keys first; if there is not room for all, the ring answers the
 * others.
 */
static void apply_split(struct hot_watch *w)
{
	const struct live *live = w->engine->live;
	size_t room = XRING_HOT_KEYS > w->hand_count ? XRING_HOT_KEYS - w->hand_count : 0;
	_free_ struct candidate *list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < live->service_count; i++)
		count += live->services[i]->hot ? live->services[i]->hot->heat.count : 0;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return;
	count = 0;
	for (size_t i = 0; i < live->service_count; i++)
		count += candidates_of(w, live->services[i], list + count);
	qsort(list, count, sizeof(*list), by_rate);
	for (size_t i = 0; i < count; i++) {
		w->no_room += i >= room;
		set(w, list[i].service, list[i].flow,
		    i < room ? XRING_HOT_SIDE(list[i].shards, 0) : 0);
	}
}

/* Heals keys whose entry neither a hand nor their rate asks for any more. */
static void apply_heal(struct hot_watch *w)
{
	struct live *live = w->engine->live;

	for (size_t i = 0; i < live->key_count; i++) {
		struct live_key *key = live->keys[i];

		if (!is_wanted(w, key))
			set(w, key->service, &key->record->flow, 0);
	}
}

/* Brings the entries to what is wanted; after each window, each flush and each command. */
static void apply(struct hot_watch *w)
{
	w->no_room = 0;
	forget(w);
	apply_heal(w);
	apply_hands(w);
	apply_split(w);
	if (w->no_room && !w->told_full)
		log_warn("%u hot keys find no entry: the hottest have theirs, the rest stay the ring's",
			 w->no_room);
	w->told_full = w->no_room;
	engine_keys_changed(w->engine);
}

/* ---- windows ---- */

/* How many backends of the greatest weight the service's weights are worth. */
static double backends_of(const struct live_service *s)
{
	double sum = 0, most = 0;

	for (size_t i = 0; i < s->backend_count; i++) {
		sum += s->backends[i]->weight_most;
		most = s->backends[i]->weight_most > most ? s->backends[i]->weight_most : most;
	}
	return most > 0 ? sum / most : 1;
}

static const char *state_says(const struct heat_key *key, const struct live_service *s)
{
	switch (key->state) {
	case HEAT_HOT:
		return "is hot";
	case HEAT_SPLIT:
		return "is hot and split";
	case HEAT_ELEPHANT:
		return key_is_flow(&s->key) ? "is hot: a flow, which cannot be split" :
						 "is hot, but one flow: it cannot be split";
	case HEAT_COOLING:
		return key->split ? "cools; it stays split for a while" : "cools";
	case HEAT_NONE:
		break;
	}
	return "has cooled";
}

static void told(void *context, const struct heat_key *key, enum heat_state was)
{
	const struct live_service *s = context;
	char text[KEY_VALUE_TEXT];

	(void)was;
	log_of(LOG_LEVEL_INFO, "hot", s->name, "service %s: key %s %s (%.0f packets a second)",
	       s->name, key_flow_print(&s->key, &key->flow, text), state_says(key, s),
	       heat_rate(&key->pace));
}

static void service_judge(struct hot_watch *w, struct live_service *s, struct hot_service *hs,
			  const struct heat_tally *tally, uint64_t packets, uint64_t now)
{
	const struct service *model = s->model;
	struct judge_rules rules;
	struct heat_window window = {
		.distinct = heat_distinct(tally, s->number),
		.packets = packets,
		.open = (now - w->opened) / (w->blocks ? XRING_HEAT_BLOCK_SHARE : 1),
		.since = now - w->closed,
	};
	size_t at = 0;

	if (!model)
		return;
	rules = (struct judge_rules){
		&model->hot, backends_of(s), key_is_flow(&s->key), engine_now(w->engine),
		clock_wall_ms(),
	};
	while (at < tally->seen_count && tally->seen[at].number < s->number)
		at++;
	window.seen = tally->seen + at;
	while (at < tally->seen_count && tally->seen[at].number == s->number)
		at++;
	window.seen_count = tally->seen + at - window.seen;
	window.least = FOLLOWED * judge_threshold(&hs->heat, &rules);
	for (size_t i = 0; i < hs->heat.count; i++)
		hs->heat.keys[i].kept = hot_hand(w, s, hs->heat.keys[i].hash) != NULL;
	if (!heat_update(&hs->heat, &window))
		judge(&hs->heat, &rules, told, s);
}

static void tally_judge(struct hot_watch *w, const struct heat_tally *tally, uint64_t now)
{
	struct live *live = w->engine->live;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];
		struct hot_service *hs = key_is_packet(&s->key) ? NULL : slot_get(s);
		uint64_t packets = live_established(live, s);

		if (!hs)
			continue;
		if (hs->looked && packets >= hs->packets)
			service_judge(w, s, hs, tally, packets - hs->packets, now);
		hs->packets = packets;
		hs->looked = true;
	}
}

static uint32_t random_window(void)
{
	static uint64_t x;

	x = (x ?: clock_ns()) * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(x >> 32) ?: 1;
}

static void window_set(struct hot_watch *w, uint32_t window)
{
	__atomic_store_n(&w->engine->dp->config->window, window, __ATOMIC_RELEASE);
}

/* A window that counts blocks has XRING_HEAT_BLOCKS set, any other has it not. */
static void window_open(struct hot_watch *w, uint32_t ms)
{
	uint32_t window = random_window();

	window_set(w, w->blocks ? window | XRING_HEAT_BLOCKS : (window & ~XRING_HEAT_BLOCKS) ?: 2);
	w->opened = clock_ns();
	loop_timer_set(&w->timer, ms);
}

/* Closes the window. Packets under way may still count and leave a word in the cleared sketch. */
static void window_close(struct hot_watch *w, uint64_t now)
{
	struct dp *dp = w->engine->dp;
	struct heat_tally tally;

	window_set(w, 0);
	if (!heat_tally(dp->heat, dp->heat_cpus, &tally)) {
		tally_judge(w, &tally, now);
		heat_tally_clear(&tally);
	}
	for (unsigned cpu = 0; cpu < dp->heat_cpus; cpu++)
		memset(dp->heat[cpu]->word, 0, sizeof(dp->heat[cpu]->word));
	w->closed = now;
	apply(w);
}

static void turn(void *context)
{
	struct hot_watch *w = context;
	uint64_t now = clock_ns(), packets = 0, turn_packets;

	if (!w->opened) {
		window_open(w, OPEN_BUSY_MS);
		return;
	}
	live_traffic_look(w->engine->live);
	for (size_t i = 0; i < w->engine->live->service_count; i++)
		packets += live_established(w->engine->live, w->engine->live->services[i]);
	if (packets < w->looked)	/* a service has gone, and its packets with it */
		w->looked = packets;
	if (packets - w->looked < PACKETS_ENOUGH &&
	    now - w->opened < OPEN_LONGEST_MS * NS_PER_MS) {
		loop_timer_set(&w->timer, TURN_MS);
		return;
	}
	window_close(w, now);
	turn_packets = (packets - w->looked) * TURN_MS * NS_PER_MS / (now - w->opened);
	w->blocks = turn_packets > PACKETS_BLOCKS;
	if (turn_packets > PACKETS_BUSY) {
		w->opened = 0;
		loop_timer_set(&w->timer, TURN_MS - OPEN_BUSY_MS);
	} else {
		window_open(w, TURN_MS);
	}
	w->looked = packets;
}

/* ---- by hand ---- */

/* Sets the key's entry in the maps. */
static int hand_enter(struct hot_watch *w, struct live_service *s, const struct hot_hand *hand,
		      struct why *why)
{
	struct engine *e = w->engine;
	int err = hand->hand == HAND_EXEMPT ? 0 :
		  live_key_set(e->live, s, &hand->flow, hand_side(s, hand), engine_now(e));

	return err ? why_set(why, err, "%s", err == -ENOSPC ?
			     "the table of hot keys is full: want another one cleared" :
			     errno_text(err)) : 0;
}

/* Puts a hand into the list, in place of `was`, the one of the same key; NULL: there was none. */
static struct hot_hand *hand_put(struct hot_watch *w, struct hot_hand *was,
				 const struct hot_hand *hand, struct why *why)
{
	if (was) {
		*was = *hand;
		return was;
	}
	if (w->hand_count == HANDS_MOST) {
		why_set(why, -ENOSPC, "%u keys are set by hand: want another one cleared", HANDS_MOST);
		return NULL;
	}
	was = hand_add(w, hand);
	if (!was)
		why_set(why, -ENOMEM, "out of memory");
	return was;
}

int hot_hand_set(struct hot_watch *w, const struct hot_hand *wanted, struct why *why)
{
	struct live_service *s = live_service(w->engine->live, wanted->service);
	struct hot_service *hs = s ? slot_get(s) : NULL;
	struct hot_hand *now, was = {}, hand = *wanted;
	int err;

	if (!hs)
		return why_set(why, -ENOMEM, "out of memory");
	hand.key = s->key;
	hand.hash = live_key_hash(w->engine->live, s, &hand.flow);
	now = hot_hand(w, s, hand.hash);
	if (now)
		was = *now;
	now = hand_put(w, now, &hand, why);
	if (!now)
		return -ENOSPC;
	err = hot_state_write(w, why) ?: hand_enter(w, s, &hand, why);
	if (err) {
		if (*was.service)
			*now = was;
		else
			hand_remove(w, now);
		hot_state_keep(w);
		return err;
	}
	if (heat_follow(&hs->heat, hand.hash, &hand.flow))
		heat_key(&hs->heat, hand.hash)->split = false;
	apply(w);
	return 0;
}

/* Takes a hand out of the list, when the list without it is kept. */
static int hand_drop(struct hot_watch *w, struct hot_hand *hand, struct why *why)
{
	struct hot_hand was = *hand;
	int err;

	hand_remove(w, hand);
	err = hot_state_write(w, why);
	if (err) {
		hand_add(w, &was);	/* there was room for it */
		hot_state_keep(w);
	}
	return err;
}

int hot_clear(struct hot_watch *w, struct live_service *s, const struct xring_flow *flow,
	      struct why *why)
{
	uint32_t hash = live_key_hash(w->engine->live, s, flow);
	struct hot_hand *hand = hot_hand(w, s, hash);
	struct hot_service *hs = s->hot;
	struct heat_key *key = hs ? heat_key(&hs->heat, hash) : NULL;
	int err;

	if (!hand && !(key && key->state))
		return why_set(why, -ENOENT, "it is neither hot nor set by hand");
	err = hand ? hand_drop(w, hand, why) : 0;
	if (err)
		return err;
	if (key) {
		key->split = key->kept = false;
		key->state = HEAT_NONE;
	}
	apply(w);
	return 0;
}

/* ---- begin and end ---- */

/* Follows keys that the last daemon had split automatically. */
static int follow_adopted(struct hot_watch *w)
{
	struct live *live = w->engine->live;

	for (size_t i = 0; i < live->key_count; i++) {
		struct live_key *key = live->keys[i];
		struct hot_service *hs = slot_get(key->service);
		struct heat_key *heat = hs ? heat_follow(&hs->heat, key->hash, &key->record->flow) :
					     NULL;

		if (!heat)
			return -ENOMEM;
		if (hot_hand(w, key->service, key->hash) || !hot_newest(*key->answer))
			continue;
		heat->state = HEAT_SPLIT;
		heat->split = true;
		heat->since_ms = clock_wall_ms();
	}
	return 0;
}

static void service_gone(void *context, struct live_service *s)
{
	(void)context;
	slot_free(s);
}

static void flushed(void *context)
{
	hands_sort(context);
	apply(context);
}

int hot_open(struct engine *e, struct hot_watch *w)
{
	int err = loop_timer_new(e->loop, &w->timer, turn, w);

	if (err)
		return err;
	w->engine = e;
	err = hot_state_read(w);
	if (err)
		return err;
	hands_sort(w);
	err = follow_adopted(w);
	if (err)
		return err;
	w->closed = clock_ns();
	w->listener = (struct engine_listener){ .context = w, .flushed = flushed };
	engine_listen(e, &w->listener);
	w->services = (struct service_listener){ .context = w, .gone = service_gone };
	live_listen(e->live, &w->services);
	apply(w);
	window_open(w, TURN_MS);
	return 0;
}

void hot_close(struct hot_watch *w)
{
	if (!w->engine)
		return;
	window_set(w, 0);
	loop_timer_close(w->engine->loop, &w->timer);
	for (size_t i = 0; i < w->engine->live->service_count; i++)
		slot_free(w->engine->live->services[i]);
	free(w->hands);
}
