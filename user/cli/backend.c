// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands about backends; with --plan those that change one only say what would happen. */
#include "cli/backend.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/form.h"
#include "cli/common/table.h"
#include "cli/plan.h"
#include "core/value/name.h"

int run_backend_change(const struct args *args)
{
	json_t *request;
	int code;

	if (option(args, "plan") && option(args, "wait"))
		return words_wrong("--plan changes nothing: want no --wait");
	code = form_request(args, &request);
	if (code)
		return code;
	return option(args, "plan") ? plan_ask(args, request) : change_send(args, request);
}

int run_backend_set(const struct args *args)
{
	if (!form_changes(args))
		return words_wrong("backend set: want --weight, --address, --region or --tag");
	return run_backend_change(args);
}

/* ---- what is shown ---- */

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

/* As "up" or "down: connection refused"; "-": not checked. */
static void health_cell(struct table *t, const json_t *backend)
{
	const char *health = text(backend, "health"), *why = text(backend, "why");
	bool told = *why && strcmp(health, "up");

	table_cell(t, "%s%s%s", *health ? health : "-", told ? ": " : "", told ? why : "");
}

/* As "50%", "100% drain" or "75%: connection refused"; "-": it has no agent. */
static void agent_cell(struct table *t, const json_t *backend)
{
	const json_t *agent = json_object_get(backend, "agent");
	const char *state = text(agent, "state"), *why = text(agent, "why");

	if (!agent) {
		table_cell(t, "-");
		return;
	}
	table_cell(t, "%.0f%%%s%s%s%s%s", percent(agent, "weight"), strcmp(state, "ready") ? " " : "",
		   strcmp(state, "ready") ? state : "",
		   json_is_true(json_object_get(agent, "down")) ? " down" : "", *why ? ": " : "", why);
}

/*
 * "removed" for a removed backend: its state cannot be set any more, whether its flows drain
 * or not.
 */
static const char *state_text(const json_t *backend)
{
	if (json_is_true(json_object_get(backend, "removed")))
		return "removed";
	return *text(backend, "state") ? text(backend, "state") : "-";
}

/* As "ssd,beta". */
static void tags_cell(struct table *t, const json_t *backend)
{
	const json_t *tags = json_object_get(backend, "tags"), *tag;
	char buf[TAGS_BYTES] = "-";
	size_t i, at = 0;

	json_array_foreach(tags, i, tag)
		if (at < sizeof(buf))
			at += snprintf(buf + at, sizeof(buf) - at, "%s%s", i ? "," : "",
				       item_text(tag));
	table_cell(t, "%s", buf);
}

/* Which columns the table has beside the usual ones: those with any contents. */
struct places {
	bool regions, tags, agents;
};

static struct places places_of(const json_t *backends)
{
	struct places p = {};
	const json_t *backend;
	size_t i;

	json_array_foreach(backends, i, backend) {
		p.agents = p.agents || json_object_get(backend, "agent");
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
	if (places.agents)
		agent_cell(t, backend);
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
		 "SERVICE|BACKEND|ADDRESS|STATE|>WEIGHT|>SHARE|>PINS%s%s|HEALTH%s|NEXT HOP",
		 places.regions ? "|REGION" : "", places.tags ? "|TAGS" : "",
		 places.agents ? "|AGENT" : "");
	table_begin(&t, heads);
	json_array_foreach(data, i, backend)
		backend_row(&t, backend, places);
	table_end(&t);
}

int run_backend_list(const struct args *args)
{
	return show_verb(args, "backend-list", args_word(args, 0), print_backends);
}
