// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all commands that change something share: --now, --cut, --wait, and the numbers of
 * changes.
 */
#include <stdio.h>

#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/watch.h"
#include "core/value/name.h"

int check_name(const char *what, const char *name)
{
	return name_valid(name) ? 0 : words_wrong("%s %s: want %s", what, name, WANT_NAME);
}

json_t *change_new(const struct args *args, const char *verb)
{
	json_t *request = request_new(verb);

	if (option(args, "now"))
		json_object_set_new(request, "now", json_true());
	if (option(args, "cut"))
		json_object_set_new(request, "cut", json_true());
	return request;
}

static void print_ids(const json_t *ids)
{
	const json_t *id;
	size_t i;

	json_array_foreach(ids, i, id)
		printf("change %lld\n", json_integer_value(id));
	fflush(stdout);
}

int change_send(const struct args *args, json_t *request)
{
	enum stage until;
	json_t *data = NULL, *ids;
	int code = watch_option(args, STAGE_PREPARE, &until);

	if (code) {
		json_decref(request);
		return code;
	}
	code = ask(args, request, &data);
	ids = json_object_get(data, "changes");
	if (!code && args->json && data)
		json_print(data);
	if (!code && until > STAGE_PREPARE)
		code = watch(args, ids, until);
	else if (!code && !args->json)
		print_ids(ids);
	json_decref(data);
	return code;
}

int show_verb(const struct args *args, const char *verb, const char *service,
	      void (*print)(const json_t *data))
{
	json_t *request = request_new(verb);

	request_set(request, "service", service);
	return ask_and_print(args, request, print);
}
