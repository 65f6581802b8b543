/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_FORM_H
#define XRING_CLI_COMMON_FORM_H

#include <jansson.h>
#include <stdbool.h>

struct args;

/*
 * The request of the command's verb, whose form (proto/verbs.h) says which words and options
 * it is made of. 0, or EXIT_WORDS, what is wrong being said.
 */
int form_request(const struct args *args, json_t **ret);

/* Was any option given that says what shall change? */
bool form_changes(const struct args *args);

#endif
