/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_RATES_H
#define XRING_CORE_HOT_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

/*
 * From the datapath's sketches (struct xring_heat) to rates of keys, window by window.
 * Rates are packets of established flows a second. Times are ns.
 */

/* One key in one window, over all CPUs. */
struct heat_seen {
	uint32_t number;		/* of its service */
	uint32_t hash;
	uint32_t count;
	struct xring_flow flow;		/* one of its packets */
};

struct heat_tally {
	struct heat_seen *seen;		/* by number and hash */
	size_t seen_count;
	uint32_t *places;		/* taken, by number (XRING_HEAT_NUMBER + 1 of them) */
	uint32_t taken;			/* places in all */
};

/* Reads what a closed window has counted; -ENOMEM. */
int heat_tally(struct xring_heat *const *cpus, unsigned count, struct heat_tally *ret);
void heat_tally_clear(struct heat_tally *tally);

/*
 * How many distinct keys of a service a window has seen: by the places that are taken
 * (linear counting, Whang et al., ACM TODS 1990). Past some eight times as many keys as
 * there are places it is that number and no more.
 */
double heat_distinct(const struct heat_tally *tally, uint32_t number);

/* Packets within a time, both fading with age: their quotient is a rate. */
struct heat_rate {
	double packets, seconds;
};

/* The same at two paces; the slow one is the rate, the fast one tells when it has changed. */
struct heat_pace {
	struct heat_rate fast, slow;
};

enum heat_state {
	HEAT_NONE,			/* as others are */
	HEAT_HOT,
	HEAT_SPLIT,			/* it is to be, and hot */
	HEAT_COOLING,			/* it was hot; split as before */
	HEAT_ELEPHANT,			/* hot, but one flow, or nearly: not to be split */
};

struct heat_key {
	uint32_t hash;
	struct xring_flow flow;		/* the last packet seen of it */
	struct heat_pace pace;
	bool missed;			/* in the last window it had far less than its rate */
	uint8_t samples;		/* packets seen of it, at most 255 */
	uint8_t repeats;		/* of the last 8, a bit each: of the flow of the one before */
	enum heat_state state;		/* core/hot/judge.h */
	bool split;			/* it is to be */
	bool kept;			/* the caller wants it followed */
	uint64_t since_ms;		/* CLOCK_REALTIME: it is hot */
	uint64_t cool;			/* ns: since when it is not hot; 0: it is */
};

struct heat_service {
	struct heat_key *keys;		/* by hash */
	size_t count;
	struct heat_pace pace;		/* of all its packets */
	struct heat_rate keys_seen;	/* distinct ones, in place of packets: see average */
};

/* What a service did while a window was open, and since the one before was closed. */
struct heat_window {
	const struct heat_seen *seen;	/* of this service */
	size_t seen_count;
	double distinct;
	uint64_t packets;		/* all of them, since the window before */
	uint64_t open;			/* ns that the window was open */
	uint64_t since;			/* ns since the one before was closed */
	double least;			/* a rate: what is below it is not followed */
};

int heat_update(struct heat_service *s, const struct heat_window *w);	/* -ENOMEM */
void heat_service_clear(struct heat_service *s);

/* Follows a key that no window has seen yet; NULL: no memory. */
struct heat_key *heat_follow(struct heat_service *s, uint32_t hash, const struct xring_flow *flow);

/* NULL where it is not followed. Pointers hold until the next update or follow. */
struct heat_key *heat_key(const struct heat_service *s, uint32_t hash);

double heat_rate(const struct heat_pace *pace);

/* Of the distinct keys that windows have seen, the average one's rate. */
double heat_average(const struct heat_service *s);

/* Is its rate surely (two sigma) above that? */
bool heat_is_above(const struct heat_key *key, double rate);

/* Is what it carries one flow? False, also as long as too little is known. */
bool heat_is_one_flow(const struct heat_key *key);
/* Is it known by now? */
bool heat_is_known(const struct heat_key *key);

#endif
