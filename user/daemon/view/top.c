// SPDX-License-Identifier: GPL-2.0-or-later
/* All that the live view shows, in one answer. */
#include <errno.h>

#include "base/clock.h"
#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/live/backends.h"
#include "daemon/live/services.h"
#include "daemon/live/traffic.h"
#include "daemon/view/list.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "dp/dp.h"
#include "dp/read.h"

static bool backend_json(const struct engine *e, const struct service *model, size_t i,
			 const struct shares *shares, json_t **ret)
{
	const struct live_service *s = live_service(e->live, model->name);
	const struct live_backend *backend;
	const struct backend *b;
	struct xring_traffic t;
	bool owns;

	if (!s || i >= s->backend_count + s->leaving_count)
		return false;
	backend = i < s->backend_count ? s->backends[i] : s->leaving[i - s->backend_count];
	b = service_backend(model, backend->name);
	owns = i < s->backend_count && backend->index < shares->count;
	t = live_traffic(e->live, backend);
	*ret = json_pack("{s:s, s:s, s:f, s:f, s:I, s:I, s:I, s:i, s:o}", "name", backend->name,
			 "state", b ? state_word(b, backend) : "draining", "weight",
			 backend->weight_now / 1000.0, "share",
			 owns ? shares->of[backend->index] / CIRCLE : 0, "packets",
			 (json_int_t)t.packets, "bytes", (json_int_t)t.bytes, "flows",
			 (json_int_t)t.flows, "pins", backend->pins, "load",
			 backend->load.share > 0 ? json_real(backend->load.share) : json_null());
	return true;
}

static json_t *service_json(const struct engine *e, const struct service *model)
{
	const struct live_service *s = live_service(e->live, model->name);
	struct xring_traffic t = {};
	char key[KEY_TEXT];

	if (s)
		t = live_traffic_of(e->live, s);
	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:i}", "name", model->name,
			 "key", key_print(&model->key, key), "mode", mode_print(model->mode),
			 "bound", model->bound ? json_real(model->bound / 1000.0) : json_null(),
			 "packets", (json_int_t)t.packets, "bytes", (json_int_t)t.bytes, "flows",
			 (json_int_t)t.flows, "pins", s ? (int)s->pins : 0);
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

int view_top(const struct daemon *d, struct view_list *ret)
{
	const struct engine *e = d->engine;
	uint64_t values[XRING_CNT_MAX];

	if (dp_counters_read(e->dp, values))
		return -EIO;
	*ret = (struct view_list){ .key = "services", .service = service_json,
				   .backend = backend_json };
	ret->members = json_pack("{s:s, s:f, s:o, s:o, s:o, s:o}", "version", XRING_VERSION,
				 "now", clock_wall_ms() / 1000.0, "packets", verdicts_json(values),
				 "hot", view_hot(d, NULL), "changes", changes_under_way(e), "pins",
				 pins_json(d));
	return ret->members ? 0 : -ENOMEM;
}
