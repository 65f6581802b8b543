/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_PLAN_TEXT_H
#define XRING_CLI_PLAN_TEXT_H

#include <jansson.h>
#include <stdbool.h>

/* A plan for people: the data of an answer to plan or apply, and parts of that data. */
bool plan_is_empty(const json_t *data);
void plan_print(const json_t *data);			/* the whole plan without its hash */
void plan_print_headlines(const json_t *data);		/* a line for each service */

/* The "before" and "after" of a service's plan or of a change as one table; and its "moves". */
void plan_print_backends(const json_t *service);
void plan_print_moves(const json_t *service);

#endif
