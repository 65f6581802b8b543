// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `change cancel`: a three-way merge from the service after the change to the service before
 * it.
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

static int undo_models(const struct change_entry *entry, struct model *from, struct model *to)
{
	int err = undo_model(entry->undo_from, from);

	if (err)
		return err;
	err = undo_model(entry->undo_to, to);
	if (err)
		model_clear(from);
	return err;
}

/*
 * The model that runs, with what the change made different put back, unless it was changed
 * again since.
 */
static int undo(const struct engine *e, const struct change_entry *entry, struct model *ret)
{
	struct model from, to, next;
	int err = undo_models(entry, &from, &to);

	if (err)
		return err;
	err = model_copy(&e->model, &next);
	if (!err) {
		err = model_merge(&next, &from, &to);
		if (err)
			model_clear(&next);
		else
			*ret = next;
	}
	model_clear(&from);
	model_clear(&to);
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
	if (!entry->undo_from)
		return why_set(why, -EINVAL, "change %u came by itself (%s): want what caused it mended", id,
			 entry->what[0] ?: "");
	err = undo(e, entry, &next);
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
