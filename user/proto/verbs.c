// SPDX-License-Identifier: GPL-2.0-or-later
#include "proto/verbs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "base/why.h"
#include "core/model/check_text.h"
#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/model/setting.h"
#include "core/model/text.h"
#include "core/value/address.h"
#include "core/value/name.h"
#include "core/value/number.h"

/* ---- arguments ---- */

static int wrong(struct why *why, const char *what, const char *text, const char *want)
{
	return why_set(why, -EINVAL, "%s %s: want %s", what, text, want);
}

static int service_right(const char *text, struct why *why)
{
	return name_valid(text) ? 0 : wrong(why, "service", text, WANT_NAME);
}

static int backend_right(const char *text, struct why *why)
{
	return name_valid(text) ? 0 : wrong(why, "backend", text, WANT_NAME);
}

static int address_right(const char *text, struct why *why)
{
	struct address address;
	uint16_t port;

	return endpoint_parse(text, &address, &port) ? wrong(why, "address", text, WANT_ENDPOINT) : 0;
}

static int weight_right(const char *text, struct why *why)
{
	uint32_t weight;

	return weight_parse(text, &weight) ? wrong(why, "weight", text, WANT_WEIGHT) : 0;
}

static int region_right(const char *text, struct why *why)
{
	return !*text || name_valid(text) ? 0 :
	       wrong(why, "region", text, WANT_NAME ", or \'\' for none");
}

static int tag_right(const char *text, struct why *why)
{
	return name_valid(text) ? 0 : wrong(why, "tag", text, WANT_TAG);
}

/* The tags of a list: none twice, and all together must fit into what a backend can store. */
static int tags_right(const json_t *list, struct why *why)
{
	char tags[TAGS_BYTES] = "";
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *tag = json_string_value(item);
		int err = tags_add(tags, tag);

		if (err)
			return wrong(why, "tag", tag, err == -EEXIST ? "it once" : WANT_TAGS);
	}
	return 0;
}

static int vip_right(const char *text, struct why *why)
{
	struct vip vip;

	return vip_parse(text, &vip) ? wrong(why, "vip", text, WANT_VIP) : 0;
}

static int mode_right(const char *text, struct why *why)
{
	enum mode mode;

	return mode_parse(text, &mode) ? wrong(why, "mode", text, mode_want()) : 0;
}

static int key_right(const char *text, struct why *why)
{
	struct key key;

	return key_parse(text, &key) ? wrong(why, "key", text, key_want()) : 0;
}

static int vnodes_right(const char *text, struct why *why)
{
	uint32_t vnodes;

	return vnodes_parse(text, &vnodes) ? wrong(why, "vnodes", text, WANT_VNODES) : 0;
}

static int hot_right(const char *text, struct why *why)
{
	struct service ignored;

	service_init(&ignored);
	return settings_parse("hot", text, &ignored, why);
}

static int gue_right(const char *text, struct why *why)
{
	struct service ignored;

	service_init(&ignored);
	return settings_parse("gue", text, &ignored, why);
}

static int check_right(const char *text, struct why *why)
{
	struct check ignored;

	return check_parse(text, &ignored, why);
}

static int agent_right(const char *text, struct why *why)
{
	struct check ignored;

	return check_parse_agent(text, &ignored, why);
}

static const struct argument arguments[] = {
	{ "service", "service", ARGUMENT_TEXT, service_right },
	{ "name", "name", ARGUMENT_TEXT, backend_right },
	{ "address", "address", ARGUMENT_TEXT, address_right },
	{ "weight", "weight", ARGUMENT_TEXT, weight_right },
	{ "region", "region", ARGUMENT_TEXT, region_right },
	{ "tags", "tag", ARGUMENT_LIST, tag_right, tags_right },
	{ "vips", "vip", ARGUMENT_LIST, vip_right },
	{ "mode", "mode", ARGUMENT_TEXT, mode_right },
	{ "key", "key", ARGUMENT_TEXT, key_right },
	{ "vnodes", "vnodes", ARGUMENT_TEXT, vnodes_right },
	{ "gue", "gue", ARGUMENT_TEXT, gue_right },
	{ "hot", "hot", ARGUMENT_TEXT, hot_right },
	{ "check", "check", ARGUMENT_TEXT, check_right },
	{ "agent", "agent", ARGUMENT_TEXT, agent_right },
	{ "now", "now", ARGUMENT_FLAG },
	{ "cut", "cut", ARGUMENT_FLAG },
	{ "plan", "plan", ARGUMENT_FLAG },
};

