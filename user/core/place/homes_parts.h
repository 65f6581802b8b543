/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_HOMES_PARTS_H
#define XRING_CORE_PLACE_HOMES_PARTS_H

#include "core/place/homes.h"

/* The table of homes, for core/place/homes.c and core/place/homes_judge.c only. */

/*
 * Traffic is counted for four regions of each prefix. A region that has most of the traffic
 * is always among the four greatest, so that the other regions need not be told apart: they
 * only count in the total.
 */
#define HOME_PARTS 4
#define HOME_CANDIDATES 65536u
/* seconds: a minute, plus one as it may begin and end within a second */
#define HOME_MINUTE 61

struct home_part {
	uint8_t region;			/* 0: this part is free */
	float packets;			/* since the last look */
	float sum;			/* before the last look, fading */
};

/* A prefix that has a home, or may get one. */
struct home_entry {
	struct home_record record;	/* region 0: no home */
	struct home_part parts[HOME_PARTS];
	float packets;			/* of all regions, since the last look */
	float sum;			/* of all regions before, fading like the parts */
	float use;			/* the same, fading within `for`: how much it is used */
	uint8_t leader;			/* the region whose share is great enough; 0: none */
	bool waiting;			/* the leader has led for long enough; a move is due */
	uint64_t run_ms;		/* since when the leader has led */
	uint64_t seen_ms;		/* the last look that saw packets of the prefix */
	uint64_t settled_ms;		/* until then its home cannot be lost to make room */
};

struct homes {
	struct home_entry *entries;	/* in no order */
	size_t count;
	size_t homes;			/* how many entries have a home */
	size_t room;			/* how many entries without a home there may be */
	bool full;			/* entries were refused since the last look */
	uint32_t *slots;		/* the hash table: indices of entries plus 1; 0: free */
	size_t slot_count;		/* a power of two, at least twice the entries */
	uint64_t seed;
	uint64_t second;		/* the newest second counted in `moved` */
	uint32_t moved[HOME_MINUTE];	/* moves by second, a ring of the last minute */
};

/* Builds the hash table again, after entries have changed their indices. */
void homes_index(struct homes *h);

#endif
