// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that change something. What can be told without the daemon is told here. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/common/args.h"
#include "core/model/check_text.h"
#include "core/model/setting.h"
#include "core/model/text.h"
#include "proto/proto.h"

static int check_vips(const struct args *args, json_t *ret)
{
	struct vip vip;

	for (size_t i = 0; i < args->option_count; i++) {
		const char *text = args->options[i].value;

		if (!option_is(args, i, "vip"))
			continue;
		if (vip_parse(text, &vip))
			return words_wrong("vip %s: want %s", text, WANT_VIP);
		json_array_append_new(ret, json_string(text));
	}
	return 0;
}

/* The option of a setting: its key, with - for _. */
static const char *setting_option(const struct args *args, const struct setting *f)
{
	char name[32];

	snprintf(name, sizeof(name), "%s", f->key);
	for (char *c = name; (c = strchr(c, '_'));)
		*c = '-';
	return option(args, name);
}

static int check_settings(const struct args *args)
{
	struct service ignored;
	size_t count;
	const struct setting *all = settings(NULL, &count);

	for (size_t i = 0; i < count; i++) {
		const char *text = setting_option(args, &all[i]);

		if (text && setting_parse(&all[i], text, &ignored))
			return words_wrong("%s %s: want %s", all[i].key, text, all[i].want);
	}
	return 0;
}

static int check_hot(const struct args *args)
{
	const char *text = option(args, "hot");
	char why[SETTING_ERROR];
	struct service ignored;

	service_init(&ignored);
	return text && settings_parse("hot", text, &ignored, why) ? words_wrong("%s", why) : 0;
}

static int check_check(const struct args *args)
{
	const char *text = option(args, "check");
	char why[CHECK_ERROR];
	struct check ignored;

	return text && check_parse(text, &ignored, why) ? words_wrong("%s", why) : 0;
}

static int check_service(const struct args *args, json_t *vips)
{
	uint32_t vnodes;
	enum mode mode;
	struct key key;

	return check_name("service", args->words[0]) ?: check_vips(args, vips) ?:
	       check_option(args, "mode", WANT_MODE, mode_parse(text_, &mode)) ?:
	       check_option(args, "key", WANT_KEY, key_parse(text_, &key)) ?:
	       check_option(args, "vnodes", WANT_VNODES, vnodes_parse(text_, &vnodes)) ?:
	       check_settings(args) ?: check_hot(args) ?: check_check(args);
}

static int service_change(const struct args *args, const char *verb)
{
	json_t *vips = json_array(), *request;
	size_t count;
	const struct setting *all = settings(NULL, &count);
	int code = check_service(args, vips);

	if (code) {
		json_decref(vips);
		return code;
	}
	request = change_new(args, verb);
	request_set(request, "service", args->words[0]);
	request_set(request, "mode", option(args, "mode"));
	request_set(request, "key", option(args, "key"));
	request_set(request, "vnodes", option(args, "vnodes"));
	for (size_t i = 0; i < count; i++)
		request_set(request, all[i].key, setting_option(args, &all[i]));
	request_set(request, "hot", option(args, "hot"));
	request_set(request, "check", option(args, "check"));
	if (json_array_size(vips))
		json_object_set(request, "vips", vips);
	json_decref(vips);
	return change_send(args, request);
}

int run_service_add(const struct args *args)
{
	if (!option(args, "vip"))
		return words_wrong("service add: want --vip %s", WANT_VIP);
	if (!option(args, "mode"))
		return words_wrong("service add: want --mode %s", WANT_MODE);
	return service_change(args, "service-add");
}

static bool has_setting(const struct args *args)
{
	size_t count;
	const struct setting *all = settings(NULL, &count);

	for (size_t i = 0; i < count; i++)
		if (setting_option(args, &all[i]))
			return true;
	return false;
}

int run_service_set(const struct args *args)
{
	if (!option(args, "vip") && !option(args, "mode") && !option(args, "vnodes") &&
	    !option(args, "key") && !option(args, "hot") && !option(args, "check") &&
	    !has_setting(args))
		return words_wrong("service set: want --vip, --mode, --vnodes, --key, --hot, --check or a setting");
	return service_change(args, "service-set");
}

int run_service_del(const struct args *args)
{
	json_t *request;
	int code = check_name("service", args->words[0]);

	if (code)
		return code;
	request = change_new(args, "service-del");
	request_set(request, "service", args->words[0]);
	return change_send(args, request);
}

static void print_attached(const json_t *data)
{
	printf("%s: attached (%s)\n", json_string_value(json_object_get(data, "interface")),
	       json_string_value(json_object_get(data, "mode")));
}

int run_attach(const struct args *args)
{
	const char *mode = option(args, "mode");
	json_t *request;

	if (mode && strcmp(mode, "native") && strcmp(mode, "generic"))
		return words_wrong("mode %s: want native or generic", mode);
	request = request_new("attach");
	request_set(request, "interface", args->words[0]);
	request_set(request, "mode", mode);
	return ask_and_print(args, request, print_attached);
}

int run_detach(const struct args *args)
{
	json_t *request = request_new("detach");

	request_set(request, "interface", args->words[0]);
	return ask_and_print(args, request, NULL);
}

/* Writes the file, and tells the daemon that it says now what runs. */
static int save_to(const struct args *args, const char *path, const char *yaml, bool own)
{
	json_t *data = NULL;
	int err = file_replace(path, yaml, strlen(yaml), 0640), code;

	if (err) {
		fprintf(stderr, "xring: %s: %s\n", path, errno_text(-err));
		return EXIT_NO;
	}
	if (!own)
		return 0;
	code = ask(args, request_new("saved"), &data);
	json_decref(data);
	if (!code)
		printf("%s: saved\n", path);
	return code;
}

int run_save(const struct args *args)
{
	const char *to = args->word_count ? args->words[0] : NULL, *file, *yaml;
	json_t *data = NULL;
	int code = ask(args, request_new("save"), &data);

	if (code)
		return code;
	file = json_string_value(json_object_get(data, "file"));
	yaml = json_string_value(json_object_get(data, "yaml"));
	if (args->json)
		code = json_print(data);
	else if (to && !strcmp(to, "-"))
		fputs(yaml, stdout);
	else
		code = save_to(args, to ?: file, yaml, !to || !strcmp(to, file));
	json_decref(data);
	return code;
}
