// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "proto/proto.h"

/*
 * Writes the file. If it is the daemon's own file, tells the daemon that the file now says
 * what runs.
 */
static int save_to(const struct args *args, const char *path, const char *yaml, bool own)
{
	json_t *data = NULL;
	int err = file_replace(path, yaml, strlen(yaml), 0640), code;

	if (err) {
		fprintf(stderr, "xring: %s: %s\n", path, errno_text(-err));
		return EXIT_NO;
	}
	if (!own)
		return 0;
	code = ask(args, request_new("saved"), &data);
	json_decref(data);
	if (!code)
		printf("%s: saved\n", path);
	return code;
}

int run_save(const struct args *args)
{
	const char *to = args->word_count ? args->words[0] : NULL, *file, *yaml;
	json_t *data = NULL;
	int code = ask(args, request_new("save"), &data);

	if (code)
		return code;
	file = json_string_value(json_object_get(data, "file"));
	yaml = json_string_value(json_object_get(data, "yaml"));
	if (args->json)
		code = json_print(data);
	else if (to && !strcmp(to, "-"))
		fputs(yaml, stdout);
	else
		code = save_to(args, to ?: file, yaml, !to || !strcmp(to, file));
	json_decref(data);
	return code;
}
