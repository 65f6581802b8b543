/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_ARGS_H
#define XRING_CLI_COMMON_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A command line, read by the table of commands (cli/commands.c): the words of each command,
 * what may follow them, and its function. Usage, help and completion print from the same
 * table.
 */
#define WORDS_MAX 4096
#define OPTIONS_MAX 64

struct args {
	const char *socket;
	bool json;
	const struct command *command;
	const struct command *table;	/* all commands */
	size_t table_count;
	const char **words;		/* the words after the command's own */
	size_t word_count;
	struct { const char *name; size_t len; const char *value; } options[OPTIONS_MAX];
	size_t option_count;
};

struct command {
	const char *name;		/* "service add" */
	const char *usage;		/* "NAME --vip ..." */
	const char *help;
	const char *options;		/* as "interval= n"; = marks a value; beside the form's */
	unsigned min, max;		/* least and greatest number of words */
	int (*run)(const struct args *args);
	const char *verb;		/* the verb requested, if it has a form (proto/verbs.h) */
};

#define OPTIONS_TEXT 512
/* All options of a command, in the syntax of command.options. */
const char *command_options(const struct command *c, char buf[OPTIONS_TEXT]);

/* Has option number i of those given that name? */
bool option_is(const struct args *args, size_t i, const char *name);
/*
 * The value of an option, "" if it takes none; NULL: it was not given. The last of several
 * counts.
 */
const char *option(const struct args *args, const char *name);

/* Prints what is wrong with the command line; returns EXIT_WORDS. */
int words_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Word number i; NULL: there are fewer words. */
const char *args_word(const struct args *args, size_t i);

/* 0 if the name is valid, otherwise prints that and returns EXIT_WORDS. */
int check_name(const char *what, const char *name);

/*
 * 0 if the option was not given or `parse`, an expression of its text_, is 0; otherwise
 * prints what is wanted and returns EXIT_WORDS.
 */
#define check_option(args, name, want, parse)                                              \
	({                                                                                 \
		const char *text_ = option(args, name);                                    \
		text_ && (parse) ? words_wrong("%s %s: want %s", name, text_, want) : 0;   \
	})

/*
 * args_take_option() takes the option argv[*i], which must be in the list, and its value.
 * args_parse() takes all words and options after the command. 0, or EXIT_WORDS after printing
 * what is wrong.
 */
int args_take_option(struct args *args, const char *list, char **argv, int argc, int *i);
int args_parse(struct args *args, char **argv, int argc);

#endif
