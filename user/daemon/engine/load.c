// SPDX-License-Identifier: GPL-2.0-or-later
/* What a source of the configuration says becomes the model, and its interfaces are attached. */
#include "daemon/engine/load.h"

#include <string.h>

#include "base/log.h"
#include "base/why.h"
#include "core/model/merge.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/interfaces.h"
#include "daemon/engine/state.h"

int engine_loaded(struct engine *e, const char *text, size_t len)
{
	return state_write(e->options.state, "loaded", text, len);
}

int engine_replace(struct engine *e, const struct model *m, const struct change *change,
		   struct why *why)
{
	struct model next, before;
	int err = model_copy(m, &next);

	if (err)
		return err;
	err = model_copy(&e->model, &before);
	if (!err) {
		err = engine_change(e, &next, change, why);
		if (!err)
			interfaces_follow(e, &before);
		model_clear(&before);
	}
	model_clear(&next);
	return err;
}

int engine_load(struct engine *e, const struct source_text *source)
{
	struct change change = { .now = true, .count = 1 };
	struct model next;
	struct why why;
	int err = state_merge(e->options.state, source->name, source->model, source->text,
			      source->len, &next);

	if (err)
		return log_err(err, "%s", source->name);
	change.validated = model_equal(&next, source->model);
	err = engine_replace(e, &next, &change, &why);
	model_clear(&next);
	if (err)
		return log_err(0, "%s: %s", source->name, why.text) ?: err;
	return engine_loaded(e, source->text, source->len);
}
