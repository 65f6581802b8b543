/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_BACKEND_STANDING_H
#define XRING_CORE_BACKEND_STANDING_H

#include "core/model/model.h"

/*
 * How much of a backend's weight counts, given what the operator wants, the backend's
 * health, and when it came back. Times are nanoseconds of one clock; 0 stands for never.
 */
struct standing {
	uint32_t weight;		/* as configured, thousandths */
	enum backend_state state;
	bool down;			/* its health checks say that it is down */
	bool joining;			/* added to a running service, and not checked yet */
	bool waits;			/* for another backend to leave: it gets nothing until then */
	uint64_t ramp_from;		/* since when it has been back: slow start begins here */
	uint64_t drain_until;		/* until when its live flows may stay */

	uint32_t counts;		/* set by standings_weigh(), thousandths; 0: no new flows */
	bool dead;			/* set by standings_weigh(): its live flows are cut */
	bool forbidden;			/* by the service's placement (core/place/weigh.h) */
};

#define RAMP_STEPS 10

/*
 * Weighs all backends of a service. *ret_next: when the answer will change by time alone;
 * 0: never.
 *
 * Health is not believed while less than the service's `panic` share of the weight is
 * alive; nor, with all_down: keep, while nothing is alive.
 */
void standings_weigh(const struct service *s, struct standing *list, size_t count, uint64_t now,
		     uint64_t *ret_next);

#endif
