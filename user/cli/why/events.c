// SPDX-License-Identifier: GPL-2.0-or-later
/* The command events: what happened, as the daemon has it; --follow asks for what comes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/span.h"
#include "cli/why/why.h"
#include "core/value/number.h"
#include "proto/proto.h"

#define LAST 50u
#define LAST_MOST 10000u
#define FOLLOW_NS 500000000

static void event_print(const json_t *event)
{
	char when[MOMENT_TEXT];

	printf("%s  %-7s  %-13s  %s\n", moment_print(real(event, "time"), "%F %T", when),
	       text(event, "level"), text(event, "kind"), text(event, "text"));
}

/* With --json and --follow each event is a line. */
static void show(const struct args *args, const json_t *list)
{
	const json_t *event;
	size_t i;

	json_array_foreach(list, i, event) {
		if (!args->json) {
			event_print(event);
			continue;
		}
		json_dumpf(event, stdout, JSON_COMPACT);
		putchar('\n');
	}
}

static json_t *request(const struct args *args)
{
	json_t *request = request_new("events");

	request_set(request, "service", args_word(args, 0));
	request_set(request, "kind", option(args, "kind"));
	return request;
}

/* The last events, and with --follow what comes behind them. */
static int walk(const struct args *args, uint32_t last, json_t *all)
{
	const struct timespec pause = { 0, FOLLOW_NS };
	json_t *ask_for = request(args);
	bool follows = option(args, "follow");

	json_object_set_new(ask_for, "last", json_integer(last));
	for (;;) {
		json_t *data = NULL, *list;
		bool more;
		int code = ask(args, ask_for, &data);

		if (code)
			return code;
		list = json_object_get(data, "events");
		if (all)
			json_array_extend(all, list);
		else
			show(args, list);
		if (fflush(stdout)) {
			fprintf(stderr, "xring: standard output: %s\n", strerror(errno));
			json_decref(data);
			return EXIT_NO;
		}
		more = json_is_true(json_object_get(data, "more"));
		ask_for = more || follows ? request(args) : NULL;
		if (ask_for)
			json_object_set(ask_for, "after", json_object_get(data, "after"));
		json_decref(data);
		if (!ask_for)
			return 0;
		if (!more)
			nanosleep(&pause, NULL);
	}
}

int run_events(const struct args *args)
{
	const char *n = option(args, "n");
	uint32_t last = LAST;
	json_t *all;
	int code;

	if (n && unsigned_parse(n, 1, LAST_MOST, &last))
		return words_wrong("n %s: want 1 to %u", n, LAST_MOST);
	if (!args->json || option(args, "follow"))
		return walk(args, last, NULL);
	all = json_array();
	code = walk(args, last, all);
	if (!code)
		json_print(all);
	json_decref(all);
	return code;
}
