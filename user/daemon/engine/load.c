// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How what a source of the configuration says becomes the model, and its interfaces are
 * attached.
 */
#include "daemon/engine/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/why.h"
#include "conf/conf.h"
#include "core/model/merge.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/interfaces.h"
#include "daemon/engine/state.h"

int engine_loaded(struct engine *e, const struct source_text *source)
{
	struct loaded now = { .text = malloc(source->len + 1), .len = source->len };
	int err;

	e->refused = (struct why){};
	state_keep(e->state, STATE_LOADED, source->text, source->len);
	if (!now.text)
		return -ENOMEM;
	memcpy(now.text, source->text, source->len);
	err = model_copy(source->model, &now.model);
	now.known = !err;
	if (err) {
		loaded_clear(&now);
		return err;
	}
	loaded_clear(e->loaded);
	*e->loaded = now;
	return 0;
}

static bool says_the_same(const struct loaded *loaded, const struct source_text *source)
{
	return loaded->text && loaded->len == source->len &&
	       !memcmp(loaded->text, source->text, source->len);
}

/* Applies to *running what differs between the loaded source and the present one. */
static int merge(struct engine *e, const struct source_text *source, struct model *running)
{
	struct model loaded;
	int err;

	if (says_the_same(e->loaded, source))
		return 0;
	err = model_copy(&e->loaded->model, &loaded);
	if (err)
		return err;
	err = conf_lists_renew(&loaded, source->model) ?:
	      model_merge(running, &loaded, source->model);
	model_clear(&loaded);
	return err;
}

int engine_merge(struct engine *e, const struct source_text *source, struct model *ret)
{
	bool known = e->loaded->known || says_the_same(e->loaded, source);
	struct model running;
	int err;

	if (!e->ran)
		return model_copy(source->model, ret);
	if (!known)
		log_warn("state directory %s: what %s said when it was last loaded is not known: "
			 "all stays as it ran: want `xring apply` for what the file says",
			 e->options.state, source->name);
	err = model_copy(&e->model, &running);
	if (err)
		return err;
	err = conf_lists_renew(&running, source->model);
	if (known && !err)
		err = merge(e, source, &running);
	if (err)
		model_clear(&running);
	else
		*ret = running;
	return err;
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

int engine_cut_off(const struct engine *e, const struct source_text *source, struct why *why)
{
	if (!e->loaded->text || !conf_ends(e->loaded->text, e->loaded->len) ||
	    conf_ends(source->text, source->len))
		return 0;
	return why_set(why, -EPERM, "does not end in a line " CONF_END ", as it did when it was last "
		       "loaded");
}

int engine_load(struct engine *e, const struct source_text *source, struct why *why)
{
	struct change change = { .now = true, .count = 1, .from_file = true, .guarded = true };
	struct model next;
	struct why cut;
	int err = engine_cut_off(e, source, &cut);

	if (err)
		return why_set(why, err, "%.200s: want the whole file, or `xring apply --yes`",
			       cut.text);
	err = engine_merge(e, source, &next);
	if (err)
		return why_set(why, err, "%s", errno_text(-err));
	change.validated = model_equal(&next, source->model);
	err = engine_replace(e, &next, &change, why);
	model_clear(&next);
	return err ?: engine_loaded(e, source);
}
