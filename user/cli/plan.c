// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands plan and apply: showing what a file would change, and changing it. */
#include "cli/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/watch.h"
#include "cli/parts.h"
#include "cli/plan_text.h"
#include "proto/proto.h"

/* ---- the file ---- */

/*
 * Sends the file of -f, the lists that it names, and then the request (taken over) about it.
 * 0, with the answer's data in *ret, or the exit code after printing what is wrong.
 */
static int file_ask(const struct args *args, json_t *request, json_t **ret)
{
	const char *path = option(args, "f");
	json_t *requests = json_array();
	_free_ char *directory = NULL;
	int code;

	if (path) {
		directory = parts_directory(path);
		code = parts_read(path, requests);
	} else {
		code = words_wrong("%s: want -f FILE", args->command->name);
	}
	request_set(request, "file", path);
	request_set(request, "directory", directory);
	json_array_append_new(requests, request);
	if (!code)
		code = ask_in_turn(args, requests, ret);
	json_decref(requests);
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

static int plan_show(const struct args *args, json_t *data, bool of_file)
{
	if (args->json)
		return json_print(data);
	plan_print(data);
	if (plan_is_empty(data))
		return 0;
	if (json_object_get(data, "guard"))
		printf("mind     %s: apply asks, or wants --yes\n", text(data, "guard"));
	printf("hash     %s\nto do exactly this:\n  ", text(data, "hash"));
	print_command(args, of_file ? "apply" : args->command->name);
	if (of_file)
		printf(" --expect %s", text(data, "hash"));
	putchar('\n');
	return 0;
}

int plan_ask(const struct args *args, json_t *request)
{
	json_t *data = NULL;
	int code;

	json_object_set_new(request, "plan", json_true());
	code = ask(args, request, &data) ?: plan_show(args, data, false);
	json_decref(data);
	return code;
}

int run_plan(const struct args *args)
{
	json_t *data = NULL;
	int code = file_ask(args, request_new("plan"), &data) ?: plan_show(args, data, true);

	json_decref(data);
	return code;
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
		printf("%s\n", item_text(item));
	fflush(stdout);
}

static json_t *apply_new(const struct args *args, const char *hash, bool sure)
{
	json_t *request = change_new(args, "apply");

	request_set(request, "expect", hash);
	if (sure)
		json_object_set_new(request, "yes", json_true());
	return request;
}

/* Shows what would be done, and asks for a yes. */
static bool is_meant(const json_t *plan)
{
	char answer[8] = "";

	plan_print(plan);
	printf("%s. Apply it? [y/N] ", text(plan, "guard"));
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/*
 * A file that takes much away may be half a file: somebody at a terminal is asked, and *ret_hash
 * is then what was shown (the caller frees it). Elsewhere the daemon refuses without --yes.
 */
static int ask_if_meant(const struct args *args, char **ret_hash, bool *ret_sure)
{
	json_t *plan = NULL;
	int code;

	*ret_sure = option(args, "yes");
	if (*ret_sure || args->json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return 0;
	code = file_ask(args, request_new("plan"), &plan);
	if (!code && json_object_get(plan, "guard")) {
		*ret_sure = is_meant(plan);
		*ret_hash = strdup(text(plan, "hash"));
		code = *ret_sure ? 0 : EXIT_NO;
	}
	json_decref(plan);
	return code;
}

int run_apply(const struct args *args)
{
	const char *hash = option(args, "expect");
	_free_ char *shown = NULL;
	json_t *data = NULL;
	enum stage until;
	bool sure;
	int code = check_hash(hash) ?: watch_option(args, STAGE_COPY, &until) ?:
		   ask_if_meant(args, &shown, &sure);

	if (code)
		return code;
	code = file_ask(args, apply_new(args, hash ?: shown, sure), &data);
	if (!code && args->json)
		json_print(data);
	else if (!code)
		print_applied(data);
	if (!code)
		code = watch(args, json_object_get(data, "changes"), until);
	json_decref(data);
	return code;
}
