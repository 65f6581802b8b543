// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about hot keys: showing them, and setting them by hand. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/why.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "daemon/control/request.h"
#include "daemon/control/verbs.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "daemon/watch/hot.h"
#include "proto/proto.h"

int verb_hot(struct daemon *d, const json_t *request, struct answer *a)
{
	struct service *s;

	if (request_service_or_all(&d->engine->model, request, a, &s))
		return -EINVAL;
	return answer_data(a, view_hot(d, s ? s->name : NULL));
}

/* ---- one key ---- */

/*
 * The service of a request, and its key in *ret; NULL, with the answer filled, if there is
 * none.
 */
static struct live_service *request_key(struct engine *e, const json_t *request,
					struct xring_flow *ret, struct answer *a)
{
	const struct service *model = request_service(&e->model, request, a);
	const char *text = model ? request_need(request, "key", a) : NULL;
	struct live_service *s = text ? live_service(e->live, model->name) : NULL;

	if (!text)
		return NULL;
	if (key_flow_parse(text, model, ret, &a->why)) {
		a->code = EXIT_WORDS;
		return NULL;
	}
	if (!s || !s->main->has_extent) {
		answer_no(a, EXIT_NO, "service %s: it is not in the maps yet", model->name);
		return NULL;
	}
	return s;
}

int verb_hot_shards(struct daemon *d, const json_t *request, struct answer *a)
{
	struct xring_flow flow;
	struct live_service *s = request_key(d->engine, request, &flow, a);

	return s ? answer_data(a, view_shards(d->engine, s, &flow)) : -EINVAL;
}

/* ---- by hand ---- */

static int hand_set(struct daemon *d, struct hot_hand *hand, const struct live_service *s,
		    const char *key, struct answer *a)
{
	struct engine *e = d->engine;
	struct why why;

	snprintf(hand->service, sizeof(hand->service), "%s", s->name);
	hand->since_ms = clock_wall_ms();
	changes_touch_none(e->changes);
	if (hot_hand_set(&d->hot, hand, &why))
		return answer_no(a, EXIT_NO, "service %s: key %s: %s", s->name, key, why.text);
	a->data = json_pack("{s:o}", "changes", changes_ids(e->changes));
	return 0;
}

int verb_hot_split(struct daemon *d, const json_t *request, struct answer *a)
{
	const json_t *shards = json_object_get(request, "shards");
	struct hot_hand hand = { .hand = HAND_SPLIT };
	struct live_service *s = request_key(d->engine, request, &hand.flow, a);

	if (!s)
		return -EINVAL;
	if (key_is_flow(&s->key))
		return answer_no(a, EXIT_NO, "service %s: its key is the flow: there is nothing "
				 "to split", s->name);
	hand.shards = model_service(&d->engine->model, s->name)->hot.shards;
	if (shards) {
		json_int_t n = json_integer_value(shards);

		if (n < 1 || n > HOT_SHARDS_MAX)
			return answer_no(a, EXIT_WORDS, "shards %lld: want 1 to %u", (long long)n,
					 HOT_SHARDS_MAX);
		hand.shards = n;
	}
	return hand_set(d, &hand, s, request_text(request, "key"), a);
}

int verb_hot_pin(struct daemon *d, const json_t *request, struct answer *a)
{
	struct hot_hand hand = { .hand = HAND_PIN };
	struct live_service *s = request_key(d->engine, request, &hand.flow, a);
	const char *name = s ? request_need(request, "backend", a) : NULL;

	if (!name)
		return -EINVAL;
	if (!service_backend(model_service(&d->engine->model, s->name), name))
		return answer_no(a, EXIT_NO, "service %s: backend %s: no such backend", s->name,
				 name);
	snprintf(hand.backend, sizeof(hand.backend), "%s", name);
	return hand_set(d, &hand, s, request_text(request, "key"), a);
}

int verb_hot_exempt(struct daemon *d, const json_t *request, struct answer *a)
{
	struct hot_hand hand = { .hand = HAND_EXEMPT };
	struct live_service *s = request_key(d->engine, request, &hand.flow, a);

	return s ? hand_set(d, &hand, s, request_text(request, "key"), a) : -EINVAL;
}

int verb_hot_clear(struct daemon *d, const json_t *request, struct answer *a)
{
	struct xring_flow flow;
	struct live_service *s = request_key(d->engine, request, &flow, a);
	struct why why;

	if (!s)
		return -EINVAL;
	changes_touch_none(d->engine->changes);
	if (hot_clear(&d->hot, s, &flow, &why))
		return answer_no(a, EXIT_NO, "service %s: key %s: %s", s->name,
				 request_text(request, "key"), why.text);
	a->data = json_pack("{s:o}", "changes", changes_ids(d->engine->changes));
	return 0;
}
