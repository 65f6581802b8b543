// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"

static void print_attached(const json_t *data)
{
	printf("%s: attached (%s)\n", text(data, "interface"), text(data, "mode"));
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
