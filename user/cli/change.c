// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands about changes, under way and past. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/span.h"
#include "cli/common/table.h"
#include "cli/common/words.h"
#include "cli/plan_text.h"
#include "core/value/number.h"
#include "proto/proto.h"

static bool under_way(const json_t *change)
{
	return !json_is_string(json_object_get(change, "end"));
}

/* A span of seconds, or "-" if there is none. */
static void span_cell(struct table *t, const json_t *seconds)
{
	char span[SPAN_TEXT];

	table_cell(t, "%s", json_is_number(seconds) ?
			    span_print(json_number_value(seconds), span) : "-");
}

static void change_row(struct table *t, const json_t *change)
{
	char what[512];

	change_what_print(change, what, sizeof(what));
	table_cell(t, "%lld", number(change, "id"));
	table_cell(t, "%s", text(change, "service"));
	table_cell(t, "%s", under_way(change) ? text(change, "stage") : text(change, "end"));
	span_cell(t, under_way(change) ? json_object_get(change, "next_in") : NULL);
	table_cell(t, "%.3f%%", percent(change, "moved"));
	table_cell(t, "%.3f%%", percent(change, "least"));
	table_cell(t, "%lld", number(change, "cells"));
	table_cell(t, "%lld", number(change, "pins"));
	table_cell(t, "%.1f", real(change, "old_per_s"));
	span_cell(t, json_object_get(change, "age"));
	table_cell(t, "%s", what);
}

static void print_changes(const json_t *data)
{
	char heads[] = ">ID|SERVICE|STAGE|>NEXT IN|>MOVED|>LEAST|>CELLS|>PINS|>OLD/S|>AGE|WHAT";
	const json_t *change;
	struct table t;
	size_t i;

	table_begin(&t, heads);
	for (int way = 1; way >= 0; way--)
		json_array_foreach(data, i, change)
			if (under_way(change) == way)
				change_row(&t, change);
	table_end(&t);
}

int run_changes(const struct args *args)
{
	return ask_and_print(args, request_new("changes"), print_changes);
}

static void print_stage(const json_t *change)
{
	const json_t *next = json_object_get(change, "next_in");
	char span[SPAN_TEXT];

	if (!under_way(change)) {
		printf("ended    %s\n", text(change, "end"));
		return;
	}
	printf("stage    %s", text(change, "stage"));
	if (json_is_number(next))
		printf(", the next in %s", span_print(json_number_value(next), span));
	putchar('\n');
}

static void print_change(const json_t *change)
{
	char span[SPAN_TEXT], what[4096];

	change_what_print(change, what, sizeof(what));
	printf("change   %lld\nservice  %s\nwhat     %s\n", number(change, "id"),
	       text(change, "service"), what);
	print_stage(change);
	printf("moved    %.3f%% of the keys, where at least %.3f%% must\n",
	       percent(change, "moved"), percent(change, "least"));
	printf("cells    %lld\npins     %lld\nold      %.1f flows a second still show themselves\n",
	       number(change, "cells"), number(change, "pins"), real(change, "old_per_s"));
	printf("age      %s\n\n", span_print(real(change, "age"), span));
	plan_print_backends(change);
	if (json_array_size(json_object_get(change, "moves")))
		putchar('\n');
	plan_print_moves(change);
}

/*
 * A request about the change of the given number; NULL: it is no number, which has been
 * printed.
 */
static json_t *about(const struct args *args, const char *verb)
{
	uint32_t id;
	json_t *request;

	if (unsigned_parse(args->words[0], 1, UINT32_MAX, &id)) {
		words_wrong("change %s: want a number that xring changes shows", args->words[0]);
		return NULL;
	}
	request = change_new(args, verb);
	json_object_set_new(request, "id", json_integer(id));
	return request;
}

int run_change_show(const struct args *args)
{
	json_t *request = about(args, "change-show");

	return request ? ask_and_print(args, request, print_change) : EXIT_WORDS;
}

int run_change_cancel(const struct args *args)
{
	json_t *request = about(args, "change-cancel");

	return request ? change_send(args, request) : EXIT_WORDS;
}
