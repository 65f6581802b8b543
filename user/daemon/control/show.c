// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that only show: their arguments are read here, and view/ answers. */
#include <errno.h>
#include <string.h>

#include "core/model/key.h"
#include "core/model/key_value.h"
#include "daemon/control/request.h"
#include "daemon/control/turns.h"
#include "daemon/control/verbs.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/live/traffic.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "proto/proto.h"

#define LOOKUPS_MAX 20000u	/* keys in one request, which delays all others */

static int counters_unread(struct answer *a)
{
	return answer_no(a, EXIT_NO, "the counters cannot be read");
}

/* Reads what is shown, once: of a service, or of all. Where that fails it is logged, and the last figures stay. */
static void look(struct live *live, const struct service *only)
{
	const struct live_service *s = only ? live_service(live, only->name) : NULL;

	if (!only)
		live_traffic_look(live);
	else if (s)
		live_traffic_look_at(live, s);
}

int verb_services(struct daemon *d, const json_t *request, struct answer *a)
{
	struct service *s;

	if (request_service_or_all(&d->engine->model, request, a, &s))
		return -EINVAL;
	look(d->engine->live, s);
	return turns_begin(a, d->engine, &view_services, s, s);
}

int verb_backends(struct daemon *d, const json_t *request, struct answer *a)
{
	struct service *s;

	if (request_service_or_all(&d->engine->model, request, a, &s))
		return -EINVAL;
	look(d->engine->live, s);
	return turns_begin(a, d->engine, &view_backends, s, false);
}

/* err: of the function that has made the list. */
static int answer_list(struct daemon *d, struct answer *a, int err, const struct view_list *list)
{
	if (err == -ENOMEM)
		return answer_memory(a);
	return err ? counters_unread(a) : turns_begin(a, d->engine, list, NULL, false);
}

int verb_stats(struct daemon *d, const json_t *request, struct answer *a)
{
	struct view_list list;
	struct service *s;

	if (request_service_or_all(&d->engine->model, request, a, &s))
		return -EINVAL;
	received_look(&d->received);
	look(d->engine->live, s);
	if (s)
		return turns_begin(a, d->engine, &view_service_stats, s, true);
	return answer_list(d, a, view_stats(d, &list), &list);
}

int verb_status(struct daemon *d, const json_t *request, struct answer *a)
{
	(void)request;
	doctor_refresh(&d->doctor);
	return answer_data(a, view_status(d));
}

int verb_doctor(struct daemon *d, const json_t *request, struct answer *a)
{
	(void)request;
	return answer_data(a, view_doctor(d));
}

int verb_top(struct daemon *d, const json_t *request, struct answer *a)
{
	struct view_list list;

	(void)request;
	look(d->engine->live, NULL);
	return answer_list(d, a, view_top(d, &list), &list);
}

int verb_ring(struct daemon *d, const json_t *request, struct answer *a)
{
	const struct service *s = request_service(&d->engine->model, request, a);

	return s ? answer_data(a, view_ring(d->engine, s)) : -EINVAL;
}

/* Looks up each key of a list of texts. One of several that is wrong has its sentence instead of an answer. */
static int lookups(const struct live *live, const struct service *model,
		   const struct live_service *s, const json_t *keys, size_t n, struct answer *a)
{
	json_t *list = json_array();
	const json_t *key;
	size_t i;

	json_array_foreach(keys, i, key) {
		const char *text = json_string_value(key);
		struct xring_flow flow;

		int err = key_flow_parse(text ?: "", model, &flow, &a->why);

		if (err && (!text || json_array_size(keys) == 1)) {
			json_decref(list);
			a->code = EXIT_WORDS;
			return -EINVAL;
		}
		json_array_append_new(list, err ? json_pack("{ss, ss}", "key", text, "error",
							    a->why.text) :
						  view_lookup(live, s, text, &flow, n));
	}
	return answer_data(a, list);
}

int verb_lookup(struct daemon *d, const json_t *request, struct answer *a)
{
	const struct live *live = d->engine->live;
	const struct service *model = request_service(&d->engine->model, request, a);
	const struct live_service *s = model ? live_service(live, model->name) : NULL;
	const json_t *keys = json_object_get(request, "keys");
	json_int_t n = json_integer_value(json_object_get(request, "n")) ?: 1;

	if (!model)
		return -EINVAL;
	if (n < 1 || n > 1000)
		return answer_no(a, EXIT_WORDS, "n %lld: want 1 to 1000", (long long)n);
	if (json_array_size(keys) * n > LOOKUPS_MAX)
		return answer_no(a, EXIT_WORDS, "%zu keys: want at most %lld of %lld backends each",
				 json_array_size(keys), LOOKUPS_MAX / n, n);
	if (!s || !s->main->has_extent)
		return answer_no(a, EXIT_NO, "service %s: it is not in the maps yet", model->name);
	return lookups(live, model, s, keys, n, a);
}

int verb_flows(struct daemon *d, const json_t *request, struct answer *a)
{
	const char *client = request_text(request, "client");
	json_int_t limit = json_integer_value(json_object_get(request, "limit"));
	struct flows_query q = {
		.service = request_text(request, "service"),
		.backend = request_text(request, "backend"),
		.limit = limit > 0 ? limit : 0,
	};

	if (q.service && !request_service(&d->engine->model, request, a))
		return -EINVAL;
	if (client && flows_client_parse(client, &q))
		return answer_no(a, EXIT_WORDS, "client %s: want an address or a prefix", client);
	a->data = view_flows(d, &q, json_object_get(request, "cursor"));
	return a->data ? 0 : answer_no(a, EXIT_NO, "the tables of flows cannot be read");
}

int verb_events(struct daemon *d, const json_t *request, struct answer *a)
{
	json_int_t after = json_integer_value(json_object_get(request, "after"));
	json_int_t last = json_integer_value(json_object_get(request, "last"));
	const struct events_query q = {
		.after = after > 0 ? after : 0,
		.last = last > 0 ? (last < EVENTS_KEPT ? last : EVENTS_KEPT) : 0,
		.service = request_text(request, "service"),
		.kind = request_text(request, "kind"),
	};

	return answer_data(a, view_events(&d->events, &q));
}

int verb_drops(struct daemon *d, const json_t *request, struct answer *a)
{
	json_int_t after = json_integer_value(json_object_get(request, "after"));
	json_int_t samples = json_integer_value(json_object_get(request, "samples"));
	const struct drops_query q = {
		.service = request_text(request, "service"),
		.reason = request_text(request, "reason"),
		.after = after > 0 ? after : 0,
		.samples = samples > 0 ? samples : 0,
	};

	if (q.reason && !view_is_counter(q.reason))
		return answer_no(a, EXIT_NO, "%.40s: no such counter (`xring stats` has them)", q.reason);
	if (q.service && !request_service(&d->engine->model, request, a))
		return -EINVAL;
	return answer_data(a, view_drops(d, &q));
}
