// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/table.h"

/* What is wrong with the state directory. */
static void print_keeping(const json_t *keeping)
{
	const json_t *aside;
	size_t i;

	if (json_is_false(json_object_get(keeping, "kept")))
		printf("         changes are refused: %s\n", text(keeping, "why"));
	json_array_foreach(json_object_get(keeping, "set_aside"), i, aside)
		printf("         damaged, and set aside: %s\n", json_string_value(aside));
}

#define WRONG_MOST 20			/* lines; --json has all */

/* The first line: ok, or what is wrong; and more of it. */
static void print_wrong(const json_t *wrong)
{
	size_t count = json_array_size(wrong);

	if (!count)
		puts("ok");
	for (size_t i = 0; i < count && i < WRONG_MOST; i++)
		puts(json_string_value(json_array_get(wrong, i)) ?: "");
	if (count > WRONG_MOST)
		printf("and %zu more\n", count - WRONG_MOST);
	putchar('\n');
}

static void print_status(const json_t *data)
{
	const json_t *program = json_object_get(data, "program");
	const json_t *writes = json_object_get(data, "writes");
	const json_t *room = json_object_get(data, "room");
	char heads[] = "INTERFACE|REGION|MODE|ATTACHED BY|>PROGRAM";
	const json_t *interface;
	struct table t;
	size_t i;

	print_wrong(json_object_get(data, "wrong"));
	printf("xringd %s, pid %lld, up %lld s%s\n", text(data, "version"), number(data, "pid"),
	       number(data, "uptime"),
	       json_is_true(json_object_get(data, "adopted")) ? ", adopted a running datapath" : "");
	printf("file     %s\npins     %s\nstate    %s\n", text(data, "file"), text(data, "pins"),
	       text(data, "state"));
	print_keeping(json_object_get(data, "keeping"));
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
	return show_verb(args, "status", NULL, print_status);
}
