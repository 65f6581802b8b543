// SPDX-License-Identifier: GPL-2.0-or-later
/* A change of the model: checked, kept, described, then left to a flush. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/why.h"
#include "core/model/key_value.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/describe.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/engine/parts.h"
#include "daemon/engine/state.h"
#include "daemon/engine/zones.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/live/ways_back.h"
#include "dp/dp.h"

/* Another hash key moves every flow: none can be kept. */
static void hash_key_write(struct engine *e, const struct model *m)
{
	hash_expand(m->hash_key, (uint64_t *)e->dp->config->hash_key);
	live_close_cells(e->live);
}

/* Describes the change for each service, which gives the ids, and keeps how each can be undone. */
static void changes_name(struct engine *e, const struct model *next)
{
	changes_touch_none(e->changes);
	for (size_t i = 0; i < next->service_count; i++) {
		const struct service *now = &next->services[i];
		const struct service *was = model_service(&e->model, now->name);

		if (was)
			undo_keep(changes_describe(e->changes, was, now), was, now);
	}
}

/* For the list of changes: a backend that comes where another one leaves. */
static void say_waits(void *context, const struct service *s, const struct backend *b,
		      const struct way_back *way)
{
	const struct engine *e = context;

	if (model_service(&e->model, s->name))	/* a new service is no change */
		changes_ask(e->changes, s->name, "%s waits until the flows of %s of %s are gone", b->name,
			    way->of->name, way->of->service->name);
}

static void waits_name(struct engine *e, const struct model *next)
{
	struct ways_back ways;

	if (ways_back_new(e->live, next, engine_now(e), false, &ways))
		return;
	live_replies_wait(&ways, &e->model, next, say_waits, e);
	ways_back_clear(&ways);
}

/*
 * With --cut, a backend that the change names is cut even if it drains already; and so is one that
 * leaves, if a backend of the change waits for its address.
 */
static void cut_named(const struct engine *e, const struct model *next,
		      const struct change *change)
{
	const struct live_service *s = change->service ? live_service(e->live, change->service) :
							 NULL;
	struct live_backend *backend =
		s && change->backend ? live_backend(s, change->backend) : NULL;

	if (backend)
		backend->cut_asked = true;
	if (live_replies_cut(e->live, next, change->service, engine_now(e)))
		log_warn("out of memory: backends that are in the way leave without being cut");
}

/* Keeps a model in the state directory; or the one that runs stays there, or is put there again. */
static int keep(struct engine *e, const struct model *m, struct why *why)
{
	int err = state_write_running(e->state, m, why);

	if (err)
		state_keep_running(e->state, &e->model);
	return err;
}

int engine_keeps(struct engine *e, struct why *why)
{
	return keep(e, &e->model, why);
}

int engine_change(struct engine *e, struct model *next, const struct change *change,
		  struct why *why)
{
	int err = engine_check(e, next, change, why);

	if (err)
		return err;
	err = keep(e, next, why);
	if (err)
		return err;
	if (change->cut && e->stats.pending)
		engine_flush(e, false);	/* changes gathered before cut nothing */
	if (change->cut)
		cut_named(e, next, change);
	changes_name(e, next);
	if (!change->cut)
		waits_name(e, next);
	if (memcmp(next->hash_key, e->model.hash_key, HASH_KEY_BYTES))
		hash_key_write(e, next);
	model_clear(&e->model);
	e->model = *next;
	*next = (struct model){};
	live_models_set(e->live, &e->model);
	engine_zones(e);
	engine_tell_changed(e);
	engine_gather(e, change);
	changes_write(e->changes);
	return 0;
}
