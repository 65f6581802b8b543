/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_ASK_H
#define XRING_CLI_COMMON_ASK_H

#include <jansson.h>

struct args;
struct why;

/* Requests to the daemon, and their answers. */

/*
 * Sends the request (taken over) and waits for the answer. 0, with the data in *ret (a
 * reference of the caller; NULL: no data), or the exit code after printing the reason.
 */
int ask(const struct args *args, json_t *request, json_t **ret);

/*
 * The same without printing: the reason is in `why`. ASK_NOBODY: no daemon answers, which may
 * be temporary.
 */
#define ASK_NOBODY (-1)
int ask_quietly(const struct args *args, json_t *request, json_t **ret, struct why *why);

/*
 * Sends the requests of the array one after the other on one connection, each when the one
 * before was answered. As ask(), with the data of the last answer.
 */
int ask_in_turn(const struct args *args, const json_t *requests, json_t **ret);

/* As ask(), and shows the data: by `print` (NULL: not at all), or as JSON with --json. */
int ask_and_print(const struct args *args, json_t *request, void (*print)(const json_t *data));

/* A request with this verb. */
json_t *request_new(const char *verb);
/* A value of the request; NULL: none is set. */
void request_set(json_t *request, const char *key, const char *value);

/* Prints the data as --json does. */
int json_print(const json_t *data);

/* A request that changes something, with --now and --cut as given on the command line. */
json_t *change_new(const struct args *args, const char *verb);

/*
 * Sends such a request, prints the numbers of the changes that it made, and follows them with
 * --wait.
 */
int change_send(const struct args *args, json_t *request);

/* Requests what the verb shows, of one service or (NULL) of all, and prints it. */
int show_verb(const struct args *args, const char *verb, const char *service,
	      void (*print)(const json_t *data));

#endif
