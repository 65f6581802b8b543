/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_ASK_H
#define XRING_CLI_COMMON_ASK_H

#include <jansson.h>

struct args;
struct why;


/* Requests to the daemon, and their answers. */

/*
 * Sends the request (taken over) and waits for the answer. 0 with *ret the data
 * (NULL where there is none; to be decref'd), or the exit code, the reason said.
 */
int ask(const struct args *args, json_t *request, json_t **ret);

/*
 * The same without a word: the reason is left in why. ASK_NOBODY: no daemon
 * answers, which may pass.
 */
#define ASK_NOBODY (-1)
int ask_quietly(const struct args *args, json_t *request, json_t **ret, struct why *why);

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

/* Asks for what that verb shows, of one service or (NULL) of all, and prints it. */
int show_verb(const struct args *args, const char *verb, const char *service,
	      void (*print)(const json_t *data));

#endif
