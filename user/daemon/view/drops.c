// SPDX-License-Identifier: GPL-2.0-or-later
/* Dropped packets by service, backend and reason, and the samples of them. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/view/frame.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "dp/dp.h"
#include "dp/drops.h"
#include "dp/read.h"
#include "dp/samples.h"

/* Whose the packets were; *ret_backend: NULL, if that is not known. NULL: what is gone, or nobody's. */
static const struct live_service *whose(const struct engine *e, uint32_t of,
					const struct live_backend **ret_backend)
{
	uint32_t id = of & ~XRING_DROPS_BACKEND;

	*ret_backend = NULL;
	if (of == XRING_DROPS_NOBODY)
		return NULL;
	if (!(of & XRING_DROPS_BACKEND))
		return live_service_of_number(e->live, of);
	*ret_backend = id < e->dp->backend_count ? e->live->by_id[id] : NULL;
	return *ret_backend ? (*ret_backend)->service : NULL;
}

json_t *drops_json(const struct engine *e, const struct service *only)
{
	const struct live_service *one = only ? live_service(e->live, only->name) : NULL;
	_free_ struct dp_drop *list = NULL;
	json_t *json = json_array();
	size_t count = 0;

	dp_drops_read(e->dp, &list, &count);
	for (size_t i = 0; i < count; i++) {
		const struct live_backend *backend;
		const struct live_service *s = whose(e, list[i].whose, &backend);

		if (s && (!only || s == one) && list[i].reason < XRING_CNT_MAX)
			json_array_append_new(json, json_pack("{s:s, s:s?, s:s, s:I, s:s}", "service", s->name,
				"backend", backend ? backend->name : NULL, "reason",
				counter_name(list[i].reason), "packets", (json_int_t)list[i].packets, "help",
				counter_help(list[i].reason)));
	}
	return json;
}

/* ---- with samples ---- */

#define ROWS_SHOWN 500			/* in one answer, so that others do not wait */
#define SAMPLES_SHOWN 100

static bool is_asked(const struct drops_query *q, const struct live_service *s, uint32_t reason)
{
	return reason < XRING_CNT_MAX && (!q->service || (s && !strcmp(s->name, q->service))) &&
	       (!q->reason || !strcmp(counter_name(reason), q->reason));
}

