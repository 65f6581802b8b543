// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verbs of the control socket. One that changes something edits a copy of
 * the model, which engine_change() takes as a whole or not at all.
 */
#include "daemon/control/verbs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/step.h"
#include "base/util.h"
#include "conf/conf.h"
#include "core/model/check_text.h"
#include "core/model/setting.h"
#include "core/model/text.h"
#include "daemon/view/plan.h"
#include "proto/proto.h"

int answer_no(struct answer *a, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, args);
	va_end(args);
	a->code = code;
	return -EINVAL;
}

const char *request_text(const json_t *request, const char *key)
{
	return json_string_value(json_object_get(request, key));
}

const char *request_need(const json_t *request, const char *key, struct answer *a)
{
	const char *text = request_text(request, key);

	if (!text)
		answer_no(a, EXIT_WORDS, "%s: want a text", key);
	return text;
}

struct service *request_service(const struct model *m, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "service", a);
	struct service *s = name ? model_service(m, name) : NULL;

	if (name && !s)
		answer_no(a, EXIT_NO, "service %s: no such service", name);
	return s;
}

static int wrong(struct answer *a, const char *what, const char *value, const char *want)
{
	return answer_no(a, EXIT_WORDS, "%s %s: want %s", what, value, want);
}

/* ---- fields ---- */

static int set_vips(struct service *s, const json_t *list, struct answer *a)
{
	const json_t *item;
	size_t i;

	if (!list)
		return 0;
	s->vip_count = 0;
	json_array_foreach(list, i, item) {
		const char *text = json_string_value(item) ?: "";
		struct vip vip;

		if (vip_parse(text, &vip))
			return wrong(a, "vip", text, WANT_VIP);
		switch (service_vip_add(s, &vip)) {
		case 0:
			break;
		case -EEXIST:
			return wrong(a, "vip", text, "it once");
		default:
			return answer_no(a, EXIT_NO, "no memory");
		}
	}
	return 0;
}

static int set_settings(struct service *s, const json_t *request, struct answer *a)
{
	size_t n;
	const struct setting *all = settings(NULL, &n);

	for (size_t i = 0; i < n; i++) {
		const char *text = request_text(request, all[i].key);

		if (text && setting_parse(&all[i], text, s))
			return wrong(a, all[i].key, text, all[i].want);
	}
	return 0;
}

static int set_hot(struct service *s, const json_t *request, struct answer *a)
{
	const char *text = request_text(request, "hot");
	char why[SETTING_ERROR];

	if (text && settings_parse("hot", text, s, why))
		return answer_no(a, EXIT_WORDS, "%s", why);
	return 0;
}

static int set_check(struct service *s, const json_t *request, struct answer *a)
{
	const char *text = request_text(request, "check");
	char why[CHECK_ERROR];

	if (text && check_parse(text, &s->check, why))
		return answer_no(a, EXIT_WORDS, "%s", why);
	return 0;
}

static int set_service(struct service *s, const json_t *request, struct answer *a)
{
	const char *mode = request_text(request, "mode");
	const char *key = request_text(request, "key");
	const char *vnodes = request_text(request, "vnodes");

	if (mode && mode_parse(mode, &s->mode))
		return wrong(a, "mode", mode, WANT_MODE);
	if (key && key_parse(key, &s->key))
		return wrong(a, "key", key, WANT_KEY);
	if (vnodes && vnodes_parse(vnodes, &s->vnodes))
		return wrong(a, "vnodes", vnodes, WANT_VNODES);
	return set_settings(s, request, a) ?: set_hot(s, request, a) ?:
	       set_check(s, request, a) ?: set_vips(s, json_object_get(request, "vips"), a);
}

/* All of them: the list replaces what there is. */
static int set_tags(struct backend *b, const json_t *list, struct answer *a)
{
	const json_t *item;
	size_t i;

	if (list && !json_is_array(list))
		return answer_no(a, EXIT_WORDS, "tags: want a list");
	if (list)
		b->tags[0] = '\0';
	json_array_foreach(list, i, item) {
		const char *tag = json_string_value(item) ?: "";

		if (!name_valid(tag))
			return wrong(a, "tag", tag, WANT_TAG);
		switch (tags_add(b->tags, tag)) {
		case 0:
			break;
		case -EEXIST:
			return wrong(a, "tag", tag, "it once");
		default:
			return wrong(a, "tag", tag, WANT_TAGS);
		}
	}
	return 0;
}

static int set_region(struct backend *b, const char *region, struct answer *a)
{
	if (!region)
		return 0;
	if (*region && !name_valid(region))
		return wrong(a, "region", region, WANT_NAME);
	strcpy(b->region, region);
	return 0;
}

