// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about the regions that get a service's traffic. */
#include <errno.h>

#include "daemon/control/request.h"
#include "daemon/control/verbs.h"
#include "daemon/engine/engine.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "proto/proto.h"

#define HOURS_MAX (24 * 31)
#define WANT_CLIENT "client %s: want an address, or a key of the service that begins with one"

/* The hour that the request asks for, CLOCK_REALTIME in ms; now by default. */
static int64_t request_wall(const struct engine *e, const json_t *request)
{
	const json_t *at = json_object_get(request, "at");

	return json_is_number(at) ? (int64_t)(json_number_value(at) * 1000) :
				    live_wall_ms(e->live);
}

/*
 * The route of the client that a request names; without a client, of the clients that no rule
 * names.
 */
static int request_route(const struct engine *e, const struct service *s, const json_t *request,
			 struct answer *a, struct route *ret)
{
	const char *text = request_text(request, "client");
	struct address client;

	if (text && rule_client_parse(text, &client))
		return answer_no(a, EXIT_WORDS, WANT_CLIENT, text);
	client_route(e, s, text ? &client : NULL, ret);
	return 0;
}

int verb_placement(struct daemon *d, const json_t *request, struct answer *a)
{
	const struct engine *e = d->engine;
	const struct service *s = request_service(&e->model, request, a);
	struct route route;

	if (!s || request_route(e, s, request, a, &route))
		return -EINVAL;
	return answer_data(a, view_placement(e, s, &route, request_wall(e, request)));
}

/* The shares at each hour, with the backends as they are now. */
int verb_forecast(struct daemon *d, const json_t *request, struct answer *a)
{
	const struct engine *e = d->engine;
	const struct service *s = request_service(&e->model, request, a);
	json_int_t hours = json_integer_value(json_object_get(request, "hours")) ?: 24;
	struct route route;

	if (!s || request_route(e, s, request, a, &route))
		return -EINVAL;
	if (hours < 1 || hours > HOURS_MAX)
		return answer_no(a, EXIT_WORDS, "hours %lld: want 1 to %d", (long long)hours,
				 HOURS_MAX);
	return answer_data(a, view_forecast(e, s, &route, request_wall(e, request), hours));
}

int verb_explain(struct daemon *d, const json_t *request, struct answer *a)
{
	const struct engine *e = d->engine;
	const struct service *s = request_service(&e->model, request, a);
	const struct live_service *ls = s ? live_service(e->live, s->name) : NULL;
	const char *key = s ? request_need(request, "client", a) : NULL;
	struct address client;

	if (!key)
		return -EINVAL;
	if (rule_client_parse(key, &client))
		return answer_no(a, EXIT_WORDS, WANT_CLIENT, key);
	if (!ls || !ls->main->has_extent)
		return answer_no(a, EXIT_NO, "service %s: it is not in the maps yet", s->name);
	return answer_data(a, view_explain(e, s, ls, &client, key));
}

int verb_audit(struct daemon *d, const json_t *request, struct answer *a)
{
	(void)request;
	return answer_data(a, view_audit(d->engine));
}

int verb_homes(struct daemon *d, const json_t *request, struct answer *a)
{
	struct service *s;

	if (request_service_or_all(&d->engine->model, request, a, &s))
		return -EINVAL;
	return answer_data(a, view_homes(d->engine, s ? s->name : NULL));
}
