// SPDX-License-Identifier: GPL-2.0-or-later
/* From the lines of agents to weights, drains and deaths of backends. */
#include "daemon/watch/agents.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/model/model.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/probe/kinds.h"
#include "daemon/probe/sharers.h"
#include "dp/dp.h"

#define BETWEEN_MS 1000u		/* from one change of a backend to its next */

/* ---- what counts ---- */

/* Lets the agent's last word count. */
static void take(struct backend_agent *a, const struct agent_word *was)
{
	const struct live_backend *backend = a->backend;
	struct engine *e = a->all->engine;
	const char *service = backend->service->name;
	char text[AGENT_TEXT];

	if (was->down && !a->said.down)
		backend->owner->ramp_from = engine_now(e);
	backend_agent_set(backend, &a->said);
	a->changed_ns = clock_ns();
	agent_print(&a->said, text);
	if (was->state != a->said.state || was->down != a->said.down)
		log_of(LOG_LEVEL_INFO, "agent", service, "backend %s of %s: its agent says %s",
		       backend->name, service, text);
	changes_ask(e->changes, service, "agent: %s: %s", backend->name, text);
	if (a->said.down && !was->down)
		engine_flush_soon(e);
	else
		engine_gather(e, &(struct change){ .count = 1 });
}

/* Lets the last word count now, or as soon as it may; what is down is cut at once. */
static void weigh(struct backend_agent *a)
{
	struct agent_word was = backend_agent(a->backend);
	uint64_t next = a->changed_ns + BETWEEN_MS * NS_PER_MS, now = clock_ns();

	if (!agent_changes(&was, &a->said))
		return;
	if (!a->changed_ns || now >= next || (a->said.down && !was.down))
		take(a, &was);
	else if (!a->all->timer.set)
		loop_timer_set(&a->all->timer, (next - now) / NS_PER_MS + 1);
}

static void waited(void *context)
{
	struct agent_watch *w = context;

	for (uint32_t id = 1; id < w->engine->dp->backend_count; id++)
		if (w->engine->live->by_id[id] && w->engine->live->by_id[id]->agent)
			weigh(w->engine->live->by_id[id]->agent);
}

/* ---- what is said ---- */

static void reachable(struct backend_agent *a)
{
	if (*a->why)
		log_of(LOG_LEVEL_INFO, "agent", a->backend->service->name,
		       "agent of backend %s of %s: it is understood again", a->backend->name,
		       a->backend->service->name);
	a->why[0] = '\0';
	a->unread = false;
}

/* Keeps why its last word stays, and logs the first reason in a row, or the first line in a row. */
static void unreachable(struct backend_agent *a, bool unread, const char *why)
{
	char text[AGENT_WRONG];
	bool is_new = !*a->why || a->unread != unread;

	snprintf(a->why, sizeof(a->why), "%s", why);
	a->unread = unread;
	if (is_new)
		log_of(LOG_LEVEL_WARNING, "agent", a->backend->service->name, "%s",
		       agent_wrong(a->backend, text));
}

static void line_in(struct backend_agent *a, const char *line)
{
	char why[sizeof(a->why)];

	snprintf(a->line, sizeof(a->line), "%s", line);
	if (!agent_parse(line, &a->said)) {
		reachable(a);
		weigh(a);
		return;
	}
	a->unread_count++;
	snprintf(why, sizeof(why), "'%.60s' has no meaning", line);
	unreachable(a, true, why);
}

static void result_in(void *context, void *owner, const struct probe_result *result)
{
	struct backend_agent *a = owner;

	(void)context;
	if (result->outcome == PROBE_GOOD)
		line_in(a, result->why);
	else
		unreachable(a, false, result->why);
}

const char *agent_wrong(const struct live_backend *backend, char buf[AGENT_WRONG])
{
	const struct backend_agent *a = backend->agent;
	char stays[AGENT_TEXT];

	buf[0] = '\0';
	if (a && *a->why)
		snprintf(buf, AGENT_WRONG, "agent of backend %s of %s: %s: %s stays", backend->name,
			 backend->service->name, a->why, agent_print(&a->said, stays));
	return buf;
}

/* ---- which agents there are ---- */

static void forget(struct live_backend *backend)
{
	if (backend->agent && backend->agent->sharer)
		sharer_free(backend->agent->sharer);
	free(backend->agent);
	backend->agent = NULL;
}

static int begin(struct agent_watch *w, struct live_backend *backend, const struct check *how)
{
	struct backend_agent *a = backend->agent = calloc(1, sizeof(*a));

	if (!a)
		return log_err(-ENOMEM, "agent of backend %s", backend->name);
	*a = (struct backend_agent){ .all = w, .backend = backend, .how = *how,
				     .said = backend_agent(backend) };
	return sharer_new(w->sharers, how, &backend->address, how->port, NULL, a, &a->sharer);
}

static void backend_added(void *context, struct live_backend *backend)
{
	struct agent_watch *w = context;
	const struct service *s = backend->service->model;

	if (!s || !w->sharers)
		return;		/* agents_start() will do it */
	if (backend->agent && check_equal(&backend->agent->how, &s->agent))
		return;
	forget(backend);
	if (s->agent.kind && begin(w, backend, &s->agent))
		log_err(0, "the agent of backend %s of %s cannot be asked", backend->name, s->name);
}

static void backend_gone(void *context, struct live_backend *backend)
{
	(void)context;
	forget(backend);
}

int agents_open(struct engine *e, struct agent_watch *ret)
{
	int err = loop_timer_new(e->loop, &ret->timer, waited, ret);

	if (err)
		return err;
	ret->engine = e;
	ret->backends = (struct backend_listener){ NULL, ret, backend_added, backend_gone };
	live_listen_backends(e->live, &ret->backends);
	return 0;
}

int agents_start(struct agent_watch *w)
{
	struct engine *e = w->engine;
	int err = sharers_open(e->loop, &agent_kinds, result_in, w, &w->sharers);

	if (err)
		return log_err(err, "agents");
	for (uint32_t id = 1; id < e->dp->backend_count; id++) {
		struct live_backend *backend = e->live->by_id[id];

		if (backend && live_backend(backend->service, backend->name) == backend)
			backend_added(w, backend);
	}
	return 0;
}

void agents_close(struct agent_watch *w)
{
	if (!w->engine)
		return;
	for (uint32_t id = 1; id < w->engine->dp->backend_count; id++)
		if (w->engine->live->by_id[id])
			forget(w->engine->live->by_id[id]);
	if (w->sharers)
		sharers_close(w->sharers);
	w->sharers = NULL;
	loop_timer_close(w->engine->loop, &w->timer);
}
