// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that only show: their arguments are read here, and view/ answers. */
#include <errno.h>
#include <string.h>

#include "core/model/key.h"
#include "core/model/key_value.h"
#include "daemon/control/request.h"
#include "daemon/control/verbs.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "proto/proto.h"

#define LOOKUPS_MAX 20000u	/* keys in one request, which delays all others */

static int counters_unread(struct answer *a)
{
	return answer_no(a, EXIT_NO, "the counters cannot be read");
}

int verb_services(struct daemon *d, const json_t *request, struct answer *a)
{
	struct service *s;

	if (request_service_or_all(&d->engine->model, request, a, &s))
		return -EINVAL;
	return answer_data(a, s ? view_service(d->engine, s) : view_services(d->engine));
}

int verb_backends(struct daemon *d, const json_t *request, struct answer *a)
{
	struct service *s;

	if (request_service_or_all(&d->engine->model, request, a, &s))
		return -EINVAL;
	return answer_data(a, view_backends(d->engine, s));
}

int verb_stats(struct daemon *d, const json_t *request, struct answer *a)
{
	struct service *s;

	if (request_service_or_all(&d->engine->model, request, a, &s))
		return -EINVAL;
	a->data = s ? view_service_stats(d->engine, s) : view_stats(d);
	return a->data ? 0 : counters_unread(a);
}

int verb_status(struct daemon *d, const json_t *request, struct answer *a)
{
	(void)request;
	return answer_data(a, view_status(d));
}

int verb_top(struct daemon *d, const json_t *request, struct answer *a)
{
	(void)request;
	a->data = view_top(d);
	return a->data ? 0 : counters_unread(a);
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
