// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about a file as the whole model: what it would do, and applying it. */
#include <errno.h>
#include <string.h>

#include "base/why.h"
#include "conf/conf.h"
#include "core/model/guard.h"
#include "core/model/merge.h"
#include "core/model/model.h"
#include "daemon/control/parts.h"
#include "daemon/control/request.h"
#include "daemon/control/verbs.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/load.h"
#include "daemon/engine/log.h"
#include "daemon/source/file.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "proto/proto.h"

/* The configuration's text: in the request, or in parts before it. NULL: in neither. */
static const char *whole_text(const json_t *request, const struct answer *a)
{
	return request_text(request, "text") ?: parts_text(a->parts);
}

/* The file of a request as a model that could run; otherwise the answer has the reason. */
static int request_model(struct daemon *d, const json_t *request, struct model *ret,
			 struct answer *a)
{
	struct engine *e = d->engine;
	const char *name = request_text(request, "file"), *text = whole_text(request, a);
	struct change change = { .cut = request_flag(request, "cut"), .validated = true };
	struct conf_lists lists = {};
	struct conf_source source = {
		.name = name, .directory = request_text(request, "directory"), .text = text,
		.before = &e->model,
		.lists = &lists,
	};
	struct why why;
	struct model m;
	int err;

	if (!name || !text)
		return answer_no(a, EXIT_WORDS, "file, text: want both");
	source.len = strlen(text);
	change.from_file = file_says(&d->file, text);
	err = parts_lists(a->parts, &lists, a);
	if (!err && conf_parse_source(&source, &m, NULL, &why))
		err = answer_no(a, EXIT_WORDS, "%s", why.text);
	conf_lists_clear(&lists);
	if (err)
		return err;
	if (engine_check(e, &m, &change, &a->why)) {
		model_clear(&m);
		a->code = EXIT_NO;
		return -EINVAL;
	}
	*ret = m;
	return 0;
}

/* Why this would be refused as half a file, unless it is said to be meant; empty: it would not. */
static void guard(struct daemon *d, const struct model *m, const json_t *request,
		  struct answer *a, struct why *ret)
{
	const char *text = whole_text(request, a), *name = request_text(request, "file");
	struct source_text source = { name, text, strlen(text), m };

	if (!file_is(&d->file, request_text(request, "directory"), name) ||
	    !engine_cut_off(d->engine, &source, ret))
		model_guard(&d->engine->model, m, ret);
}

int verb_plan(struct daemon *d, const json_t *request, struct answer *a)
{
	const char *text = whole_text(request, a);
	struct why half = {};
	struct model m;
	json_t *plan;
	int err = request_model(d, request, &m, a);

	if (err)
		return err;
	guard(d, &m, request, a, &half);
	plan = view_plan(d, &m, text, strlen(text), request_flag(request, "cut"));
	if (plan && *half.text)
		json_object_set_new(plan, "guard", json_string(half.text));
	err = answer_data(a, plan);
	model_clear(&m);
	return err;
}

int verb_apply(struct daemon *d, const json_t *request, struct answer *a)
{
	const char *text = whole_text(request, a), *expect = request_text(request, "expect");
	struct change change = {
		.now = request_flag(request, "now"),
		.cut = request_flag(request, "cut"),
		.validated = true,
	};
	struct why half = {};
	struct model m;
	const char *hash;
	json_t *plan;
	int err = request_model(d, request, &m, a);

	if (err)
		return err;
	if (!request_flag(request, "yes"))
		guard(d, &m, request, a, &half);
	if (*half.text) {
		model_clear(&m);
		return answer_no(a, EXIT_NO, "%s: %s: want --yes", request_text(request, "file"),
				 half.text);
	}
	change.from_file = file_says(&d->file, text);
	change.count = !model_equal(&d->engine->model, &m);
	plan = view_plan(d, &m, text, strlen(text), change.cut);
	hash = json_string_value(json_object_get(plan, "hash"));
	if (!hash) {
		err = answer_memory(a);
	} else if (expect && strcmp(expect, hash)) {
		err = answer_no(a, EXIT_NO, "expect %.32s: the file or the running state is another "
				"one since (%s): want it planned again", expect, hash);
	} else {
		err = file_apply(&d->file, &m, text, &change, &a->why);
		a->code = err ? EXIT_NO : 0;
	}
	model_clear(&m);
	if (err) {
		json_decref(plan);
		return err;
	}
	json_object_set_new(plan, "changes", changes_ids(d->engine->changes));
	a->data = plan;
	return 0;
}
