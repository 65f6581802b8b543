// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of all verbs, and how a request finds its own. */
#include "daemon/control/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "base/util.h"
#include "conf/conf.h"
#include "core/model/model.h"
#include "daemon/apply/apply.h"
#include "daemon/control/aside.h"
#include "daemon/control/parts.h"
#include "daemon/control/request.h"
#include "daemon/control/socket.h"
#include "daemon/control/turns.h"
#include "daemon/engine/engine.h"
#include "daemon/live/live.h"
#include "daemon/source/file.h"
#include "daemon/watch/daemon.h"
#include "proto/proto.h"
#include "proto/verbs.h"

/* With --cut, also a backend that is removed already and still has flows: these are cut. */
static int backend_del(struct daemon *d, const json_t *request, struct answer *a)
{
	struct engine *e = d->engine;
	const char *service = request_text(request, "service"), *name = request_text(request, "name");
	const struct service *s = service ? model_service(&e->model, service) : NULL;

	if (!s || !name || service_backend(s, name) ||
	    !request_flag(request, "cut") ||
	    !live_cut_leaving(e->live, service, name, engine_now(e)))
		return change_do(d, request, edit_backend_del, 1, a);
	engine_flush(e, false);
	a->data = json_pack("{s:[]}", "changes");
	return 0;
}

#define CLOCK_ADVANCE_MAX 1000000.0	/* seconds */

/*
 * For tests: puts the time forward, here and in the datapath; with "hours" only the clocks of
 * regions, so that no flow becomes silent for a day. "die": kills the daemon at that step of
 * the writes from now on; the answer says how many steps were left.
 */
static int clock_advance(struct daemon *d, const json_t *request, struct answer *a)
{
	struct engine *e = d->engine;
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

/*
 * The configuration that runs, as YAML. The command writes the file, because the daemon may
 * not.
 */
static int save(struct daemon *d, const json_t *request, struct answer *a)
{
	_free_ char *yaml = conf_print(&d->engine->model);

	(void)request;
	if (!yaml)
		return answer_memory(a);
	a->data = json_pack("{ssss}", "file", d->file.path ?: d->file.name, "yaml", yaml);
	return 0;
}

static int saved(struct daemon *d, const json_t *request, struct answer *a)
{
	(void)request;
	if (file_saved(&d->file, &a->why)) {
		a->code = EXIT_NO;
		return -EINVAL;
	}
	return 0;
}

static int part(struct daemon *d, const json_t *request, struct answer *a)
{
	(void)d;
	return parts_add(&a->parts, request, a);
}

/* The program that explains is loaded by the first question. */
static bool must_be_loaded(const struct daemon *d)
{
	return !d->explainer.tell;
}

/* ---- the table ---- */

static const struct verb {
	const char *word;
	edit_fn edit;
	verb_fn run;
	bool aside;			/* takes long and changes nothing: control/aside.h */
	bool (*aside_now)(const struct daemon *d);	/* the same, where it depends */
	bool told;			/* logged, as what edits is */
} verbs[] = {
	{ "service-add", edit_service_add },
	{ "service-set", edit_service_set },
	{ "service-del", edit_service_del },
	{ "service-list", .run = verb_services },
	{ "backend-add", edit_backend_add },
	{ "backend-set", edit_backend_set },
	{ "backend-del", .run = backend_del, .told = true },
	{ "backend-list", .run = verb_backends },
	{ "backend-drain", edit_drain },
	{ "backend-undrain", edit_active },
	{ "backend-maintenance", edit_maintenance },
	{ "backend-enable", edit_active },
	{ "part", .run = part },
	{ "plan", .run = verb_plan, .aside = true },
	{ "apply", .run = verb_apply, .told = true },
	{ "changes", .run = verb_changes },
	{ "change-show", .run = verb_change_show },
	{ "change-cancel", .run = verb_change_cancel, .told = true },
	{ "hot", .run = verb_hot },
	{ "hot-shards", .run = verb_hot_shards },
	{ "hot-split", .run = verb_hot_split, .told = true },
	{ "hot-pin", .run = verb_hot_pin, .told = true },
	{ "hot-exempt", .run = verb_hot_exempt, .told = true },
	{ "hot-clear", .run = verb_hot_clear, .told = true },
	{ "placement-show", .run = verb_placement },
	{ "placement-forecast", .run = verb_forecast },
	{ "placement-explain", .run = verb_explain },
	{ "placement-audit", .run = verb_audit },
	{ "placement-homes", .run = verb_homes },
	{ "flows", .run = verb_flows },
	{ "doctor", .run = verb_doctor, .aside = true },
	{ "explain", .run = verb_tell, .aside_now = must_be_loaded },
	{ "events", .run = verb_events },
	{ "drops", .run = verb_drops },
	{ "top", .run = verb_top },
	{ "clock", .run = clock_advance },
	{ "ring-show", .run = verb_ring },
	{ "ring-lookup", .run = verb_lookup },
	{ "attach", .run = verb_attach, .told = true },
	{ "detach", .run = verb_detach, .told = true },
	{ "stats", .run = verb_stats },
	{ "status", .run = verb_status },
	{ "save", .run = save },
	{ "saved", .run = saved },
};

static const struct verb *verb_find(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(word, verbs[i].word))
			return &verbs[i];
	return NULL;
}

/* ---- what was asked for ---- */

