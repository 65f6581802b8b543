/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_SAMPLES_H
#define XRING_DP_SAMPLES_H

#include <stdint.h>

#include <xring/counters.h>
#include <xring/samples.h>

/* The first bytes of some dropped packets. */
struct dp;
struct dp_samples;

/* The frame has its tags again: sample->tags is 0. */
typedef void (*dp_sample_fn)(void *context, const struct xring_sample *sample);

/* What waits there is of an earlier daemon, and is not given. Logs errors. */
int dp_samples_open(const struct dp *dp, dp_sample_fn fn, void *context, struct dp_samples **ret);
void dp_samples_close(struct dp_samples *samples);	/* may be NULL */

/* Gives what has come, and begins the next turn: to be called each tenth of a second. */
void dp_samples_turn(struct dp *dp, struct dp_samples *samples);

/* How many found no room, by enum xring_counter. 0, or the kernel's error. */
int dp_samples_lost(const struct dp *dp, uint64_t lost[XRING_CNT_MAX]);

#endif
