/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_BACKEND_STANDING_H
#define XRING_CORE_BACKEND_STANDING_H

#include "core/model/model.h"

/*
 * How much of a backend's weight counts, by what the operator wants, by its
 * health, and by when it came back. Times are ns of one clock, 0 is never.
 */
struct standing {
	uint32_t weight;		/* as configured, thousandths */
	enum backend_state state;
	bool down;			/* its checks say so */
	bool joining;			/* added to a service that runs, not checked yet */
	uint64_t ramp_from;		/* it came back then */
	uint64_t drain_until;		/* its flows may stay until then */

	uint32_t counts;		/* the answer, thousandths: 0 is no new flow */
	bool dead;			/* the answer: what flows it has are cut */
	bool forbidden;			/* by the service's placement (core/place/weigh.h) */
};

#define RAMP_STEPS 10

/*
 * Weighs all backends of a service. *ret_next, where it is not 0, is when the
 * answer will be another one by time alone.
 *
 * Health is not believed while less than the service's `panic` share of the
 * weight is alive, nor, with all_down: keep, while nothing is.
 */
void standings_weigh(const struct service *s, struct standing *list, size_t count, uint64_t now,
		     uint64_t *ret_next);

#endif
