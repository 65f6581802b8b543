/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_JUDGE_H
#define XRING_CORE_HOT_JUDGE_H

#include "core/hot/rates.h"

struct hot;

/*
 * Which keys of a service are hot, and which of them are to be split.
 *
 * A key is hot above the greatest of three rates: `factor` times the average key's,
 * `floor` times one backend's fair load (where that is less, no backend notices it), and
 * a thousandth of the service's packets (below it the sketch cannot tell keys apart). It
 * has cooled when it was below half of that for `hold`, without a break.
 */
struct judge_rules {
	const struct hot *hot;
	double backends;		/* average ones that share the load: sum of weights / greatest */
	bool whole_flows;		/* the key is a flow: there is nothing to split */
	uint64_t now;			/* ns */
	uint64_t now_ms;		/* CLOCK_REALTIME */
};

#define JUDGE_LEAST_SHARE 0.001

/* Packets a second. */
double judge_threshold(const struct heat_service *s, const struct judge_rules *rules);

/* Told of each key whose state has changed. */
typedef void (*judge_told)(void *context, const struct heat_key *key, enum heat_state was);

void judge(struct heat_service *s, const struct judge_rules *rules, judge_told told,
	   void *context);

#endif
