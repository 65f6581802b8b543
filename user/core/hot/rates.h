/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_RATES_H
#define XRING_CORE_HOT_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

/*
 * From the datapath's sketches (struct xring_heat) to the rates of keys, window by window.
 * A window is the time in which the sketches count; then they are read, cleared, and opened
 * again with other places. Rates are packets of established flows a second. Times are ns.
 */

/* What one window has counted of one key, over all CPUs. */
struct heat_seen {
	uint32_t number;		/* number of the key's service */
	uint32_t hash;
	uint32_t count;
	uint32_t sampled, proven;	/* packets kept of it; of them proven to be of a flow */
	struct xring_flow flow;		/* the 5-tuple of one of the key's packets */
};

struct heat_tally {
	struct heat_seen *seen;		/* sorted by number and hash */
	size_t seen_count;
	/* Taken places of the sketch by service number (XRING_HEAT_NUMBER + 1 elements). */
	uint32_t *places;
	uint32_t taken;			/* taken places of all services together */
};

/* Reads what a closed window has counted in the sketches of `count` CPUs; -ENOMEM. */
int heat_tally(struct xring_heat *const *cpus, unsigned count, struct heat_tally *ret);
void heat_tally_clear(struct heat_tally *tally);

/*
 * How many distinct keys of a service a window has seen, estimated by the places that are
 * taken (linear counting, Whang et al., ACM TODS 1990). The estimate cannot exceed some
 * eight times the number of places, however many keys there are.
 */
double heat_distinct(const struct heat_tally *tally, uint32_t number);

/* Packets within a time, both fading with age: packets / seconds is a rate. */
struct heat_rate {
	double packets, seconds;
};

/*
 * The same packets at two paces: the slow one is the rate that is shown, the fast one tells
 * when the rate has changed.
 */
struct heat_pace {
	struct heat_rate fast, slow;
};

enum heat_state {
	HEAT_NONE,			/* a key like others */
	HEAT_HOT,
	HEAT_SPLIT,			/* hot; must be split over many backends */
	HEAT_COOLING,			/* was hot, is below half the threshold; split as before */
	HEAT_ELEPHANT,			/* hot, but nearly all of it is one flow: cannot be split */
};

struct heat_key {
	uint32_t hash;
	struct xring_flow flow;		/* the 5-tuple of the last packet seen of the key */
	struct heat_pace pace;
	bool missed;			/* the last window counted far less than the key's rate */
	double sampled, proven;		/* of struct heat_seen, both fading with age */
	uint8_t samples;		/* packets seen of the key, at most 255 */
	uint8_t repeats;		/* a bit for each of the last 8 seen: same flow as before */
	enum heat_state state;		/* set by core/hot/judge.h */
	bool split;			/* set by core/hot/judge.h: the key must be split */
	bool kept;			/* the caller wants the key followed, whatever its rate */
	uint64_t since_ms;		/* CLOCK_REALTIME: since when the key is hot */
	uint64_t cool;			/* since when it is below half the threshold; 0: is not */
};

struct heat_service {
	struct heat_key *keys;		/* sorted by hash */
	size_t count;
	struct heat_pace pace;		/* of all packets of the service */
	/* Distinct keys instead of packets: an average over windows, for heat_average(). */
	struct heat_rate keys_seen;
};

/* What a service did in a window, and since the window before was closed. */
struct heat_window {
	const struct heat_seen *seen;	/* the part of the tally that is of this service */
	size_t seen_count;
	double distinct;		/* from heat_distinct() */
	uint64_t packets;		/* all packets of the service since the window before */
	uint64_t open;			/* how long the window was open */
	uint64_t since;			/* time since the window before was closed */
	double least;			/* a rate: keys below it are not followed */
};

int heat_update(struct heat_service *s, const struct heat_window *w);	/* -ENOMEM */
void heat_service_clear(struct heat_service *s);

/* Follows a key that no window may have seen yet; NULL: no memory. */
struct heat_key *heat_follow(struct heat_service *s, uint32_t hash, const struct xring_flow *flow);

/*
 * NULL: the key is not followed. Pointers are valid until the next heat_update() or
 * heat_follow().
 */
struct heat_key *heat_key(const struct heat_service *s, uint32_t hash);

double heat_rate(const struct heat_pace *pace);

/* The average rate of the distinct keys that the windows have seen. */
double heat_average(const struct heat_service *s);

/* Is the key's rate surely (by two sigma) above that rate? */
bool heat_is_above(const struct heat_key *key, double rate);

/* Is nearly all traffic of the key one flow? False as long as too little is known. */
bool heat_is_one_flow(const struct heat_key *key);
/* Which part of the key's sampled packets was proven to be of a flow; UDP counts as proven. */
double heat_proven(const struct heat_key *key);
/*
 * Was enough of the key's TCP traffic proven to be of flows? Packets that a stranger sends in a
 * client's name are not.
 */
bool heat_is_proven(const struct heat_key *key);
/* Have enough packets of the key been seen to tell? */
bool heat_is_known(const struct heat_key *key);

#endif
