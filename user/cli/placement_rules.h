/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_PLACEMENT_RULES_H
#define XRING_CLI_PLACEMENT_RULES_H

#include <jansson.h>

/* A table of a service's rules, by region; nothing where there are none. */
void print_rules(const json_t *rules);

#endif
