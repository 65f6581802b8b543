// SPDX-License-Identifier: GPL-2.0-or-later
/* One edit of the model: made, or shown without being made. */
#include "core/model/model.h"
#include "daemon/control/request.h"
#include "daemon/control/verbs.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "proto/proto.h"

static int plan_it(struct daemon *d, const struct model *next, const struct change *change,
		   struct answer *a)
{
	int err = engine_check(d->engine, next, change, &a->why);

	if (err) {
		a->code = EXIT_NO;
		return err;
	}
	return answer_data(a, view_plan(d, next, "", 0, change->cut));
}

/* Where another program is attached, the change is made and no packet follows it. */
static json_t *change_note(const struct engine *e)
{
	for (size_t i = 0; i < e->wishes.count; i++)
		if (e->wishes.list[i].others)
			return json_sprintf("packets do not follow this change there: %s",
					    e->wishes.list[i].why);
	return json_null();
}

static int do_it(struct engine *e, struct model *next, const struct change *change,
		 struct answer *a)
{
	int err = engine_change(e, next, change, &a->why);

	if (err)
		a->code = EXIT_NO;
	else if (!a->data)
		a->data = json_pack("{s:o, s:o}", "changes", changes_ids(e->changes), "note",
				    change_note(e));
	return err;
}

int change_do(struct daemon *d, const json_t *request, edit_fn edit, unsigned count,
	      struct answer *a)
{
	struct change change = {
		.now = request_flag(request, "now"),
		.cut = request_flag(request, "cut"),
		.count = count,
		.service = request_text(request, "service"),
		.backend = request_text(request, "name"),
	};
	struct model next;
	int err = model_copy(&d->engine->model, &next);

	if (err)
		return answer_memory(a);
	err = edit(&next, request, a);
	if (!err && request_flag(request, "plan"))
		err = plan_it(d, &next, &change, a);
	else if (!err)
		err = do_it(d->engine, &next, &change, a);
	model_clear(&next);
	return err;
}
