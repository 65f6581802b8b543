/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_HOMES_PARTS_H
#define XRING_CORE_PLACE_HOMES_PARTS_H

#include "core/place/homes.h"

/* What core/place/homes.c and core/place/homes_judge.c share. */

/*
 * A region that has most of the traffic is always among the four greatest, so that the
 * others need not be told apart: they count in the total alone.
 */
#define HOME_PARTS 4
#define HOME_CANDIDATES 65536u
#define HOME_MINUTE 61			/* a minute begins and ends within a second */

struct home_part {
	uint8_t region;			/* 0: free */
	float packets;			/* since the last look */
	float sum;			/* those before, fading */
};

/* A prefix that has a home, or may get one. */
struct home_entry {
	struct home_record record;	/* region 0: none */
	struct home_part parts[HOME_PARTS];
	float packets;			/* of all regions, since the last look */
	float sum;			/* those before, fading as the parts do */
	float use;			/* the same, fading within `for` */
	uint8_t leader;			/* whose share is great enough; 0: none's is */
	bool waiting;			/* it was for long enough */
	uint64_t run_ms;		/* since when it is */
	uint64_t seen_ms;		/* the last look that saw it */
	uint64_t settled_ms;		/* until then it makes room for no other */
};

struct homes {
	struct home_entry *entries;	/* in no order */
	size_t count;
	size_t homes;			/* entries that have one */
	size_t room;			/* for entries without a home */
	bool full;			/* some were refused since the last look */
	uint32_t *slots;		/* numbers of entries, from 1; 0: none */
	size_t slot_count;		/* a power of two, at least twice the entries */
	uint64_t seed;
	uint64_t second;		/* the last one of `moved` */
	uint32_t moved[HOME_MINUTE];	/* by second */
};

/* After entries were moved about: their places are found anew. */
void homes_index(struct homes *h);

#endif
