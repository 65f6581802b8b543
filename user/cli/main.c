// SPDX-License-Identifier: GPL-2.0-or-later
/* xring: finds the command in the table, reads its words and options, and runs it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/common/args.h"
#include "proto/proto.h"

static int run(struct args *args)
{
	const struct command *c = args->command;

	if (option(args, "help") || option(args, "h")) {
		command_usage(c, stdout);
		return 0;
	}
	args->json = args->json || option(args, "json");
	args->socket = option(args, "socket") ?: args->socket;
	if (args->word_count < c->min || args->word_count > c->max)
		return command_usage(c, stderr);
	return c->run(args);
}

int main(int argc, char **argv)
{
	struct args args = { .socket = PROTO_SOCKET };
	int i = 1, used = 0, err;

	args.table = commands(&args.table_count);
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			usage(stdout);
			return 0;
		}
		if (!strcmp(argv[i], "-V") || !strcmp(argv[i], "--version")) {
			printf("xring %s\n", XRING_VERSION);
			return 0;
		}
		err = args_take_option(&args, "socket= json", argv, argc, &i);
		if (err)
			return err;
	}
	if (i == argc) {
		usage(stderr);
		return EXIT_WORDS;
	}
	args.command = find_command(argv + i, argc - i, &used);
	if (!args.command)
		return words_wrong("%s%s%s: no such command; xring --help lists them", argv[i],
				   i + 1 < argc ? " " : "", i + 1 < argc ? argv[i + 1] : "");
	args.words = calloc(argc, sizeof(*args.words));
	if (!args.words)
		return EXIT_NO;
	err = args_parse(&args, argv + i + used, argc - i - used) ?: run(&args);
	free(args.words);
	if (!err && (fflush(stdout) || ferror(stdout))) {
		fprintf(stderr, "xring: standard output: %s\n", errno_text(errno));
		err = EXIT_NO;
	}
	return err;
}
