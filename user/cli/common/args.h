/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_H
#define XRING_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * One table of commands: the words, what follows them, and who does it. Usage,
 * help and completion print from the same table (main.c).
 */
#define WORDS_MAX 4096
#define OPTIONS_MAX 64

struct args {
	const char *socket;
	bool json;
	const struct command *command;
	const char **words;		/* behind the command's own */
	size_t word_count;
	struct { const char *name; size_t len; const char *value; } options[OPTIONS_MAX];
	size_t option_count;
};

struct command {
	const char *name;		/* "service add" */
	const char *usage;		/* "NAME --vip ..." */
	const char *help;
	const char *options;		/* "vip= mode= now": those with a value end in = */
	unsigned min, max;		/* words */
	int (*run)(const struct args *args);
};

const struct command *commands(size_t *ret_count);

/* Is option number i the one of that name? */
bool option_is(const struct args *args, size_t i, const char *name);
/* NULL where the option was not given; the last one counts. */
const char *option(const struct args *args, const char *name);

/* Says what is wrong with the words; EXIT_WORDS. */
int words_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Sends the request (taken over) and waits for the answer. 0 with *ret the data
 * (NULL where there is none; to be decref'd), or the exit code, the reason said.
 */
int ask(const struct args *args, json_t *request, json_t **ret);

/*
 * The same without a word: the reason is left in why. ASK_NOBODY: no daemon
 * answers, which may pass.
 */
#define ASK_WHY 4096
#define ASK_NOBODY (-1)
int ask_quietly(const struct args *args, json_t *request, json_t **ret, char why[ASK_WHY]);

/* The same, and shows the data: by print (NULL: not at all), or as JSON. */
int ask_and_print(const struct args *args, json_t *request, void (*print)(const json_t *data));

/* A request with this verb. */
json_t *request_new(const char *verb);
void request_set(json_t *request, const char *key, const char *value);	/* not if NULL */

/* Prints the data as --json does. */
int json_print(const json_t *data);

/* A request that changes something, with --now and --cut where they were given. */
json_t *change_new(const struct args *args, const char *verb);

/* Sends it, says the numbers of the changes that it made, and follows them with --wait. */
int change_send(const struct args *args, json_t *request);

/* Is the name one? Otherwise says so; EXIT_WORDS. */
int check_name(const char *what, const char *name);

/* Is the option's value, where it is given, one that `parse` takes? */
#define check_option(args, name, want, parse)                                              \
	({                                                                                 \
		const char *text_ = option(args, name);                                    \
		text_ && (parse) ? words_wrong("%s %s: want %s", name, text_, want) : 0;   \
	})

/* What each command does. */
int run_service_add(const struct args *args);
int run_service_set(const struct args *args);
int run_service_del(const struct args *args);
int run_service_list(const struct args *args);
int run_service_show(const struct args *args);
int run_backend_add(const struct args *args);
int run_backend_set(const struct args *args);
int run_backend_del(const struct args *args);
int run_backend_drain(const struct args *args);
int run_backend_undrain(const struct args *args);
int run_backend_maintenance(const struct args *args);
int run_backend_enable(const struct args *args);
int run_backend_list(const struct args *args);
int run_plan(const struct args *args);
int run_apply(const struct args *args);
int run_changes(const struct args *args);
int run_change_show(const struct args *args);
int run_change_cancel(const struct args *args);
int run_ring_show(const struct args *args);
int run_ring_lookup(const struct args *args);
int run_hot(const struct args *args);
int run_hot_split(const struct args *args);
int run_hot_pin(const struct args *args);
int run_hot_exempt(const struct args *args);
int run_hot_clear(const struct args *args);
int run_hot_shards(const struct args *args);
int run_flows(const struct args *args);
int run_placement_show(const struct args *args);
int run_placement_forecast(const struct args *args);
int run_placement_explain(const struct args *args);
int run_placement_audit(const struct args *args);
int run_placement_homes(const struct args *args);
int run_attach(const struct args *args);
int run_detach(const struct args *args);
int run_stats(const struct args *args);
int run_top(const struct args *args);
int run_status(const struct args *args);
int run_save(const struct args *args);
int run_completion(const struct args *args);

#endif
