/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_PLAN_H
#define XRING_CLI_PLAN_H

#include <jansson.h>

struct args;

/*
 * Sends a request that changes something with "plan" set, so that it changes nothing, and
 * shows the plan.
 */
int plan_ask(const struct args *args, json_t *request);

#endif
