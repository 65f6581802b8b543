// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/why.h"
#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "conf/conf.h"
#include "core/model/model.h"
#include "proto/proto.h"

/*
 * Is that a configuration? The user of this command may write where the daemon's user may not,
 * so that nothing else is written, whatever answers on the socket. Files that the text names
 * are not opened.
 */
static int check_text(const char *yaml)
{
	static const struct conf_lists none;
	struct conf_source source = {
		.name = "xringd's answer", .text = yaml, .len = strlen(yaml), .lists = &none,
		.remembered = true,
	};
	struct model m;
	struct why why;

	if (conf_parse_source(&source, &m, NULL, &why)) {
		fprintf(stderr, "xring: %s\n", why.text);
		return EXIT_NO;
	}
	model_clear(&m);
	return 0;
}

/*
 * Writes the file. If it is the daemon's own file, tells the daemon that the file now says
 * what runs.
 */
static int save_to(const struct args *args, const char *path, const char *yaml, bool own)
{
	json_t *data = NULL;
	int code = check_text(yaml), err;

	if (code)
		return code;
	err = file_replace(path, yaml, strlen(yaml), 0640);
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

/* A path is never taken from the answer: only this file is written without being named. */
static int save_default(const struct args *args, const char *file, const char *yaml)
{
	if (strcmp(file, PROTO_FILE))
		return words_wrong("save: the daemon's file is %s: want xring save %s", file, file);
	return save_to(args, PROTO_FILE, yaml, true);
}

int run_save(const struct args *args)
{
	const char *to = args_word(args, 0), *file, *yaml;
	json_t *data = NULL;
	int code = ask(args, request_new("save"), &data);

	if (code)
		return code;
	file = text(data, "file");
	yaml = text(data, "yaml");
	if (args->json)
		code = json_print(data);
	else if (!to)
		code = save_default(args, file, yaml);
	else if (!strcmp(to, "-"))
		fputs(yaml, stdout);
	else
		code = save_to(args, to, yaml, !strcmp(to, file));
	json_decref(data);
	return code;
}
