// SPDX-License-Identifier: GPL-2.0-or-later
/* From the results of probes to deaths and returns of backends. */
#include "daemon/watch/health.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xring/check.h>

#include "base/log.h"
#include "core/backend/health.h"
#include "core/model/model.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/live/backends.h"
#include "daemon/live/events.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/net/marked.h"
#include "daemon/probe/kinds.h"
#include "daemon/probe/sharers.h"
#include "dp/check.h"
#include "dp/dp.h"

/*
 * Reports that a backend is up. known: the backend was down before. Otherwise its first probe
 * has succeeded, after the backend was added or came back from maintenance. Its weight grows
 * by slow start if the service says so, and its flows come by a change.
 */
static void went_up(struct engine *e, struct live_backend *backend, const char *why, bool known)
{
	if (known || backend->owner->ramp_from)
		backend->owner->ramp_from = engine_now(e);
	log_of(LOG_LEVEL_INFO, "health", backend->service->name, "backend %s of %s is up: %s",
	       backend->name, backend->service->name, why);
	changes_ask(e->changes, backend->service->name, "health: %s is up: %s", backend->name, why);
	if (known)
		engine_gather(e, &(struct change){ .count = 1 });
	else
		engine_flush_soon(e);	/* its change has waited in `prepare` already */
}

static void went_down(struct engine *e, struct live_backend *backend, const char *why)
{
	log_of(LOG_LEVEL_WARNING, "health", backend->service->name, "backend %s of %s is down: %s",
	       backend->name, backend->service->name, why);
	changes_ask(e->changes, backend->service->name, "health: %s is down: %s", backend->name, why);
	engine_flush_soon(e);
}

static void result_in(void *context, void *owner, const struct probe_result *result)
{
	struct health_watch *w = context;
	struct live_backend *backend = owner;
	enum health_state was = backend->health.state;
	struct engine *e = w->engine;
	const struct service *s = backend->service->model;

	snprintf(backend->why, sizeof(backend->why), "%s", result->why);
	backend->took_us = result->took_us;
	if (!s || result->outcome == PROBE_NOT_CHECKED)
		return;
	if (!health_result(&backend->health, &s->check, result->outcome == PROBE_GOOD,
			   engine_now(e)))
		return;
	backend->owner->health = backend->health.state;
	backend->owner->health_since = backend->health.since_ns;
	if (backend->health.state == HEALTH_DOWN)
		went_down(e, backend, result->why);
	else if (was == HEALTH_DOWN || backend->owner->joined)
		went_up(e, backend, result->why, was == HEALTH_DOWN);
}

static void unchecked(struct live_backend *backend)
{
	if (backend->check)
		sharer_free(backend->check);
	backend->check = NULL;
}

/*
 * Resets the health of a backend that is not checked. A backend in maintenance must pass its
 * first check when it comes back; one whose service had no check need not.
 */
static void forget(struct engine *e, struct live_backend *backend)
{
	backend->health = (struct health){ .state = HEALTH_UNKNOWN };
	backend->why[0] = 0;
	backend->owner->health = HEALTH_UNKNOWN;
	backend->owner->health_since = 0;
	if (backend->state != BACKEND_MAINTENANCE)
		backend->owner->joined = 0;
	else if (!backend->owner->joined)
		backend->owner->joined = engine_now(e);
}

/* What checks through the tunnel need of the host, as soon as there is one. */
static int tunnel_open(struct health_watch *w)
{
	if (!w->tunnel)
		w->tunnel = !marked_open() && !dp_check_attach(w->engine->dp);
	return w->tunnel ? 0 : -EIO;
}

static int check_begin(struct health_watch *w, struct live_backend *backend, const struct service *s)
{
	const struct probe_way way = { XRING_CHECK_MARK | backend->id, backend->address };
	const struct probe_way whom = { .service = backend->service->name, .name = backend->name };
	const struct vip *vip = &s->vips[0];
	const struct address to = vip_host(vip);

	if (s->check.kind == CHECK_EXEC)
		return sharer_new(w->sharers, &s->check, &backend->address,
				  backend->port ?: vip->port, &whom, backend, &backend->check);
	if (!s->check.via_vip)
		return sharer_new(w->sharers, &s->check, &backend->address,
				  backend->port ?: vip->port, NULL, backend, &backend->check);
	return tunnel_open(w) ?: sharer_new(w->sharers, &s->check, &to, vip->port, &way,
					    backend, &backend->check);
}

static void backend_added(void *context, struct live_backend *backend)
{
	struct health_watch *w = context;
	struct engine *e = w->engine;
	const struct service *s = backend->service->model;

	if (!s)
		return;
	if (!s->check.kind || backend->state == BACKEND_MAINTENANCE) {
		forget(e, backend);
		unchecked(backend);
		return;
	}
	if (backend->check && check_equal(&backend->checked, &s->check))
		return;
	unchecked(backend);
	backend->checked = s->check;
	if (!w->sharers)
		return;		/* health_start() will do it */
	if (check_begin(w, backend, s))
		log_err(0, "backend %s of %s cannot be checked", backend->name, s->name);
}

static void backend_gone(void *context, struct live_backend *backend)
{
	(void)context;
	unchecked(backend);
}

void health_open(struct engine *e, struct health_watch *ret)
{
	*ret = (struct health_watch){ .engine = e };
	ret->backends = (struct backend_listener){ NULL, ret, backend_added, backend_gone };
	live_listen_backends(e->live, &ret->backends);
}

int health_start(struct health_watch *w)
{
	struct engine *e = w->engine;
	int err = sharers_open(e->loop, &probe_kinds, result_in, w, &w->sharers);

	if (err)
		return log_err(err, "health checks");
	for (uint32_t id = 1; id < e->dp->backend_count; id++) {
		struct live_backend *backend = e->live->by_id[id];

		if (backend && live_backend(backend->service, backend->name) == backend)
			backend_added(w, backend);
	}
	return 0;
}

void health_close(struct health_watch *w)
{
	if (!w->engine)
		return;
	for (uint32_t id = 1; id < w->engine->dp->backend_count; id++)
		if (w->engine->live->by_id[id])
			unchecked(w->engine->live->by_id[id]);
	if (w->tunnel) {
		dp_check_detach();
		marked_close();
	}
	w->tunnel = false;
	if (w->sharers)
		sharers_close(w->sharers);
	w->sharers = NULL;
}
