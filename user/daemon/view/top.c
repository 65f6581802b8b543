// SPDX-License-Identifier: GPL-2.0-or-later
/* All that the live view shows, in one answer. */
#include "base/clock.h"
#include "base/util.h"
#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/live/backends.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "dp/dp.h"
#include "dp/read.h"

static json_t *backend_json(const struct engine *e, const struct service *model,
			 const struct live_service *s, const struct live_backend *backend,
			 const uint64_t *shares)
{
	const struct backend *b = service_backend(model, backend->name);
	bool owns = shares && backend->index < s->main->ring.node_count;
	struct xring_traffic t = {};
	const char *state;

	dp_traffic_read(e->dp, backend->id, &t);
	state = b ? state_word(b, backend) : "draining";
	return json_pack("{s:s, s:s, s:f, s:f, s:I, s:I, s:I, s:i, s:o}", "name", backend->name,
			 "state", state, "weight", backend->weight_now / 1000.0, "share",
			 owns ? shares[backend->index] / CIRCLE : 0, "packets", (json_int_t)t.packets,
			 "bytes", (json_int_t)t.bytes, "flows", (json_int_t)t.flows, "pins",
			 backend->pins, "load", backend->load.share > 0 ? json_real(backend->load.share) :
								    json_null());
}

static json_t *backends_json(const struct engine *e, const struct service *model,
			  const struct live_service *s)
{
	_free_ uint64_t *shares = live_shares(s);
	json_t *list = json_array();

	for (size_t i = 0; i < s->backend_count; i++)
		json_array_append_new(list, backend_json(e, model, s, s->backends[i], shares));
	for (size_t i = 0; i < s->leaving_count; i++)
		json_array_append_new(list, backend_json(e, model, s, s->leaving[i], NULL));
	return list;
}

static json_t *service_json(const struct engine *e, const struct service *model)
{
	const struct live_service *s = live_service(e->live, model->name);
	struct xring_traffic t = {};
	char key[KEY_TEXT];

	if (s)
		live_service_traffic(e->live, s, &t);
	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:i, s:o}", "name", model->name,
			 "key", key_print(&model->key, key), "mode", mode_print(model->mode),
			 "bound", model->bound ? json_real(model->bound / 1000.0) : json_null(),
			 "packets", (json_int_t)t.packets, "bytes", (json_int_t)t.bytes, "flows",
			 (json_int_t)t.flows, "pins", s ? (int)s->pins : 0, "backends",
			 s ? backends_json(e, model, s) : json_array());
}

static json_t *changes_under_way(const struct engine *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->changes->count; i++)
		if (e->changes->list[i]->stage != STAGE_DONE)
			json_array_append_new(list,
					      view_change(e->changes->list[i], engine_now(e)));
	return list;
}

json_t *view_top(const struct daemon *d)
{
	const struct engine *e = d->engine;
	uint64_t values[XRING_CNT_MAX];
	json_t *services;

	if (dp_counters_read(e->dp, values))
		return NULL;
	services = json_array();
	for (size_t i = 0; i < e->model.service_count; i++)
		json_array_append_new(services, service_json(e, &e->model.services[i]));
	return json_pack("{s:s, s:f, s:o, s:o, s:o, s:o, s:o}", "version", XRING_VERSION,
			 "now", clock_wall_ms() / 1000.0, "packets", verdicts_json(values),
			 "services", services, "hot", view_hot(d, NULL), "changes",
			 changes_under_way(e), "pins", pins_json(d));
}
