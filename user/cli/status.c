// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that show something: a table for people, --json for programs. */
#include <stdio.h>
#include <string.h>

#include "cli/common/args.h"
#include "cli/common/field.h"
#include "cli/common/table.h"
#include "core/model/setting.h"
#include "core/model/text.h"

static int show(const struct args *args, const char *verb, const char *service,
		void (*print)(const json_t *data))
{
	json_t *request = request_new(verb);

	request_set(request, "service", service);
	return ask_and_print(args, request, print);
}

static const char *word(const struct args *args, size_t i)
{
	return i < args->word_count ? args->words[i] : NULL;
}

/* ---- services, backends ---- */

static void vips_text(const json_t *service, char *buf, size_t size)
{
	const json_t *vips = json_object_get(service, "vips"), *vip;
	size_t i, at = 0;

	buf[0] = 0;
	json_array_foreach(vips, i, vip)
		if (at < size)
			at += snprintf(buf + at, size - at, "%s%s", i ? "," : "",
				       json_string_value(vip));
}

/* A text as it is; a number, a flag and null as in the file. */
static const char *value_text(const json_t *value, char *buf, size_t size)
{
	if (json_is_string(value))
		snprintf(buf, size, "%s", json_string_value(value));
	else if (json_is_number(value))
		snprintf(buf, size, "%.10g", json_number_value(value));
	else if (json_is_boolean(value))
		snprintf(buf, size, json_is_true(value) ? "true" : "false");
	else
		snprintf(buf, size, "none");
	return buf;
}

/* The setting where it is not the default; NULL: it is, or the daemon has none. */
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

/* "drain=5m bound=1.25": those of a group that are not the default, and their length. */
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

#define HOT_TEXT 128

/* "factor=8,shards=1000", as --hot takes it; empty: all of it is the default. */
static const char *hot_text(const json_t *service, char buf[HOT_TEXT])
{
	group_text(json_object_get(service, "hot"), "hot", ",", buf, HOT_TEXT);
	return buf;
}

