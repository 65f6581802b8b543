/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_HOMES_H
#define XRING_CORE_PLACE_HOMES_H

#include "core/value/prefix.h"

/*
 * Homes: the region that each prefix of clients belongs to, judged by where the prefix's
 * traffic enters.
 *
 *     homes_seen()   packets of a prefix at a region since the last look; any number of calls
 *     homes_judge()  one look at all prefixes: moves homes, or makes them, or takes them away
 *
 * Regions are numbers from 1 on, which keep their meaning as long as the table lives. Times
 * come from the caller: now_ms from a clock that never steps, wall_ms from the wall clock,
 * for people. A shift of traffic shows within half a second and one look.
 */
struct home;
struct homes;

struct home_record {
	struct prefix prefix;
	uint8_t region;
	uint8_t from;			/* the region before this one; 0: none */
	uint32_t share;			/* thousandths of its traffic, when it moved here */
	int64_t since_ms;		/* since when, wall clock */
};

enum home_why {
	HOME_FOLLOWED,			/* moved to where its traffic enters */
	HOME_NO_ROOM,			/* lost: another prefix, more used, needed the room */
	HOME_FORBIDDEN,			/* lost: the region is not allowed any more */
};

struct home_move {
	struct prefix prefix;
	uint8_t from, to;		/* regions; 0: no home */
	uint32_t share;			/* thousandths; 0 if the home was lost */
	enum home_why why;
};

struct home_moves {
	struct home_move *list;		/* the caller frees the list */
	size_t count;
};

struct homes_look {
	/* The keys of `home`; the caller has applied the prefix lengths already. */
	const struct home *home;
	/* May the region be the prefix's home at all? NULL: every region may. */
	bool (*allowed)(void *ctx, const struct prefix *p, unsigned region);
	void *ctx;
	/* What is allowed has changed: existing homes must be tested too. */
	bool recheck;
	uint64_t now_ms;
	int64_t wall_ms;
};

/* Makes an empty table. seed: for the hash; clients should not know it. NULL: no memory. */
struct homes *homes_new(uint64_t seed);
void homes_free(struct homes *h);

/*
 * Counts packets of a prefix at a region. Returns 0; -ENOMEM; or -ENOSPC: the table is
 * full, and the next look will forget some entries. On failure the packets are not counted.
 */
int homes_seen(struct homes *h, const struct prefix *p, unsigned region, uint64_t packets);

/*
 * Takes one look and appends all moves to *ret. At most `moves` homes are moved or made in
 * any minute. A home that is lost to make room belongs to the move that needs the room;
 * homes that are forbidden, or more than `count` allows, are lost at once. -ENOMEM: what is
 * in *ret was done, the rest is left to the next look.
 */
int homes_judge(struct homes *h, const struct homes_look *look, struct home_moves *ret);

/*
 * Walks over all homes, in no order; *i must be 0 at first. NULL: no more. Pointers are
 * valid until the next change.
 */
const struct home_record *homes_next(const struct homes *h, size_t *i);
/* NULL: the prefix has no home. */
const struct home_record *homes_find(const struct homes *h, const struct prefix *p);
size_t homes_count(const struct homes *h);

/*
 * Restores a saved home, in place of what the table has. -ENOMEM. Homes beyond `count` are
 * lost in the next look.
 */
int homes_put(struct homes *h, const struct home_record *record);

#endif