static int set_backend(struct backend *b, const json_t *request, struct answer *a)
{
	const char *address = request_text(request, "address");
	const char *weight = request_text(request, "weight");

	if (address && endpoint_parse(address, &b->address, &b->port))
		return wrong(a, "address", address, WANT_ENDPOINT);
	if (weight && weight_parse(weight, &b->weight))
		return wrong(a, "weight", weight, WANT_WEIGHT);
	return set_region(b, request_text(request, "region"), a) ?:
	       set_tags(b, json_object_get(request, "tags"), a);
}

/* ---- edits of a copy of the model ---- */

static int edit_service_add(struct model *m, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "service", a);
	struct service *s;
	int err;

	if (!name)
		return -EINVAL;
	if (!name_valid(name))
		return wrong(a, "service", name, WANT_NAME);
	if (!request_text(request, "mode"))
		return answer_no(a, EXIT_WORDS, "service %s: want a mode", name);
	err = model_service_add(m, name, &s);
	if (err == -EEXIST)
		return answer_no(a, EXIT_NO, "service %s: there is one of that name", name);
	return err ? answer_no(a, EXIT_NO, "no memory") : set_service(s, request, a);
}

static int edit_service_set(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);

	return s ? set_service(s, request, a) : -EINVAL;
}

static int edit_service_del(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);

	if (!s)
		return -EINVAL;
	model_service_remove(m, request_text(request, "service"));
	return 0;
}

static int edit_backend_add(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);
	const char *name = s ? request_need(request, "name", a) : NULL;
	struct backend *b;
	int err;

	if (!name || !request_need(request, "address", a))
		return -EINVAL;
	if (!name_valid(name))
		return wrong(a, "backend", name, WANT_NAME);
	err = service_backend_add(s, name, &b);
	if (err == -EEXIST)
		return answer_no(a, EXIT_NO, "service %s: backend %s: there is one of that name",
				 s->name, name);
	return err ? answer_no(a, EXIT_NO, "no memory") : set_backend(b, request, a);
}

static struct backend *request_backend(struct service *s, const json_t *request,
				       struct answer *a)
{
	const char *name = request_need(request, "name", a);
	struct backend *b = name ? service_backend(s, name) : NULL;

	if (name && !b)
		answer_no(a, EXIT_NO, "service %s: backend %s: no such backend", s->name, name);
	return b;
}

static int edit_backend_set(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);
	struct backend *b = s ? request_backend(s, request, a) : NULL;

	return b ? set_backend(b, request, a) : -EINVAL;
}

static int edit_backend_del(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);

	if (!s || !request_backend(s, request, a))
		return -EINVAL;
	service_backend_remove(s, request_text(request, "name"));
	return 0;
}

static int edit_state(struct model *m, const json_t *request, enum backend_state state,
		      struct answer *a)
{
	struct service *s = request_service(m, request, a);
	struct backend *b = s ? request_backend(s, request, a) : NULL;

	if (!b)
		return -EINVAL;
	b->state = state;
	return 0;
}

static int edit_drain(struct model *m, const json_t *request, struct answer *a)
{
	return edit_state(m, request, BACKEND_DRAINING, a);
}

static int edit_maintenance(struct model *m, const json_t *request, struct answer *a)
{
	return edit_state(m, request, BACKEND_MAINTENANCE, a);
}

static int edit_active(struct model *m, const json_t *request, struct answer *a)
{
	return edit_state(m, request, BACKEND_ACTIVE, a);
}

typedef int (*edit_fn)(struct model *m, const json_t *request, struct answer *a);

/* What it would do; nothing is done. */
static int edit_plan(struct engine *e, const struct model *next, const struct change *change,
		     struct answer *a)
{
	int err = engine_check(e, next, change, a->why, sizeof(a->why));

	if (err) {
		a->code = EXIT_NO;
		return err;
	}
	a->data = plan_model(e, next, "", 0);
	return a->data ? 0 : answer_no(a, EXIT_NO, "no memory");
}

static int edit_do(struct engine *e, struct model *next, const struct change *change,
		   struct answer *a)
{
	int err = engine_change(e, next, change, a->why, sizeof(a->why));

	if (err)
		a->code = EXIT_NO;
	else if (!a->data)
		a->data = json_pack("{s:o}", "changes", changes_ids(&e->changes));
	return err;
}

static int edit(struct engine *e, const json_t *request, edit_fn fn, unsigned count,
		struct answer *a)
{
	struct change change = {
		.now = json_is_true(json_object_get(request, "now")),
		.cut = json_is_true(json_object_get(request, "cut")),
		.count = count,
		.service = request_text(request, "service"),
		.backend = request_text(request, "name"),
	};
	struct model next;
	int err = model_copy(&e->model, &next);