/* "drain=5m hot=factor=8 check=http": what is not the default; "-": all is. */
static void settings_text(const json_t *service, char *buf, size_t size)
{
	const char *type = text(json_object_get(service, "check"), "type");
	size_t at = group_text(service, NULL, " ", buf, size);
	char hot[HOT_TEXT];

	if (*hot_text(service, hot) && at < size)
		at += snprintf(buf + at, size - at, "%shot=%s", at ? " " : "", hot);
	if (*type && at < size)
		at += snprintf(buf + at, size - at, "%scheck=%s", at ? " " : "", type);
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

static void hop_cell(struct table *t, const json_t *hop)
{
	if (!hop)
		table_cell(t, "not in the maps yet");
	else if (!strcmp(text(hop, "state"), "resolved"))
		table_cell(t, "%s%s%s", text(hop, "mac"), *text(hop, "gateway") ? " via " : "",
			   text(hop, "gateway"));
	else
		table_cell(t, "unresolved: %s", text(hop, "why"));
}

/* "up", "down: connection refused"; -: nobody looks. */
static void health_cell(struct table *t, const json_t *backend)
{
	const char *health = text(backend, "health"), *why = text(backend, "why");
	bool told = *why && strcmp(health, "up");

	table_cell(t, "%s%s%s", *health ? health : "-", told ? ": " : "", told ? why : "");
}

/* One that is removed has no state to be set any more, whether its flows drain or not. */
static const char *state_text(const json_t *backend)
{
	if (json_is_true(json_object_get(backend, "removed")))
		return "removed";
	return *text(backend, "state") ? text(backend, "state") : "-";
}

/* "ssd,beta" */
static void tags_cell(struct table *t, const json_t *backend)
{
	const json_t *tags = json_object_get(backend, "tags"), *tag;
	char buf[TAGS_BYTES] = "-";
	size_t i, at = 0;

	json_array_foreach(tags, i, tag)
		if (at < sizeof(buf))
			at += snprintf(buf + at, sizeof(buf) - at, "%s%s", i ? "," : "",
				       json_string_value(tag));
	table_cell(t, "%s", buf);
}

/* Which columns there are beside the usual ones: those in which anything is. */
struct places {
	bool regions, tags;
};

static struct places places_of(const json_t *backends)
{
	struct places p = {};
	const json_t *backend;
	size_t i;

	json_array_foreach(backends, i, backend) {
		p.regions = p.regions || *text(backend, "region");
		p.tags = p.tags || json_array_size(json_object_get(backend, "tags"));
	}
	return p;
}

static void backend_row(struct table *t, const json_t *backend, struct places places)
{
	table_cell(t, "%s", text(backend, "service"));
	table_cell(t, "%s", text(backend, "name"));
	table_cell(t, "%s", text(backend, "address"));
	table_cell(t, "%s", state_text(backend));
	table_cell(t, "%g", real(backend, "weight"));
	table_cell(t, "%.2f%%", percent(backend, "share"));
	table_cell(t, "%lld", number(backend, "pins"));
	if (places.regions)
		table_cell(t, "%s", *text(backend, "region") ? text(backend, "region") : "-");
	if (places.tags)
		tags_cell(t, backend);
	health_cell(t, backend);
	hop_cell(t, json_object_get(backend, "next_hop"));
}

static void print_backends(const json_t *data)
{
	struct places places = places_of(data);
	const json_t *backend;
	char heads[128];
	struct table t;
	size_t i;

	snprintf(heads, sizeof(heads),
		 "SERVICE|BACKEND|ADDRESS|STATE|>WEIGHT|>SHARE|>PINS%s%s|HEALTH|NEXT HOP",
		 places.regions ? "|REGION" : "", places.tags ? "|TAGS" : "");
	table_begin(&t, heads);
	json_array_foreach(data, i, backend)
		backend_row(&t, backend, places);
	table_end(&t);
}

static void print_line(const char *key, const char *value)
{
	printf("%-12s%s\n", key, value);
}

/* "check       type=http path=/ ..." */
static void print_check(json_t *check)
{
	json_t *value;
	const char *key;
	char buf[512];

	if (!json_is_object(check))
		return;
	printf("%-11s", "check");
	json_object_foreach(check, key, value)
		printf(" %s=%s", key, value_text(value, buf, sizeof(buf)));
	putchar('\n');
}

static void print_service(const json_t *data)
{
	char vips[1024], value[SETTING_TEXT], hot[HOT_TEXT];
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
	if (*hot_text(data, hot))
		print_line("hot", hot);
	print_check(json_object_get(data, "check"));
	putchar('\n');
	print_backends(json_object_get(data, "backends"));
}

int run_service_list(const struct args *args)
{
	return show(args, "service-list", NULL, print_services);
}

int run_service_show(const struct args *args)
{
	return show(args, "service-list", args->words[0], print_service);
}

int run_backend_list(const struct args *args)
{
	return show(args, "backend-list", word(args, 0), print_backends);
}

/* ---- the ring ---- */

static void print_ring(const json_t *data)
{
	char heads[] = "BACKEND|>VNODES|>SHARE|>SEEN|>PACKETS";
	const json_t *backend;
	double most = 0, sum = 0;
	struct table t;
	size_t i, n = 0;

	printf("%s: %lld points in %lld cells\n\n", text(data, "service"), number(data, "points"),
	       number(data, "cells"));
	table_begin(&t, heads);
	json_array_foreach(json_object_get(data, "backends"), i, backend) {
		double share = percent(backend, "share");

		table_cell(&t, "%s", text(backend, "name"));
		table_cell(&t, "%lld", number(backend, "vnodes"));
		table_cell(&t, "%.2f%%", share);
		table_cell(&t, "%.2f%%", percent(backend, "seen"));
		table_cell(&t, "%lld", number(backend, "packets"));
		if (!number(backend, "vnodes"))
			continue;
		share /= number(backend, "vnodes");
		most = share > most ? share : most;
		sum += percent(backend, "share");
		n += number(backend, "vnodes");
	}
	table_end(&t);
	if (n)
		printf("\nlargest share / what its weight asks for: %.3f\n", most / (sum / n));
}

int run_ring_show(const struct args *args)
{
	return show(args, "ring-show", args->words[0], print_ring);
}

/* ---- the daemon ---- */

static void print_status(const json_t *data)
{
	const json_t *program = json_object_get(data, "program");
	const json_t *writes = json_object_get(data, "writes");
	const json_t *room = json_object_get(data, "room");
	char heads[] = "INTERFACE|REGION|MODE|ATTACHED BY|>PROGRAM";
	const json_t *interface;
	struct table t;
	size_t i;

	printf("xringd %s, pid %lld, up %lld s%s\n", text(data, "version"), number(data, "pid"),
	       number(data, "uptime"),
	       json_is_true(json_object_get(data, "adopted")) ? ", adopted a running datapath" : "");
	printf("file     %s\npins     %s\nstate    %s\n", text(data, "file"), text(data, "pins"),
	       text(data, "state"));
	printf("program  id %lld, %lld instructions walked by the verifier\n",
	       number(program, "id"), number(program, "verifier_instructions"));
	printf("room     %lld services; %lld of %lld backends; %lld of %lld cells\n",
	       number(data, "services"), number(room, "backends_used"), number(room, "backends"),
	       number(room, "cells_used"), number(room, "cells"));
	printf("writes   %lld changes, %lld gathered now; %lld flushes, %lld cells, "
	       "last %.3f ms, longest %.3f ms\n\n",
	       number(writes, "asked"), number(writes, "pending"), number(writes, "flushes"),
	       number(writes, "cells_written"),
	       json_number_value(json_object_get(writes, "flush_ms")),
	       json_number_value(json_object_get(writes, "flush_ms_max")));
	table_begin(&t, heads);
	json_array_foreach(json_object_get(data, "interfaces"), i, interface) {
		const char *region = text(interface, "region");

		table_cell(&t, "%s", text(interface, "name"));
		table_cell(&t, "%s", *region ? region : "-");
		table_cell(&t, "%s", text(interface, "mode"));
		table_cell(&t, "%s", text(interface, "by"));
		table_cell(&t, "%lld", number(interface, "program"));
	}
	table_end(&t);
}

int run_status(const struct args *args)
{
	return show(args, "status", NULL, print_status);
}
