// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about changes under way and past ones. */
#include <errno.h>

#include "daemon/control/request.h"
#include "daemon/control/verbs.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "proto/proto.h"

static bool is_asked_for(const json_t *ids, uint32_t id)
{
	const json_t *item;
	size_t i;

	json_array_foreach(ids, i, item)
		if (json_integer_value(item) == id)
			return true;
	return !ids;
}

int verb_changes(struct daemon *d, const json_t *request, struct answer *a)
{
	struct engine *e = d->engine;
	const json_t *ids = json_object_get(request, "ids");
	uint64_t now = engine_now(e);

	a->data = json_array();
	for (size_t i = 0; i < e->changes->count; i++)
		if (is_asked_for(ids, e->changes->list[i]->id))
			json_array_append_new(a->data, view_change(e->changes->list[i], now));
	return 0;
}

int verb_change_show(struct daemon *d, const json_t *request, struct answer *a)
{
	struct engine *e = d->engine;
	struct change_entry *entry = request_change(e, request, a);

	if (entry)
		a->data = view_change_whole(entry, engine_now(e));
	return entry ? 0 : -EINVAL;
}

int verb_change_cancel(struct daemon *d, const json_t *request, struct answer *a)
{
	struct engine *e = d->engine;
	struct change_entry *entry = request_change(e, request, a);
	struct change change = {
		.now = request_flag(request, "now"),
		.count = 1,
	};
	int err = entry ? engine_cancel(e, entry, &change, &a->why) : -EINVAL;

	if (!entry)
		return err;
	if (err)
		a->code = EXIT_NO;
	else
		a->data = json_pack("{s:o}", "changes", changes_ids(e->changes));
	return err;
}
