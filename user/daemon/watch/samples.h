/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_SAMPLES_H
#define XRING_DAEMON_WATCH_SAMPLES_H

#include <stdint.h>

#include <xring/samples.h>

#include "base/loop.h"
#include "daemon/engine/engine.h"

/*
 * The flight recorder: the last samples of dropped packets, with the time when they were taken from the
 * datapath, which is at most a tenth of a second after they were dropped.
 */
#define SAMPLES_KEPT 1024u

struct dp_samples;

struct sample {
	uint64_t at_ms;			/* CLOCK_REALTIME */
	struct xring_sample is;
};

struct samples_watch {
	struct engine *engine;
	struct loop_timer timer;
	struct dp_samples *source;
	struct sample *ring;		/* SAMPLES_KEPT; number n is at n % SAMPLES_KEPT */
	uint64_t count;			/* that have come; the next one's number */
};

int samples_open(struct engine *e, struct samples_watch *ret);
void samples_close(struct samples_watch *watch);

/* The sample of a number; NULL: it is not kept any more, or has not come. */
static inline const struct sample *samples_at(const struct samples_watch *watch, uint64_t number)
{
	return number < watch->count && number + SAMPLES_KEPT >= watch->count ?
		       &watch->ring[number % SAMPLES_KEPT] : NULL;
}

#endif
