// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/samples.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "dp/dp.h"
#include "dp/samples.h"

#define TURN_MS 100

static void on_sample(void *context, const struct xring_sample *sample)
{
	struct samples_watch *watch = context;

	watch->ring[watch->count++ % SAMPLES_KEPT] = (struct sample){ clock_wall_ms(), *sample };
}

static void turn(void *context)
{
	struct samples_watch *watch = context;

	dp_samples_turn(watch->engine->dp, watch->source);
}

int samples_open(struct engine *e, struct samples_watch *ret)
{
	int err;

	*ret = (struct samples_watch){ .engine = e, .ring = calloc(SAMPLES_KEPT, sizeof(*ret->ring)) };
	ret->timer.source.fd = -1;
	if (!ret->ring)
		return log_err(-ENOMEM, "samples of dropped packets");
	err = dp_samples_open(e->dp, on_sample, ret, &ret->source) ?:
	      loop_timer_new(e->loop, &ret->timer, turn, ret);
	if (!err) {
		turn(ret);
		loop_timer_every(&ret->timer, TURN_MS);
	}
	return err;
}

void samples_close(struct samples_watch *watch)
{
	if (!watch->engine)
		return;
	if (watch->timer.source.fd >= 0)
		loop_timer_close(watch->engine->loop, &watch->timer);
	dp_samples_close(watch->source);
	free(watch->ring);
}
