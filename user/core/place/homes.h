/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_HOMES_H
#define XRING_CORE_PLACE_HOMES_H

#include "core/value/prefix.h"

/*
 * The regions that prefixes of clients belong to, told by where their traffic enters.
 * Regions are numbers from 1 on, which mean the same for as long as the table lives;
 * times are what the caller says they are: of a clock that never steps (now_ms), and of
 * the wall (wall_ms), for people.
 *
 * Each look at the counters is a homes_seen() for what came of a prefix at a region since
 * the last one, and then homes_judge(). A shift of traffic is told within half a second and
 * one look.
 */
struct home;
struct homes;

struct home_record {
	struct prefix prefix;
	uint8_t region;
	uint8_t from;			/* where it was before; 0: nowhere */
	uint32_t share;			/* thousandths of its traffic, when it moved here */
	int64_t since_ms;		/* of the wall */
};

enum home_why {
	HOME_FOLLOWED,			/* its traffic */
	HOME_NO_ROOM,			/* lost: another one is used more */
	HOME_FORBIDDEN,			/* lost: the region is no longer allowed */
};

struct home_move {
	struct prefix prefix;
	uint8_t from, to;		/* 0: no home */
	uint32_t share;			/* thousandths; 0 where it lost its home */
	enum home_why why;
};

struct home_moves {
	struct home_move *list;		/* freed by the caller */
	size_t count;
};

struct homes_look {
	const struct home *home;	/* its prefix lengths are the caller's affair */
	/* May the region be the prefix's home at all? NULL: any may. */
	bool (*allowed)(void *ctx, const struct prefix *p, unsigned region);
	void *ctx;
	bool recheck;			/* what is allowed has changed: the homes there are, too */
	uint64_t now_ms;
	int64_t wall_ms;
};

/* seed: of the hash, which clients should not know. NULL: no memory. */
struct homes *homes_new(uint64_t seed);
void homes_free(struct homes *h);

/*
 * 0; -ENOMEM; or -ENOSPC: the table is full, and forgets some in the next look. Either
 * way what was seen of this prefix does not count.
 */
int homes_seen(struct homes *h, const struct prefix *p, unsigned region, uint64_t packets);

/*
 * Appends to *ret what moved. A home is moved to, or made, at most `moves` times in any minute;
 * one that goes to make room is part of the move that it makes room for, and those that
 * are forbidden, or too many of a smaller count, go at once. -ENOMEM: what is in *ret
 * was done, the rest is for the next look.
 */
int homes_judge(struct homes *h, const struct homes_look *look, struct home_moves *ret);

/* All homes in no order: *i is 0 at first. NULL: no more. Holds until the next change. */
const struct home_record *homes_next(const struct homes *h, size_t *i);
/* NULL: it has none. */
const struct home_record *homes_find(const struct homes *h, const struct prefix *p);
size_t homes_count(const struct homes *h);

/* As it was saved; replaces what there is. -ENOMEM. More than `count` go in the next look. */
int homes_put(struct homes *h, const struct home_record *record);

#endif