/* ---- the forms of the verbs ---- */

/* In a form, stands for the keys of all settings of a service (core/model/setting.h). */
#define SETTINGS "*"
#define SERVICE "vips mode key vnodes " SETTINGS " gue hot check agent now"
#define BACKEND "weight region tags now cut plan"
#define MOVE "now cut plan"

static const struct verb_form forms[] = {
	{ "service-add", "service", SERVICE },
	{ "service-set", "service", SERVICE " cut" },
	{ "service-del", "service", "now" },
	{ "backend-add", "service name address", BACKEND },
	{ "backend-set", "service name", "address " BACKEND },
	{ "backend-del", "service name", MOVE },
	{ "backend-drain", "service name", MOVE },
	{ "backend-undrain", "service name", MOVE },
	{ "backend-maintenance", "service name", MOVE },
	{ "backend-enable", "service name", MOVE },
};

const struct verb_form *verb_form(const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i].verb, verb))
			return &forms[i];
	return NULL;
}

void verb_begin(struct argument_cursor *c, const struct verb_form *form)
{
	*c = (struct argument_cursor){ .form = form, .at = form->words };
}

/* Fills the cursor's argument with the next setting. Its option is its key, with - for _. */
static const struct argument *next_setting(struct argument_cursor *c)
{
	size_t count;
	const struct setting *all = settings(NULL, &count);
	const struct setting *f = &all[c->setting];

	c->argument = (struct argument){ f->key, c->option, ARGUMENT_TEXT };
	snprintf(c->option, sizeof(c->option), "%s", f->key);
	for (char *at = c->option; (at = strchr(at, '_'));)
		*at = '-';
	if (++c->setting == count)
		c->at += strlen(SETTINGS);
	return &c->argument;
}

const struct argument *verb_next(struct argument_cursor *c)
{
	size_t len;

	c->at += strspn(c->at, " ");
	if (!*c->at && c->at == c->form->words + strlen(c->form->words))
		c->at = c->form->options;
	if (*c->at == *SETTINGS)
		return next_setting(c);
	len = strcspn(c->at, " ");
	for (size_t i = 0; len && i < ARRAY_SIZE(arguments); i++) {
		if (strlen(arguments[i].key) != len || strncmp(arguments[i].key, c->at, len))
			continue;
		c->at += len;
		return &arguments[i];
	}
	return NULL;
}

/* ---- validating a request ---- */

static int setting_right(const char *key, const char *text, struct why *why)
{
	const struct setting *f = setting_find(NULL, key);
	struct service ignored;

	return f && setting_parse(f, text, &ignored) ? wrong(why, key, text, f->want) : 0;
}

static int text_right(const struct argument *a, const char *text, struct why *why)
{
	return a->validate ? a->validate(text, why) : setting_right(a->key, text, why);
}

static int list_right(const struct argument *a, const json_t *list, struct why *why)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(list))
		return why_set(why, -EINVAL, "%s: want a list", a->key);
	json_array_foreach(list, i, item) {
		int err = text_right(a, json_string_value(item) ?: "", why);

		if (err)
			return err;
	}
	return a->validate_list ? a->validate_list(list, why) : 0;
}

static int argument_right(const struct argument *a, const json_t *value, struct why *why)
{
	switch (a->kind) {
	case ARGUMENT_TEXT:
		if (!json_is_string(value))
			return why_set(why, -EINVAL, "%s: want a text", a->key);
		return text_right(a, json_string_value(value), why);
	case ARGUMENT_LIST:
		return list_right(a, value, why);
	case ARGUMENT_FLAG:
		break;
	}
	return 0;
}

/* Is the key one of the form's words, which every request must have? */
static bool is_word(const struct verb_form *form, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = form->words; *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (strcspn(at, " ") == len && !strncmp(at, key, len))
			return true;
	return false;
}

int verb_validate(const struct verb_form *form, const json_t *request, struct why *why)
{
	struct argument_cursor c;
	const struct argument *a;

	verb_begin(&c, form);
	while ((a = verb_next(&c))) {
		const json_t *value = json_object_get(request, a->key);
		int err = value || is_word(form, a->key) ? argument_right(a, value, why) : 0;

		if (err)
			return err;
	}
	return 0;
}