/* As the command has it: --tcp-idle 5s, --cut; of a word its text alone. */
static void argument_print(FILE *to, const char *option, const json_t *value)
{
	_free_ char *json = json_is_string(value) || json_is_true(value) ? NULL :
			    json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (option)
		fputs(" --", to);
	for (; option && *option; option++)
		fputc(*option == '_' ? '-' : *option, to);
	if (!json_is_true(value))
		fprintf(to, " %.100s", json ?: json_string_value(value) ?: "");
}

/* Takes the arguments that are the command's words, whose keys are separated by spaces, off the request. */
static void words_print(FILE *to, const char *keys, json_t *request)
{
	while (*keys) {
		size_t len = strcspn(keys, " ");
		char key[32];

		snprintf(key, sizeof(key), "%.*s", (int)len, keys);
		if (json_object_get(request, key))
			argument_print(to, NULL, json_object_get(request, key));
		json_object_del(request, key);
		keys += len + (keys[len] == ' ');
	}
}

static void request_log(const struct daemon *d, const struct verb_form *form, const json_t *request)
{
	const char *word = request_text(request, "do"), *key;
	json_t *rest = json_copy((json_t *)request), *value;
	_free_ char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return;
	for (; *word; word++)
		fputc(*word == '-' ? ' ' : *word, to);
	json_object_del(rest, "do");
	json_object_del(rest, "text");		/* a whole file */
	words_print(to, form ? form->words : "service key backend interface file", rest);
	json_object_foreach(rest, key, value)
		argument_print(to, key, value);
	json_decref(rest);
	if (!fclose(to))
		log_of(LOG_LEVEL_INFO, "command", request_text(request, "service"),
		       "%s asked for: %s", *d->events.by ? d->events.by : "somebody", text);
}

/* ---- answers ---- */

static void answer_to(struct daemon *d, const json_t *request, struct answer *a)
{
	const char *word = request_text(request, "do");
	const struct verb_form *form = word ? verb_form(word) : NULL;
	const struct verb *verb = verb_find(word);

	if (form && verb_validate(form, request, &a->why))
		a->code = EXIT_WORDS;
	else if (!verb)
		answer_no(a, EXIT_WORDS, "%.60s: not a verb of this daemon",
			  word ?: "\"do\" is missing");
	else if (verb->edit)
		change_do(d, request, verb->edit, 1, a);
	else
		verb->run(d, request, a);
	if (verb && (verb->edit || verb->told) && !a->code && !request_flag(request, "plan"))
		request_log(d, form, request);
}

/* Parts wait for the request that is no part; one that is refused was in vain. */
static struct parts *parts_keep(const json_t *request, const struct answer *a)
{
	const char *word = request_text(request, "do");

	if (!a->code && word && !strcmp(word, "part"))
		return a->parts;
	parts_free(a->parts);
	return NULL;
}

static char *answer_text(struct answer *a)
{
	json_t *answer;
	char *text;

	if (a->code) {
		answer = json_pack("{sbsssi}", "ok", 0, "error", a->why.text, "code", a->code);
		json_decref(a->data);
	} else {
		answer = json_pack("{sbso*}", "ok", 1, "data", a->data);
	}
	text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	json_decref(answer);
	return text;
}

/*
 * Has a copy of the daemon answer, which does not return from here. True: it does, or there are
 * too many, which *a says.
 */
static bool answer_aside(struct daemon *d, const json_t *request, struct answer *a,
			 struct aside *ret)
{
	int begun = aside_begin(ret);

	if (begun == -EBUSY)
		answer_no(a, EXIT_NO, "%u such requests are under way: want it asked again", ASIDES_MOST);
	if (begun > 0) {
		answer_to(d, request, a);
		aside_say(ret, answer_text(a));
	}
	return !begun || begun == -EBUSY;
}

static bool goes_aside(const struct daemon *d, const struct verb *verb)
{
	return verb->aside || (verb->aside_now && verb->aside_now(d));
}

/* The whole of an answer that is made in turns, without the end of its line. */
static char *turns_text(struct turns *t)
{
	struct buffer text = {};
	char *ret = NULL;
	int done;

	while (!(done = turns_more(t, &text, NS_PER_S)))
		;
	if (done > 0)
		ret = strndup(text.data, buffer_len(&text) - 1);
	buffer_clear(&text);
	turns_free(t);
	return ret;
}

char *verbs_answer(struct daemon *d, struct parts **parts, const char *line, size_t len,
		   struct later *ret_later)
{
	struct answer a = { .parts = *parts };
	struct later later = { .aside.fd = -1 };
	json_error_t error;
	json_t *request = json_loadb(line, len, 0, &error);
	const struct verb *verb = verb_find(request_text(request, "do"));

	if (!json_is_object(request))
		answer_no(&a, EXIT_WORDS, "want one JSON object a line%s%.100s",
			  request ? "" : ": ", request ? "" : error.text);
	else if (!ret_later || !verb || !goes_aside(d, verb) || !answer_aside(d, request, &a, &later.aside))
		answer_to(d, request, &a);
	*parts = parts_keep(request, &a);
	json_decref(request);
	if (a.turns && !ret_later)
		return turns_text(a.turns);
	later.turns = a.turns;
	if (ret_later)
		*ret_later = later;
	return later.aside.fd >= 0 || later.turns ? NULL : answer_text(&a);
}
