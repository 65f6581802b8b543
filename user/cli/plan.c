// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands plan and apply: showing what a file would change, and changing it. */
#include "cli/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/watch.h"
#include "cli/plan_text.h"
#include "proto/proto.h"

#define FILE_MAX (512u << 10)	/* its request, with escapes, must fit in PROTO_REQUEST_MAX */

/* ---- the file ---- */

static int text_read(const char *path, struct buffer *b)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : 1;

	while (n > 0 && buffer_len(b) <= FILE_MAX)
		n = buffer_read(b, fd);
	if (n < 0) {
		fprintf(stderr, "xring: %s: %s\n", path, errno_text(-n));
		return EXIT_NO;
	}
	if (buffer_len(b) > FILE_MAX)
		return words_wrong("%s: want a file of at most %u KiB", path, FILE_MAX >> 10);
	return 0;
}

/*
 * Sets the directory of the lists that the file names, because the daemon runs in another
 * directory.
 */
static void directory_set(json_t *request, const char *path)
{
	_free_ char *copy = strdup(path), *directory = NULL;

	if (copy)
		directory = realpath(dirname(copy), NULL);
	request_set(request, "directory", directory);
}

/* Sets "file", "directory" and "text" of the request from -f FILE. */
static int file_set(const struct args *args, json_t *request)
{
	const char *path = option(args, "f");
	struct buffer b = {};
	json_t *text;
	int code;

	if (!path)
		return words_wrong("%s: want -f FILE", args->command->name);
	code = text_read(path, &b);
	text = code ? NULL : json_stringn(buffer_len(&b) ? b.data + b.start : "", buffer_len(&b));
	buffer_clear(&b);
	if (!code && !text)
		code = words_wrong("%s: want text in UTF-8", path);
	request_set(request, "file", path);
	directory_set(request, path);
	json_object_set_new(request, "text", text);
	return code;
}

/* ---- plan ---- */

/* Prints a word so that a shell reads it as it is. */
static void print_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz" "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789" "./:=,_-[]@%+";

	if (*word && !word[strspn(word, plain)]) {
		printf(" %s", word);
		return;
	}
	printf(" '");
	for (; *word; word++)
		printf(*word == '\'' ? "'\\''" : "%c", *word);
	putchar('\'');
}

static void print_option(const char *name, size_t len, const char *value)
{
	printf(" %s%.*s", len > 1 ? "--" : "-", (int)len, name);
	if (value)
		print_word(value);
}

/* The value of option number i of those given; NULL: the option takes no value. */
static const char *option_value(const struct args *args, size_t i)
{
	size_t len = args->options[i].len;

	char options[OPTIONS_TEXT];

	for (const char *at = command_options(args->command, options); *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == len + 1 && at[len] == '=' && !strncmp(at, args->options[i].name, len))
			return args->options[i].value;
		at += word;
	}
	return NULL;
}

/* Prints the command that does what was planned: `name`, and everything given but --plan. */
static void print_command(const struct args *args, const char *name)
{
	printf("xring");
	if (strcmp(args->socket, PROTO_SOCKET))
		print_option("socket", 6, args->socket);
	printf(" %s", name);
	for (size_t i = 0; i < args->word_count; i++)
		print_word(args->words[i]);
	for (size_t i = 0; i < args->option_count; i++)
		if (!option_is(args, i, "plan") && !option_is(args, i, "socket"))
			print_option(args->options[i].name, args->options[i].len,
				     option_value(args, i));
}

static int plan_show(const struct args *args, json_t *request, bool of_file)
{
	json_t *data = NULL;
	int code = ask(args, request, &data);

	if (!code && args->json) {
		json_print(data);
	} else if (!code) {
		plan_print(data);
		if (!plan_is_empty(data)) {
			printf("hash     %s\nto do exactly this:\n  ", text(data, "hash"));
			print_command(args, of_file ? "apply" : args->command->name);
			if (of_file)
				printf(" --expect %s", text(data, "hash"));
			putchar('\n');
		}
	}
	json_decref(data);
	return code;
}

int plan_ask(const struct args *args, json_t *request)
{
	json_object_set_new(request, "plan", json_true());
	return plan_show(args, request, false);
}

int run_plan(const struct args *args)
{
	json_t *request = request_new("plan");
	int code = file_set(args, request);

	if (code) {
		json_decref(request);
		return code;
	}
	return plan_show(args, request, true);
}

/* ---- apply ---- */

/* 0 if the hash has the form that plan prints, otherwise EXIT_WORDS. */
static int check_hash(const char *hash)
{
	if (hash && (strlen(hash) != 16 || hash[strspn(hash, "0123456789abcdef")]))
		return words_wrong("expect %s: want the 16 hexadecimal digits that xring plan "
				   "printed", hash);
	return 0;
}

static void print_applied(const json_t *data)
{
	const json_t *other = json_object_get(data, "other"), *item;
	size_t i;

	if (plan_is_empty(data))
		printf("nothing to change\n");
	plan_print_headlines(data);
	json_array_foreach(other, i, item)
		printf("%s\n", json_string_value(item));
	fflush(stdout);
}

int run_apply(const struct args *args)
{
	json_t *request = change_new(args, "apply"), *data = NULL;
	const char *hash = option(args, "expect");
	enum stage until;
	int code = check_hash(hash) ?: watch_option(args, STAGE_COPY, &until) ?:
		   file_set(args, request);

	if (code) {
		json_decref(request);
		return code;
	}
	request_set(request, "expect", hash);
	code = ask(args, request, &data);
	if (!code && args->json)
		json_print(data);
	else if (!code)
		print_applied(data);
	if (!code)
		code = watch(args, json_object_get(data, "changes"), until);
	json_decref(data);
	return code;
}
