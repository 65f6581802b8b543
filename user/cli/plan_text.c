// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of a plan: backends before and after, moves, clients, what else differs. */
#include "cli/plan_text.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/field.h"
#include "cli/common/span.h"
#include "cli/common/table.h"

#define MOVES_SHOWN 20u		/* --json has all moves */

bool plan_is_empty(const json_t *data)
{
	return !json_array_size(json_object_get(data, "services")) &&
	       !json_array_size(json_object_get(data, "clients")) &&
	       !json_array_size(json_object_get(data, "other"));
}

/* ---- what moves ---- */

static const json_t *backend_named(const json_t *list, const char *name)
{
	const json_t *backend;
	size_t i;

	json_array_foreach(list, i, backend)
		if (!strcmp(text(backend, "name"), name))
			return backend;
	return NULL;
}

static void weight_and_share(struct table *t, const json_t *backend)
{
	if (!backend) {
		table_cell(t, "-");
		table_cell(t, "-");
		return;
	}
	table_cell(t, "%g", real(backend, "weight"));
	table_cell(t, "%.3f%%", percent(backend, "share"));
}

static void backend_row(struct table *t, const char *name, const json_t *before,
			const json_t *after)
{
	table_cell(t, "%s", name);
	weight_and_share(t, before);
	table_cell(t, "->");
	weight_and_share(t, after);
}

void plan_print_backends(const json_t *service)
{
	const json_t *before = json_object_get(service, "before"), *backend;
	const json_t *after = json_object_get(service, "after");
	char heads[] = "BACKEND|>WEIGHT|>SHARE||>WEIGHT|>SHARE";
	struct table t;
	size_t i;

	table_begin(&t, heads);
	json_array_foreach(before, i, backend)
		backend_row(&t, text(backend, "name"), backend,
			    backend_named(after, text(backend, "name")));
	json_array_foreach(after, i, backend)
		if (!backend_named(before, text(backend, "name")))
			backend_row(&t, text(backend, "name"), NULL, backend);
	table_end(&t);
}

/* One end of a move; "nobody" if there is no backend (null, or no text). */
static const char *end_of_move(const json_t *move, const char *key)
{
	return *text(move, key) ? text(move, key) : "nobody";
}

void plan_print_moves(const json_t *service)
{
	const json_t *moves = json_object_get(service, "moves"), *move;
	char heads[] = "FROM||TO|>SHARE";
	double rest = 0;
	struct table t;
	size_t i;

	if (!json_array_size(moves))
		return;
	table_begin(&t, heads);
	json_array_foreach(moves, i, move) {
		if (i >= MOVES_SHOWN) {
			rest += percent(move, "share");
			continue;
		}
		table_cell(&t, "%s", end_of_move(move, "from"));
		table_cell(&t, "->");
		table_cell(&t, "%s", end_of_move(move, "to"));
		table_cell(&t, "%.3f%%", percent(move, "share"));
	}
	table_end(&t);
	if (i > MOVES_SHOWN)
		printf("and %zu more moves, %.3f%% together\n", i - MOVES_SHOWN, rest);
}

/* ---- one service ---- */

static void print_headline(const json_t *service)
{
	const char *action = text(service, "action"), *name = text(service, "service");

	if (!strcmp(action, "add"))
		printf("%s: a new service\n", name);
	else if (!strcmp(action, "remove"))
		printf("%s: the service is removed\n", name);
	else if (!real(service, "moved"))
		printf("%s: changes, and no key moves\n", name);
	else
		printf("%s: %.3f%% of the keys move, where at least %.3f%% must\n", name,
		       percent(service, "moved"), percent(service, "least"));
}

void plan_print_headlines(const json_t *data)
{
	const json_t *service;
	size_t i;

	json_array_foreach(json_object_get(data, "services"), i, service)
		print_headline(service);
}

static void print_flows(const json_t *service)
{
	const json_t *flows = json_object_get(service, "new_flows");

	if (json_is_number(flows))
		printf("flows    about %.0f at stake", json_number_value(flows));
	else
		printf("flows    not known yet how many are at stake");
	printf("; %lld pinned now\n", number(service, "pins"));
}

static void print_stages(const json_t *stages)
{
	static const struct { const char *key, *name; } all[] = {
		{ "prepare", "prepare" }, { "copy", "copy" }, { "catch_up", "catch-up" },
		{ "switch", "switch" }, { "cleanup", "cleanup" },
	};
	const char *comma = "";
	char span[SPAN_TEXT];

	if (!json_is_object(stages))
		return;
	printf("stages   ");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const json_t *seconds = json_object_get(stages, all[i].key);

		if (!seconds)
			continue;
		printf("%s%s %s", comma, all[i].name,
		       json_is_number(seconds) ? span_print(json_number_value(seconds), span) :
						 "until its flows end");
		comma = ", ";
	}
	putchar('\n');
}

static void print_service(const json_t *service)
{
	print_headline(service);
	putchar('\n');
	plan_print_backends(service);
	putchar('\n');
	if (json_array_size(json_object_get(service, "moves"))) {
		plan_print_moves(service);
		putchar('\n');
	}
	print_flows(service);
	printf("cells    %lld to be written\n", number(service, "cells"));
	print_stages(json_object_get(service, "stages"));
}

/* ---- clients ---- */

static void print_shares(const json_t *shares)
{
	const json_t *share;
	const char *region, *comma = "";

	json_object_foreach((json_t *)shares, region, share) {
		printf("%s%s %.1f%%", comma, *region ? region : "-", 100 * json_real_value(share));
		comma = ", ";
	}
	if (!json_object_size(shares))
		printf("nowhere");
}

/*
 * As "web: eu.txt, by rule 1: 3 networks (0.002% of IPv4, 0% of IPv6): [+region=east] instead
 * of all".
 */
static void print_clients(const json_t *way)
{
	const char *interface = text(way, "interface");

	printf("%s: %s", text(way, "service"), text(way, "clients"));
	if (number(way, "rule"))
		printf(", by rule %lld", number(way, "rule"));
	printf(": %lld network%s (%.3g%% of IPv4, %.3g%% of IPv6)", number(way, "networks"),
	       number(way, "networks") == 1 ? "" : "s", percent(way, "ipv4"),
	       percent(way, "ipv6"));
	if (*interface)
		printf(" that enter by %s", interface);
	if (strcmp(text(way, "from"), text(way, "to")))
		printf(": %s instead of %s", text(way, "to"), text(way, "from"));
	else
		printf(": %s", text(way, "to"));
	printf("\n    ");
	print_shares(json_object_get(way, "before"));
	printf(" -> ");
	print_shares(json_object_get(way, "after"));
	putchar('\n');
}

void plan_print(const json_t *data)
{
	const json_t *other = json_object_get(data, "other"), *item;
	size_t i;

	if (plan_is_empty(data)) {
		printf("nothing would change\n");
		return;
	}
	json_array_foreach(json_object_get(data, "services"), i, item) {
		print_service(item);
		putchar('\n');
	}
	json_array_foreach(json_object_get(data, "clients"), i, item)
		print_clients(item);
	if (i)
		putchar('\n');
	json_array_foreach(other, i, item)
		printf("%s\n", item_text(item));
	if (json_array_size(other))
		putchar('\n');
}
