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
 * Keys that have an entry of their own in the maps: split over shards, or given to a
 * backend. An entry comes and goes under the rule of changes, as the answer of a cell
 * does: a key moves for one settle time from its first change on, and until a walk over
 * the pins that began behind its last one has marked the cells in which its flows' newest
 * paths end. A key that has settled on what the ring says has no entry any more.
 */

/* Beside an entry, for the daemon's next life: a file of the state directory, mapped. */
struct key_record {
	struct xring_flow flow;			/* that has the key */
	uint32_t number, hash;			/* of the service, of the key */
	uint32_t since;				/* tenths of a second: it began to move */
	uint32_t pad;
	uint64_t pad2;
};

struct live_key {
	struct live_service *service;
	uint32_t hash;
	uint32_t place;
	uint64_t *answer;
	struct key_record *record;
	uint64_t changed;			/* walks begun when it last changed */
	uint32_t pins;				/* of its flows, as the last walk saw them */
	uint32_t pins_now;
};

/* Takes over the entries of the services that are there; their numbers are known. */
int live_keys_adopt(struct live *live, uint64_t now);
void live_keys_clear(struct live *live);

/* NULL where it has no entry. */
struct live_key *live_key(const struct live *live, const struct live_service *s, uint32_t hash);

/*
 * The key's newest side (XRING_HOT_SIDE) from now on; 0: what the ring says. Its VIPs'
 * slots say that there are such keys with the next live_vips_write(). -ENOSPC where the
 * table has no room for it.
 */
int live_key_set(struct live *live, struct live_service *s, const struct xring_flow *flow,
		 uint64_t side, uint64_t now);

/* All entries of a service go at once, whatever becomes of the flows. */
void live_keys_drop(struct live *live, struct live_service *s);

/* Does any entry name this backend? */
bool live_keys_name(const struct live *live, uint16_t id);

/* Does what is due by time. Returns when (ns) something is due again; 0: nothing. */
uint64_t live_keys_tick(struct live *live, uint64_t now);

/* Before and after a walk: what it counts. */
void live_keys_walk_begun(struct live *live);
void live_keys_walked(struct live *live);

#endif
