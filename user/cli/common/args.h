/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_ARGS_H
#define XRING_CLI_COMMON_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * One table of commands (cli/commands.c): the words, what follows them, and who does it.
 * Usage, help and completion print from the same table.
 */
#define WORDS_MAX 4096
#define OPTIONS_MAX 64

struct args {
	const char *socket;
	bool json;
	const struct command *command;
	const struct command *table;	/* all of them */
	size_t table_count;
	const char **words;		/* after the command's own */
	size_t word_count;
	struct { const char *name; size_t len; const char *value; } options[OPTIONS_MAX];
	size_t option_count;
};

struct command {
	const char *name;		/* "service add" */
	const char *usage;		/* "NAME --vip ..." */
	const char *help;
	/* "interval= n": those with a value end in =; beside those of the verb's form */
	const char *options;
	unsigned min, max;		/* words */
	int (*run)(const struct args *args);
	const char *verb;		/* that it asks for, if that has a form (proto/verbs.h) */
};

#define OPTIONS_TEXT 512
/* All options of a command, as in `options`. */
const char *command_options(const struct command *c, char buf[OPTIONS_TEXT]);

/* Is option number i the one of that name? */
bool option_is(const struct args *args, size_t i, const char *name);
/* NULL where the option was not given; the last one counts. */
const char *option(const struct args *args, const char *name);

/* Says what is wrong with the words; EXIT_WORDS. */
int words_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Word number i; NULL: there are not so many. */
const char *args_word(const struct args *args, size_t i);

/* Is the name one? Otherwise says so; EXIT_WORDS. */
int check_name(const char *what, const char *name);

/* Is the option's value, where it is given, one that `parse` takes? */
#define check_option(args, name, want, parse)                                              \
	({                                                                                 \
		const char *text_ = option(args, name);                                    \
		text_ && (parse) ? words_wrong("%s %s: want %s", name, text_, want) : 0;   \
	})

/*
 * argv[*i] is an option, one of the list: takes it, and its value. All words and options
 * that follow a command. 0, or EXIT_WORDS, what is wrong being said.
 */
int args_take_option(struct args *args, const char *list, char **argv, int argc, int *i);
int args_parse(struct args *args, char **argv, int argc);

#endif
