// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/samples.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>


#include "base/log.h"
#include "base/util.h"
#include "dp/dp.h"

struct dp_samples {
	struct ring_buffer *ring;
	dp_sample_fn fn;
	void *context;
	bool begun;			/* what comes is of this daemon's turns */
};

#define MACS 12				/* bytes in front of a frame's tags */

/* The frame as it came. */
static void tags_insert(struct xring_sample *s)
{
	size_t more = s->tags * sizeof(s->tag[0]), room = sizeof(s->bytes) - MACS;

	if (s->tags > 2 || s->bytes_len < MACS || s->bytes_len > sizeof(s->bytes))
		return;
	memmove(s->bytes + MACS + more, s->bytes + MACS, room - more);
	memcpy(s->bytes + MACS, s->tag, more);
	s->len += more;
	s->bytes_len = s->bytes_len + more < sizeof(s->bytes) ? s->bytes_len + more : sizeof(s->bytes);
	s->tags = 0;
}

static int on_sample(void *context, void *data, size_t size)
{
	const struct dp_samples *samples = context;
	struct xring_sample sample;

	if (!samples->begun || size < sizeof(sample))
		return 0;
	memcpy(&sample, data, sizeof(sample));
	tags_insert(&sample);
	samples->fn(samples->context, &sample);
	return 0;
}

int dp_samples_open(const struct dp *dp, dp_sample_fn fn, void *context, struct dp_samples **ret)
{
	struct dp_samples *samples = calloc(1, sizeof(*samples));

	if (!samples)
		return log_err(-ENOMEM, "samples of dropped packets");
	*samples = (struct dp_samples){ .fn = fn, .context = context };
	samples->ring = ring_buffer__new(dp->samples_fd, on_sample, samples, NULL);
	if (!samples->ring) {
		free(samples);
		return log_err(-errno, "samples of dropped packets");
	}
	ring_buffer__consume(samples->ring);
	samples->begun = true;
	*ret = samples;
	return 0;
}

void dp_samples_close(struct dp_samples *samples)
{
	if (!samples)
		return;
	ring_buffer__free(samples->ring);
	free(samples);
}

/* 0 is no turn's number. */
void dp_samples_turn(struct dp *dp, struct dp_samples *samples)
{
	uint32_t next = *dp->turn + 1;

	ring_buffer__consume(samples->ring);
	__atomic_store_n(dp->turn, next ?: 1, __ATOMIC_RELAXED);
}

int dp_samples_lost(const struct dp *dp, uint64_t lost[XRING_CNT_MAX])
{
	_free_ struct xring_tokens *tokens = calloc(dp->cpus, sizeof(*tokens));

	if (!tokens)
		return -ENOMEM;
	for (uint32_t reason = 0; reason < XRING_CNT_MAX; reason++) {
		lost[reason] = 0;
		if (bpf_map_lookup_elem(dp->tokens_fd, &reason, tokens))
			return -errno;
		for (int cpu = 0; cpu < dp->cpus; cpu++)
			lost[reason] += tokens[cpu].lost;
	}
	return 0;
}