	if (err)
		return answer_no(a, EXIT_NO, "no memory");
	err = fn(&next, request, a);
	if (!err && json_is_true(json_object_get(request, "plan")))
		err = edit_plan(e, &next, &change, a);
	else if (!err)
		err = edit_do(e, &next, &change, a);
	model_clear(&next);
	return err;
}

static int edit_attach(struct model *m, const json_t *request, struct answer *a)
{
	int err = model_interface_add(m, request_text(request, "interface"));

	return err && err != -EEXIST ? answer_no(a, EXIT_NO, "attached, but not kept: %s",
						 errno_text(-err)) : 0;
}

static int edit_detach(struct model *m, const json_t *request, struct answer *a)
{
	(void)a;
	model_interface_remove(m, request_text(request, "interface"));
	return 0;
}

/* One that is removed already, and has flows still: --cut cuts them. */
static int do_backend_del(struct engine *e, const json_t *request, struct answer *a)
{
	const char *service = request_text(request, "service"), *name = request_text(request, "name");
	const struct service *s = service ? model_service(&e->model, service) : NULL;

	if (!s || !name || service_backend(s, name) ||
	    !json_is_true(json_object_get(request, "cut")) ||
	    !live_cut_leaving(e->live, service, name, engine_now(e)))
		return edit(e, request, edit_backend_del, 1, a);
	engine_flush(e, false);
	a->data = json_pack("{s:[]}", "changes");
	return 0;
}

/* ---- interfaces, files ---- */

static int do_attach(struct engine *e, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "interface", a), *mode, *became;
	enum dp_mode wanted = DP_MODE_ANY;

	if (!name)
		return -EINVAL;
	mode = request_text(request, "mode");
	if (mode && !strcmp(mode, "native"))
		wanted = DP_MODE_NATIVE;
	else if (mode && !strcmp(mode, "generic"))
		wanted = DP_MODE_GENERIC;
	else if (mode)
		return wrong(a, "mode", mode, "native or generic");
	if (dp_attach(e->dp, name, wanted, &became, a->why, sizeof(a->why))) {
		a->code = EXIT_NO;
		return -EINVAL;
	}
	a->data = json_pack("{ssss}", "interface", name, "mode", became);
	return edit(e, request, edit_attach, 0, a);
}

static int do_detach(struct engine *e, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "interface", a);

	if (!name)
		return -EINVAL;
	if (dp_detach(e->dp, name, a->why, sizeof(a->why))) {
		a->code = EXIT_NO;
		return -EINVAL;
	}
	return edit(e, request, edit_detach, 0, a);
}

/* ---- changes ---- */

static bool is_asked_for(const json_t *ids, uint32_t id)
{
	const json_t *item;
	size_t i;

	json_array_foreach(ids, i, item)
		if (json_integer_value(item) == id)
			return true;
	return !ids;
}

static int do_changes(struct engine *e, const json_t *request, struct answer *a)
{
	const json_t *ids = json_object_get(request, "ids");
	uint64_t now = engine_now(e);

	a->data = json_array();
	for (size_t i = 0; i < e->changes.count; i++)
		if (is_asked_for(ids, e->changes.list[i]->id))
			json_array_append_new(a->data, change_json(e->changes.list[i], now));
	return 0;
}

static struct change_entry *request_change(struct engine *e, const json_t *request,
					   struct answer *a)
{
	json_int_t id = json_integer_value(json_object_get(request, "id"));
	struct change_entry *entry = changes_find(&e->changes, id);

	if (!entry)
		answer_no(a, EXIT_NO, "change %lld: no such change", (long long)id);
	return entry;
}

static int do_change_show(struct engine *e, const json_t *request, struct answer *a)
{
	struct change_entry *entry = request_change(e, request, a);

	if (entry)
		a->data = change_json_whole(entry, engine_now(e));
	return entry ? 0 : -EINVAL;
}

static int do_change_cancel(struct engine *e, const json_t *request, struct answer *a)
{
	struct change_entry *entry = request_change(e, request, a);
	struct change change = {
		.now = json_is_true(json_object_get(request, "now")),
		.count = 1,
	};
	int err = entry ? engine_cancel(e, entry, &change, a->why, sizeof(a->why)) : -EINVAL;

	if (!entry)
		return err;
	if (err)
		a->code = EXIT_NO;
	else
		a->data = json_pack("{s:o}", "changes", changes_ids(&e->changes));
	return err;
}

#define CLOCK_ADVANCE_MAX 1000000.0	/* seconds */

/*
 * For tests: time goes on at once, here and in the datapath; or ("hours" of them) on the
 * clocks of regions alone, so that no flow has been silent for a day. "die": at that step of
 * the writes from now on; the answer says how many were left.
 */
