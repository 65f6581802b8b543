// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the words and options of a command line. */
#include "cli/common/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/proto.h"
#include "proto/verbs.h"

int words_wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("xring: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	return EXIT_WORDS;
}

const char *command_options(const struct command *c, char buf[OPTIONS_TEXT])
{
	const struct verb_form *form = c->verb ? verb_form(c->verb) : NULL;
	const char *words = form ? form->words : "";
	struct argument_cursor cursor;
	const struct argument *a;
	size_t len = 0;

	if (form)
		verb_begin(&cursor, form);
	for (; *words; words += strcspn(words, " "), words += strspn(words, " "))
		verb_next(&cursor);
	while (form && (a = verb_next(&cursor)) && len < OPTIONS_TEXT)
		len += snprintf(buf + len, OPTIONS_TEXT - len, "%s%s ", a->option,
				a->kind == ARGUMENT_FLAG ? "" : "=");
	snprintf(buf + len, OPTIONS_TEXT - len, "%s", c->options);
	return buf;
}

bool option_is(const struct args *args, size_t i, const char *name)
{
	return strlen(name) == args->options[i].len &&
	       !strncmp(args->options[i].name, name, args->options[i].len);
}

const char *option(const struct args *args, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < args->option_count; i++)
		if (option_is(args, i, name))
			value = args->options[i].value;
	return value;
}

/* How the list has the option: 0 not at all, 1 without a value, 2 with a value. */
static int option_kind(const char *list, const char *name, size_t len)
{
	for (const char *at = list; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		size_t word = strcspn(at, " =");

		if (word != len || strncmp(at, name, len))
			continue;
		return at[word] == '=' ? 2 : 1;
	}
	return 0;
}

int args_take_option(struct args *args, const char *list, char **argv, int argc, int *i)
{
	const char *text = argv[*i], *name = text + strspn(text, "-");
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	int kind = option_kind(list, name, len);

	if (!kind)
		return words_wrong("%s: not an option of %s", text,
				   args->command ? args->command->name : "xring");
	if (args->option_count == OPTIONS_MAX)
		return words_wrong("too many options");
	if (kind == 1 && equals)
		return words_wrong("%s: want no value", text);
	if (kind == 2 && !equals && *i + 1 == argc)
		return words_wrong("%s: want a value", text);
	args->options[args->option_count].name = name;
	args->options[args->option_count].len = len;
	args->options[args->option_count++].value =
		kind == 1 ? "" : equals ? equals + 1 : argv[++*i];
	return 0;
}

/* Options may stand anywhere after the command; "--" ends them; "-" is a word. */
int args_parse(struct args *args, char **argv, int argc)
{
	char list[OPTIONS_TEXT + 32], options[OPTIONS_TEXT];
	bool ended = false;

	snprintf(list, sizeof(list), "socket= json help h %s",
		 command_options(args->command, options));
	for (int i = 0; i < argc; i++) {
		int err;

		if (ended || argv[i][0] != '-' || !argv[i][1]) {
			args->words[args->word_count++] = argv[i];
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			ended = true;
			continue;
		}
		err = args_take_option(args, list, argv, argc, &i);
		if (err)
			return err;
	}
	return 0;
}

const char *args_word(const struct args *args, size_t i)
{
	return i < args->word_count ? args->words[i] : NULL;
}
