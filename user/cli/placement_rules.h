/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_PLACEMENT_RULES_H
#define XRING_CLI_PLACEMENT_RULES_H

#include <jansson.h>

/* Prints a service's rules as a table by region; nothing if there are none. */
void print_rules(const json_t *rules);

#endif