static json_t *hex_json(const uint8_t *bytes, size_t len)
{
	char text[2 * XRING_SAMPLE_BYTES + 1] = "";

	for (size_t i = 0; i < len && i < XRING_SAMPLE_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return json_string(text);
}

static json_t *sample_json(const struct engine *e, const struct sample *sample)
{
	const struct xring_sample *is = &sample->is;
	struct frame_words words;
	char device[32];

	frame_print(is->bytes, is->bytes_len, &words);
	return json_pack("{s:f, s:s, s:i, s:i, s:s, s:s, s:s}", "time", sample->at_ms / 1000.0,
			 "interface", device_name(e, is->ifindex, device), "queue", is->queue,
			 "bytes", is->len, "from", words.from, "to", words.to, "protocol",
			 words.protocol);
}

/* The last sample of the packets that were counted so; null: none is kept. */
static json_t *last_json(const struct daemon *d, uint32_t of, uint32_t reason)
{
	uint64_t n = d->samples.count;
	const struct sample *sample;

	while (n && (sample = samples_at(&d->samples, --n)))
		if (sample->is.whose == of && sample->is.reason == reason)
			return sample_json(d->engine, sample);
	return json_null();
}

/* Counts in *more what has no room. */
static void row_append(const struct daemon *d, const struct dp_drop *drop,
		       const struct drops_query *q, json_t *rows, uint32_t *more)
{
	const struct live_backend *backend;
	const struct live_service *s = whose(d->engine, drop->whose, &backend);

	if (!drop->packets || (!s && drop->whose != XRING_DROPS_NOBODY) || !is_asked(q, s, drop->reason))
		return;
	if (json_array_size(rows) == ROWS_SHOWN) {
		(*more)++;
		return;
	}
	json_array_append_new(rows, json_pack("{s:s?, s:s?, s:s, s:I, s:s, s:o}", "service",
		s ? s->name : NULL, "backend", backend ? backend->name : NULL, "reason",
		counter_name(drop->reason), "packets", (json_int_t)drop->packets, "help",
		counter_help(drop->reason), "last", last_json(d, drop->whose, drop->reason)));
}

/* What of a reason's sum is no service's, behind those that are. */
static json_t *rows_json(const struct daemon *d, const struct drops_query *q, uint32_t *more)
{
	uint64_t sums[XRING_CNT_MAX];
	_free_ struct dp_drop *list = NULL;
	json_t *rows = json_array();
	size_t count = 0;

	if (dp_counters_read(d->engine->dp, sums))
		memset(sums, 0, sizeof(sums));
	dp_drops_read(d->engine->dp, &list, &count);
	for (size_t i = 0; i < count; i++) {
		row_append(d, &list[i], q, rows, more);
		if (list[i].reason < XRING_CNT_MAX)
			sums[list[i].reason] -= list[i].packets < sums[list[i].reason] ?
							list[i].packets : sums[list[i].reason];
	}
	for (uint32_t reason = 0; reason < XRING_CNT_MAX; reason++)
		if (!strncmp(counter_name(reason), "drop", 4))
			row_append(d, &(struct dp_drop){ XRING_DROPS_NOBODY, reason, sums[reason] }, q,
				   rows, more);
	return rows;
}

/* *ret: from where on the next answer has the others. */
static json_t *samples_json(const struct daemon *d, const struct drops_query *q, uint64_t *ret)
{
	const struct samples_watch *w = &d->samples;
	uint64_t n = w->count > SAMPLES_KEPT ? w->count - SAMPLES_KEPT : 0;
	json_t *list = json_array();

	if (q->samples < w->count - n)
		n = w->count - q->samples;
	if (n < q->after && q->after <= w->count)	/* else it is a number of an earlier daemon */
		n = q->after;
	for (; n < w->count && json_array_size(list) < SAMPLES_SHOWN; n++) {
		const struct sample *sample = samples_at(w, n);
		const struct live_backend *backend;
		const struct live_service *s = whose(d->engine, sample->is.whose, &backend);
		json_t *json;

		if (!is_asked(q, s, sample->is.reason))
			continue;
		json = sample_json(d->engine, sample);
		json_object_set_new(json, "number", json_integer((json_int_t)n));
		json_object_set_new(json, "service", s ? json_string(s->name) : json_null());
		json_object_set_new(json, "backend", backend ? json_string(backend->name) : json_null());
		json_object_set_new(json, "reason", json_string(counter_name(sample->is.reason)));
		json_object_set_new(json, "frame", hex_json(sample->is.bytes, sample->is.bytes_len));
		json_array_append_new(list, json);
	}
	*ret = n;
	return list;
}

json_t *view_drops(const struct daemon *d, const struct drops_query *q)
{
	uint64_t lost[XRING_CNT_MAX], sum = 0, after;
	json_t *rows, *samples;
	uint32_t more = 0;

	if (dp_samples_lost(d->engine->dp, lost))
		memset(lost, 0, sizeof(lost));
	for (size_t i = 0; i < XRING_CNT_MAX; i++)
		sum += lost[i];
	rows = q->after ? json_array() : rows_json(d, q, &more);
	samples = samples_json(d, q, &after);
	return json_pack("{s:o, s:i, s:o, s:I, s:b, s:I, s:o*}", "drops", rows, "more", more, "samples",
			 samples, "after", (json_int_t)after, "samples_more",
			 after < d->samples.count, "lost", (json_int_t)sum, "sent",
			 q->after || q->service || q->reason ? NULL : lost_json(d->engine));
}
