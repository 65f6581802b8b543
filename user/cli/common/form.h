/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_FORM_H
#define XRING_CLI_COMMON_FORM_H

#include <jansson.h>
#include <stdbool.h>

struct args;

/*
 * Makes the request of the command's verb. The verb's form (proto/verbs.h) says of which
 * words and options. 0, or EXIT_WORDS after printing what is wrong.
 */
int form_request(const struct args *args, json_t **ret);

/* Was any option with a value of the verb's form given, so that something would change? */
bool form_changes(const struct args *args);

#endif
