// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon itself: its program, its maps, its interfaces. */
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "core/model/model.h"
#include "core/ring/arena.h"
#include "daemon/doctor/finding.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/state.h"
#include "daemon/live/live.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "dp/dp.h"
#include "dp/interfaces.h"

static json_t *interfaces_json(const struct engine *e)
{
	_free_ struct dp_interface *list = NULL;
	json_t *json = json_array();
	size_t n = 0;

	dp_interfaces(e->dp, &list, &n);
	for (size_t i = 0; i < n; i++) {
		const struct interface *is = model_interface(&e->model, list[i].name);

		json_array_append_new(json, json_pack("{sssssssiss}", "name", list[i].name, "mode",
						      list[i].mode, "by", list[i].by, "program",
						      list[i].prog_id, "region",
						      is ? is->region : ""));
	}
	return json;
}

static size_t backends_of(const struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->service_count; i++)
		n += m->services[i].backend_count;
	return n;
}

/* Can changes be kept, and which files were set aside as damaged? */
static json_t *kept_json(const struct state *st)
{
	json_t *aside = json_array();

	for (int i = 0; i < STATE_FILES; i++)
		if (*st->file[i].aside)
			json_array_append_new(aside, json_string(st->file[i].aside));
	return json_pack("{sb so so}", "kept", !*st->why.text, "why",
			 *st->why.text ? json_string(st->why.text) : json_null(), "set_aside",
			 aside);
}

static void add_sentences(json_t *to, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->list[i];

		if (f->severity <= FINDING_WARN)
			json_array_append_new(to, json_sprintf("%s%s%s", f->subject,
							       *f->subject ? ": " : "", f->text));
	}
}

/* Sentences: what is not as it should be, now and when doctor last looked. */
static json_t *wrong_json(const struct daemon *d)
{
	struct findings told = {};
	json_t *list = json_array();

	told_findings(d, &told);
	add_sentences(list, &told);
	add_sentences(list, &d->doctor.findings);
	findings_clear(&told);
	return list;
}

json_t *view_status(const struct daemon *d)
{
	const struct engine *e = d->engine;
	const struct dp *dp = e->dp;

	return json_pack(
		"{so sssisIsssssssosb s{sisi} so so s{sisisisi} si}",
		"wrong", wrong_json(d), "version", XRING_VERSION, "pid", getpid(), "uptime",
		(json_int_t)((clock_ns() - e->started) / NS_PER_S), "file", d->file.name, "pins", dp->dir,
		"state", e->options.state, "keeping", kept_json(e->state), "adopted", dp->adopted,
		"program", "id", dp->prog_id, "verifier_instructions", dp->prog_insns,
		"interfaces", interfaces_json(e), "writes", writes_json(&e->stats),
		"room", "cells", dp->cell_count, "cells_used", arena_used(&e->live->arena),
		"backends", dp->backend_count - 1, "backends_used", backends_of(&e->model),
		"services", e->model.service_count);
}
