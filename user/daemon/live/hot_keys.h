/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_HOT_KEYS_H
#define XRING_DAEMON_LIVE_HOT_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

struct live;
struct live_service;
struct xring_flow;

/*
 * Keys that have an entry of their own in the maps: split over shards, or given to a backend.
 * An entry comes and goes under the rule of changes, like the answer of a cell: a key moves
 * for one settle time from its first change, and until a walk over the pins that began after
 * its last change has marked the cells in which its flows' newest paths end. The entry of a
 * key that has settled on the ring's own answer is removed.
 */

struct live_key {
	struct live_service *service;
	uint32_t hash;
	uint32_t place;				/* index of the entry in the table */
	uint64_t *answer;			/* the entry's word in the maps */
	struct xring_key_record *record;
	uint64_t changed;			/* live->walk_begun when the key last changed */
	uint32_t pins;				/* pins of its flows: last whole walk */
	uint32_t pins_now;
};

/* Takes over the entries of the adopted services, whose numbers must be known. */
int live_keys_adopt(struct live *live, uint64_t now);
void live_keys_clear(struct live *live);

/* The key with that hash; NULL: it has no entry. */
struct live_key *live_key(const struct live *live, const struct live_service *s, uint32_t hash);

/*
 * Sets the newest side (XRING_HOT_SIDE) of the flow's key; side 0: the ring's own answer. The
 * next live_vips_write() marks in the slots of the service that it has such keys. -ENOSPC:
 * the table has no room.
 */
int live_key_set(struct live *live, struct live_service *s, const struct xring_flow *flow,
		 uint64_t side, uint64_t now);

/* Removes all entries of a service at once, without keeping their flows. */
void live_keys_drop(struct live *live, struct live_service *s);

/* Does any entry name this backend, on its newest or old side? */
bool live_keys_name(const struct live *live, uint16_t id);

/* Does what is due by time. Returns when (ns) something is due again; 0: nothing. */
uint64_t live_keys_tick(struct live *live, uint64_t now);

/*
 * Before and after a walk over the pins: reset, and then take over, what the walk counts for
 * each key.
 */
void live_keys_walk_begun(struct live *live);
void live_keys_walked(struct live *live);

#endif
