/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_PLAN_TEXT_H
#define XRING_CLI_PLAN_TEXT_H

#include <jansson.h>
#include <stdbool.h>

/* A plan for people: the data of the verbs plan and apply, and parts of it. */
bool plan_is_empty(const json_t *data);
void plan_print(const json_t *data);			/* the whole, but for its hash */
void plan_print_headlines(const json_t *data);		/* a line for each service */

/* "before" and "after" as one table, and "moves", of a service's plan or of a change. */
void plan_print_backends(const json_t *service);
void plan_print_moves(const json_t *service);

#endif
