// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `change cancel`: a three-way merge from the service after each request of the change to the
 * service before it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/why.h"
#include "conf/conf.h"
#include "core/model/merge.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"

static int undo_model(const char *text, struct model *ret)
{
	struct conf_source source = {
		.name = "undo", .text = text, .len = strlen(text), .remembered = true,
	};
	struct why why;

	return conf_parse_source(&source, ret, NULL, &why);
}

/* Puts back in m what one request made different, unless it was changed again since. */
static int undo_one(const struct undo *undo, struct model *m)
{
	struct model from, to;
	int err = undo_model(undo->from, &from);

	if (err)
		return err;
	err = undo_model(undo->to, &to);
	if (!err) {
		err = model_merge(m, &from, &to);
		model_clear(&to);
	}
	model_clear(&from);
	return err;
}

/* The model that runs, without what the requests of the change did, the last of them first. */
static int undo_all(const struct engine *e, const struct change_entry *entry, struct model *ret)
{
	struct model next;
	int err = model_copy(&e->model, &next);

	if (err)
		return err;
	for (size_t i = entry->undo_count; i-- > 0 && !err;)
		err = undo_one(&entry->undo[i], &next);
	if (err)
		model_clear(&next);
	else
		*ret = next;
	return err;
}

int engine_cancel(struct engine *e, struct change_entry *entry, const struct change *change,
		  struct why *why)
{
	uint32_t id = entry->id;
	struct model next;
	char end[64];
	int err;

	if (entry->stage == STAGE_DONE)
		return why_set(why, -EINVAL, "change %u is over: %s", id, entry->end);
	if (entry->of_key)
		return why_set(why, -EINVAL, "change %u is of one key (%s): want `xring hot clear`", id,
			 entry->what[0] ?: "");
	if (!entry->undo_count)
		return why_set(why, -EINVAL, "change %u came by itself (%s): want what caused it mended", id,
			 entry->what[0] ?: "");
	err = undo_all(e, entry, &next);
	if (err)
		return why_set(why, err, "change %u: %s", id, errno_text(-err));
	err = engine_change(e, &next, change, why);
	if (err) {
		model_clear(&next);
		return err;
	}
	entry = changes_find(e->changes, id);
	if (!e->changes->touched_count)
		return why_set(why, -EINVAL, "change %u: what it did has been undone already", id);
	if (entry && entry->stage != STAGE_DONE && e->changes->touched[0] != id) {
		snprintf(end, sizeof(end), "cancelled by %u", e->changes->touched[0]);
		change_end(e->changes, entry, end);
		changes_write(e->changes);
	}
	return 0;
}
