// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that change a backend; with --plan they only say what that would do. */
#include "cli/backend.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/table.h"
#include "cli/plan.h"
#include "core/model/placement.h"
#include "core/model/text.h"
#include "core/value/name.h"
#include "core/value/number.h"

static int send_or_plan(const struct args *args, json_t *request)
{
	return option(args, "plan") ? plan_ask(args, request) : change_send(args, request);
}

static int check_backend(const struct args *args)
{
	if (option(args, "plan") && option(args, "wait"))
		return words_wrong("--plan changes nothing: want no --wait");
	return check_name("service", args->words[0]) ?: check_name("backend", args->words[1]);
}

static json_t *backend_request(const struct args *args, const char *verb)
{
	json_t *request = change_new(args, verb);

	request_set(request, "service", args->words[0]);
	request_set(request, "name", args->words[1]);
	return request;
}

/* The region, or '' for none. */
static int check_region(const struct args *args)
{
	const char *region = option(args, "region");

	if (region && *region && !name_valid(region))
		return words_wrong("region %s: want %s, or '' for none", region, WANT_NAME);
	return 0;
}

/* All of --tag, in one text as the daemon has them; --tag '' alone is none. */
static int check_tags(const struct args *args, json_t *ret)
{
	char tags[TAGS_BYTES] = "";
	bool cleared = false;

	for (size_t i = 0; i < args->option_count; i++) {
		const char *tag = args->options[i].value;

		if (!option_is(args, i, "tag"))
			continue;
		if (cleared || (!*tag && *tags))
			return words_wrong("--tag '' is for no tag: want no other beside it");
		cleared = !*tag;
		if (cleared)
			continue;
		if (!name_valid(tag))
			return words_wrong("tag %s: want %s", tag, WANT_TAG);
		if (tags_add(tags, tag))
			return words_wrong("tag %s: want it once, and " WANT_TAGS, tag);
		json_array_append_new(ret, json_string(tag));
	}
	return 0;
}

static int backend_change(const struct args *args, const char *verb, const char *address)
{
	json_t *tags = json_array(), *request;
	struct address parsed;
	uint32_t weight;
	uint16_t port;
	int code = check_backend(args) ?:
		   check_option(args, "weight", WANT_WEIGHT, weight_parse(text_, &weight)) ?:
		   check_region(args) ?: check_tags(args, tags);

	if (!code && address && endpoint_parse(address, &parsed, &port))
		code = words_wrong("address %s: want %s", address, WANT_ENDPOINT);
	if (code) {
		json_decref(tags);
		return code;
	}
	request = backend_request(args, verb);
	if (option(args, "tag"))
		json_object_set(request, "tags", tags);
	json_decref(tags);
	request_set(request, "region", option(args, "region"));
	request_set(request, "address", address);
	request_set(request, "weight", option(args, "weight"));
	return send_or_plan(args, request);
}

int run_backend_add(const struct args *args)
{
	return backend_change(args, "backend-add", args->words[2]);
}

int run_backend_set(const struct args *args)
{
	if (!option(args, "weight") && !option(args, "address") && !option(args, "region") &&
	    !option(args, "tag"))
		return words_wrong("backend set: want --weight, --address, --region or --tag");
	return backend_change(args, "backend-set", option(args, "address"));
}

int run_backend_del(const struct args *args)
{
	return backend_change(args, "backend-del", NULL);
}

int run_backend_drain(const struct args *args)
{
	return backend_change(args, "backend-drain", NULL);
}

int run_backend_undrain(const struct args *args)
{
	return backend_change(args, "backend-undrain", NULL);
}

int run_backend_maintenance(const struct args *args)
{
	return backend_change(args, "backend-maintenance", NULL);
}

int run_backend_enable(const struct args *args)
{
	return backend_change(args, "backend-enable", NULL);
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

void print_backends(const json_t *data)
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

int run_backend_list(const struct args *args)
{
	return show_verb(args, "backend-list", args_word(args, 0), print_backends);
}
