// SPDX-License-Identifier: GPL-2.0-or-later
/* Hot keys, as the daemon does with them. */
#include "history_parts.h"

static uint16_t key_backend(const struct history *h, const struct rule_side *side)
{
	for (int i = 0; i < RULE_NODES; i++)
		if (h->nodes[i].id && h->nodes[i].id == side->backend)
			return points_of(&h->nodes[i]) ? side->backend : 0;
	return 0;
}

/* The entry of key k becomes what is wanted of it, as far as its backend is there. */
static void key_apply(struct history *h, size_t k)
{
	struct rule_side side = { h->wanted[k].shards, key_backend(h, &h->wanted[k]) };
	uint32_t place;

	if (hot_find(h->hot, NUMBER, h->key_hash[k], &place)) {
		if (!side.shards && !side.backend)
			return;
		if (hot_take(h->hot, NUMBER, h->key_hash[k], &place))
			return;		/* no room: as before */
	}
	if (hot_newest(*hot_word(h->hot, place)) != XRING_HOT_SIDE(side.shards, side.backend))
		hot_change(hot_word(h->hot, place), XRING_HOT_SIDE(side.shards, side.backend));
	rule_key_set(&h->rule, &h->keys[k], side);
}

void keys_apply(struct history *h)
{
	for (size_t k = 0; h->kind.hot && k < 2 * CLIENTS; k++)
		key_apply(h, k);
}

bool key_change(struct history *h)
{
	size_t k = draw(h, 40);		/* so that many changes meet on some */
	const struct node *n;

	if (!h->key_hash[k])
		return false;		/* nobody's: there are few flows */
	h->splits++;
	switch (draw(h, 3)) {
	case 0:
		h->wanted[k] = (struct rule_side){};
		break;
	case 1:
		h->wanted[k] = (struct rule_side){ 1 + draw(h, 30), 0 };
		break;
	case 2:
		n = &h->nodes[draw(h, 14)];
		/* Where more rules are soon to allow it, nobody may be given to it meanwhile. */
		h->wanted[k] = (struct rule_side){ 0, n->gains ? 0 : n->id };
		break;
	}
	return true;
}

void keys_settle(struct history *h)
{
	for (size_t k = 0; h->kind.hot && k < 2 * CLIENTS; k++) {
		uint32_t place, age = now_tenths(h) - h->keys[k].since;
		uint64_t *answer;

		if (hot_find(h->hot, NUMBER, h->key_hash[k], &place))
			continue;
		answer = hot_word(h->hot, place);
		if (*answer & XRING_HOT_MOVING && age >= TCP_IDLE / 100 && h->keys[k].walked)
			hot_settle(answer);
		else if (*answer & XRING_HOT_MOVING && age >= UDP_IDLE / 100)
			hot_udp_new(answer);
		if (!(*answer & XRING_HOT_MOVING) && !hot_newest(*answer))
			*answer = 0;
	}
}

void keys_compare(const struct history *h, unsigned step)
{
	for (size_t k = 0; h->kind.hot && k < 2 * CLIENTS; k++) {
		const struct rule_key *want = &h->keys[k];
		uint64_t answer = 0, side = XRING_HOT_SIDE(want->newest.shards,
							   want->newest.backend);
		uint32_t place;

		if (!hot_find(h->hot, NUMBER, h->key_hash[k], &place))
			answer = *hot_word(h->hot, place);
		if (hot_newest(answer) != side || !!(answer & XRING_HOT_MOVING) != want->moving ||
		    (want->moving && (!!(answer & XRING_HOT_UDP_NEW) != want->udp_new ||
				      !!(answer & XRING_HOT_HELD) != want->held)))
			fail_msg("step %u, key %zu: %016lx; want %u shards, backend %u%s%s%s", step,
				 k, answer, want->newest.shards, want->newest.backend,
				 want->moving ? " moving" : "", want->udp_new ? " udp_new" : "",
				 want->held ? " held" : "");
	}
}

bool keys_move(const struct history *h)
{
	for (size_t k = 0; k < 2 * CLIENTS; k++)
		if (h->keys[k].moving)
			return true;
	return false;
}

bool keys_name(const struct history *h, uint16_t id)
{
	for (size_t k = 0; k < 2 * CLIENTS; k++)
		if (h->keys[k].newest.backend == id ||
		    (h->keys[k].moving && h->keys[k].old.backend == id))
			return true;
	return false;
}

void keys_forget(struct history *h, uint16_t id)
{
	for (size_t k = 0; k < 2 * CLIENTS; k++)
		if (h->wanted[k].backend == id)
			h->wanted[k] = (struct rule_side){};
}