static int do_clock(struct engine *e, const json_t *request, struct answer *a)
{
	double seconds = json_number_value(json_object_get(request, "advance"));
	double hours = json_number_value(json_object_get(request, "hours"));

	if (!e->options.test_clock)
		return answer_no(a, EXIT_NO, "clock: want a daemon started with --test-clock");
	if (json_object_get(request, "die")) {
		a->data = json_pack("{s:I}", "left", (json_int_t)step_fatal);
		step_fatal = json_integer_value(json_object_get(request, "die"));
		return 0;
	}
	if (hours > 0 && hours <= CLOCK_ADVANCE_MAX) {
		e->live->wall_ms += hours * 3600 * 1000;
		engine_clock_advance(e, 0);
		return 0;
	}
	if (!(seconds > 0 && seconds <= CLOCK_ADVANCE_MAX))
		return answer_no(a, EXIT_WORDS, "advance: want seconds above 0");
	engine_clock_advance(e, seconds * 1e9);
	return 0;
}

/* The configuration as it runs; the command writes it where it may. */
static int do_save(struct engine *e, const json_t *request, struct answer *a)
{
	_free_ char *yaml = conf_print(&e->model);

	(void)request;
	if (!yaml)
		return answer_no(a, EXIT_NO, "no memory");
	a->data = json_pack("{ssss}", "file", e->path ?: e->options.file, "yaml", yaml);
	return 0;
}

static int do_saved(struct engine *e, const json_t *request, struct answer *a)
{
	(void)request;
	if (engine_saved(e, a->why, sizeof(a->why))) {
		a->code = EXIT_NO;
		return -EINVAL;
	}
	return 0;
}

/* ---- the table ---- */

static const struct verb {
	const char *word;
	edit_fn edit;
	int (*run)(struct engine *e, const json_t *request, struct answer *a);
} verbs[] = {
	{ "service-add", edit_service_add },
	{ "service-set", edit_service_set },
	{ "service-del", edit_service_del },
	{ "service-list", .run = show_services },
	{ "backend-add", edit_backend_add },
	{ "backend-set", edit_backend_set },
	{ "backend-del", .run = do_backend_del },
	{ "backend-list", .run = show_backends },
	{ "backend-drain", edit_drain },
	{ "backend-undrain", edit_active },
	{ "backend-maintenance", edit_maintenance },
	{ "backend-enable", edit_active },
	{ "plan", .run = plan_verb },
	{ "apply", .run = apply_verb },
	{ "changes", .run = do_changes },
	{ "change-show", .run = do_change_show },
	{ "change-cancel", .run = do_change_cancel },
	{ "hot", .run = show_hot },
	{ "hot-shards", .run = show_hot_shards },
	{ "hot-split", .run = do_hot_split },
	{ "hot-pin", .run = do_hot_pin },
	{ "hot-exempt", .run = do_hot_exempt },
	{ "hot-clear", .run = do_hot_clear },
	{ "placement-show", .run = show_placement },
	{ "placement-forecast", .run = show_forecast },
	{ "placement-explain", .run = show_explain },
	{ "placement-audit", .run = show_audit },
	{ "placement-homes", .run = show_homes },
	{ "flows", .run = show_flows },
	{ "top", .run = show_top },
	{ "clock", .run = do_clock },
	{ "ring-show", .run = show_ring },
	{ "ring-lookup", .run = show_lookup },
	{ "attach", .run = do_attach },
	{ "detach", .run = do_detach },
	{ "stats", .run = show_stats },
	{ "status", .run = show_status },
	{ "save", .run = do_save },
	{ "saved", .run = do_saved },
};

static void answer_to(struct engine *e, const json_t *request, struct answer *a)
{
	const char *word = request_text(request, "do");

	for (size_t i = 0; word && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(word, verbs[i].word))
			continue;
		if (verbs[i].edit)
			edit(e, request, verbs[i].edit, 1, a);
		else
			verbs[i].run(e, request, a);
		return;
	}
	answer_no(a, EXIT_WORDS, "%.60s: not a verb of this daemon", word ?: "\"do\" is missing");
}

char *commands_answer(struct engine *e, const char *line, size_t len)
{
	struct answer a = {};
	json_error_t error;
	json_t *request = json_loadb(line, len, 0, &error), *answer;
	char *text;

	if (!json_is_object(request))
		answer_no(&a, EXIT_WORDS, "want one JSON object a line%s%.100s",
			  request ? "" : ": ", request ? "" : error.text);
	else
		answer_to(e, request, &a);
	if (a.code) {
		answer = json_pack("{sbsssi}", "ok", 0, "error", a.why, "code", a.code);
		json_decref(a.data);
	} else {
		answer = json_pack("{sbso*}", "ok", 1, "data", a.data);
	}
	text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	json_decref(answer);
	json_decref(request);
	return text;
}
