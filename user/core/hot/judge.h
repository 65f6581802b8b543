/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_JUDGE_H
#define XRING_CORE_HOT_JUDGE_H

#include "core/hot/rates.h"

struct hot;

/*
 * Decides which keys of a service are hot, and which of the hot keys are to be split.
 *
 * A key is hot if its rate is above the greatest of three thresholds: `factor` times the
 * average key's rate; `floor` times one backend's fair load (a key with less is noticed by
 * no backend); and a thousandth of the service's packets (below that the sketch cannot tell
 * keys apart). A hot key has cooled when its rate was below half of the threshold for
 * `hold` without a break.
 */
struct judge_rules {
	const struct hot *hot;
	/* How many average backends share the load: sum of the weights / greatest weight. */
	double backends;
	bool whole_flows;		/* each key is one flow, so that nothing can be split */
	uint64_t now;			/* CLOCK_MONOTONIC, ns */
	uint64_t now_ms;		/* CLOCK_REALTIME */
};

#define JUDGE_LEAST_SHARE 0.001

/* The rate, in packets a second, above which a key of the service is hot. */
double judge_threshold(const struct heat_service *s, const struct judge_rules *rules);

/* Called for each key whose state has changed; was: its state before. */
typedef void (*judge_told)(void *context, const struct heat_key *key, enum heat_state was);

void judge(struct heat_service *s, const struct judge_rules *rules, judge_told told,
	   void *context);

#endif
