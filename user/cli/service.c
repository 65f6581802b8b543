// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands about services. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/backend.h"
#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/form.h"
#include "cli/common/table.h"
#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/model/model.h"
#include "core/model/setting.h"
#include "core/value/address.h"

int run_service_change(const struct args *args)
{
	json_t *request;

	return form_request(args, &request) ?: change_send(args, request);
}

int run_service_add(const struct args *args)
{
	if (!option(args, "vip"))
		return words_wrong("service add: want --vip %s", WANT_VIP);
	if (!option(args, "mode"))
		return words_wrong("service add: want --mode %s", mode_want());
	return run_service_change(args);
}

int run_service_set(const struct args *args)
{
	if (!form_changes(args))
		return words_wrong("service set: want --vip, --mode, --vnodes, --key, --gue, --hot, --check, --agent or a setting");
	return run_service_change(args);
}

/* ---- what is shown ---- */

#define MAPPING_TEXT 128

/* Settings that are mappings in the file, each an option. */
static const char *const mappings[] = { "gue", "hot" };

static void vips_text(const json_t *service, char *buf, size_t size)
{
	const json_t *vips = json_object_get(service, "vips"), *vip;
	size_t i, at = 0;

	buf[0] = 0;
	json_array_foreach(vips, i, vip)
		if (at < size)
			at += snprintf(buf + at, size - at, "%s%s", i ? "," : "",
				       item_text(vip));
}

/* A value as the configuration file has it: text, number, flag or null. */
static const char *value_text(const json_t *value, char *buf, size_t size)
{
	if (json_is_string(value))
		snprintf(buf, size, "%s", item_text(value));
	else if (json_is_number(value))
		snprintf(buf, size, "%.10g", json_number_value(value));
	else if (json_is_boolean(value))
		snprintf(buf, size, json_is_true(value) ? "true" : "false");
	else
		snprintf(buf, size, "none");
	return buf;
}

/* The text of a setting; NULL: it has its default, or the daemon does not know it. */
static const char *setting_text(const json_t *of, const struct setting *f,
				char buf[SETTING_TEXT])
{
	const json_t *value = json_object_get(of, f->key);
	char normal[SETTING_TEXT];
	struct service s;

	service_init(&s);
	if (!value || !strcmp(value_text(value, buf, SETTING_TEXT), setting_print(f, &s, normal)))
		return NULL;
	return buf;
}

/*
 * The settings of a group that do not have their defaults, as "drain=5m bound=1.25"; returns
 * the length.
 */
static size_t group_text(const json_t *of, const char *group, const char *between, char *buf,
			 size_t size)
{
	size_t count, at = 0;
	const struct setting *all = settings(group, &count);
	char value[SETTING_TEXT];

	buf[0] = 0;
	for (size_t i = 0; i < count && at < size; i++)
		if (setting_text(of, &all[i], value))
			at += snprintf(buf + at, size - at, "%s%s=%s", at ? between : "",
				       all[i].key, value);
	return at;
}

/*
 * The settings of a mapping as its option takes them, --hot "factor=8,shards=1000"; empty: all have
 * their defaults.
 */
static const char *mapping_text(const json_t *service, const char *group, char buf[MAPPING_TEXT])
{
	group_text(json_object_get(service, group), group, ",", buf, MAPPING_TEXT);
	return buf;
}

/*
 * All settings that do not have their defaults, as "drain=5m hot=factor=8 check=http"; "-":
 * there are none.
 */
static void settings_text(const json_t *service, char *buf, size_t size)
{
	const char *type = text(json_object_get(service, "check"), "type");
	size_t at = group_text(service, NULL, " ", buf, size);
	char values[MAPPING_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(mappings); i++)
		if (*mapping_text(service, mappings[i], values) && at < size)
			at += snprintf(buf + at, size - at, "%s%s=%s", at ? " " : "", mappings[i],
				       values);
	if (*type && at < size)
		at += snprintf(buf + at, size - at, "%scheck=%s", at ? " " : "", type);
	if (json_is_object(json_object_get(service, "agent")) && at < size)
		at += snprintf(buf + at, size - at, "%sagent", at ? " " : "");
	if (!at)
		snprintf(buf, size, "-");
}

static void print_services(const json_t *data)
{
	char heads[] = "SERVICE|VIP|MODE|KEY|>VNODES|>BACKENDS|SETTINGS", vips[1024];
	char changed[256];
	const json_t *service;
	struct table t;
	size_t i;

	table_begin(&t, heads);
	json_array_foreach(data, i, service) {
		vips_text(service, vips, sizeof(vips));
		table_cell(&t, "%s", text(service, "name"));
		table_cell(&t, "%s", vips);
		table_cell(&t, "%s", text(service, "mode"));
		table_cell(&t, "%s", text(service, "key"));
		table_cell(&t, "%lld", number(service, "vnodes"));
		table_cell(&t, "%zu", json_array_size(json_object_get(service, "backends")));
		settings_text(service, changed, sizeof(changed));
		table_cell(&t, "%s", changed);
	}
	table_end(&t);
}

static void print_line(const char *key, const char *value)
{
	printf("%-12s%s\n", key, value);
}

/* As "check       type=http path=/ ..."; of a list, one pair for each of its texts. */
static void print_check(const char *what, json_t *check)
{
	json_t *value;
	const char *key;
	char buf[512];
	const json_t *item;
	size_t i;

	if (!json_is_object(check))
		return;
	printf("%-11s", what);
	json_object_foreach(check, key, value) {
		if (!json_is_array(value))
			printf(" %s=%s", key, value_text(value, buf, sizeof(buf)));
		json_array_foreach(value, i, item)
			printf(" %s=%s", key, value_text(item, buf, sizeof(buf)));
	}
	putchar('\n');
}

static void print_service(const json_t *data)
{
	char vips[1024], value[SETTING_TEXT], values[MAPPING_TEXT];
	size_t count;
	const struct setting *all = settings(NULL, &count);

	vips_text(data, vips, sizeof(vips));
	print_line("service", text(data, "name"));
	print_line("vip", vips);
	print_line("mode", text(data, "mode"));
	print_line("key", text(data, "key"));
	printf("%-12s%lld\n", "vnodes", number(data, "vnodes"));
	for (size_t i = 0; i < count; i++)
		if (setting_text(data, &all[i], value))
			print_line(all[i].key, value);
	for (size_t i = 0; i < ARRAY_SIZE(mappings); i++)
		if (*mapping_text(data, mappings[i], values))
			print_line(mappings[i], values);
	print_check("check", json_object_get(data, "check"));
	print_check("agent", json_object_get(data, "agent"));
	putchar('\n');
	print_backends(json_object_get(data, "backends"));
}

int run_service_list(const struct args *args)
{
	return show_verb(args, "service-list", NULL, print_services);
}

int run_service_show(const struct args *args)
{
	return show_verb(args, "service-list", args->words[0], print_service);
}
