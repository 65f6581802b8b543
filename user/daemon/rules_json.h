/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_RULES_JSON_H
#define XRING_RULES_JSON_H

#include <jansson.h>

#include "daemon/commands.h"

/* Rules as commands show them (show_rules.c). */

/* Of all of a service's clients that are told apart; an empty list: none are. */
json_t *rules_json(const struct engine *e, const struct service *s);

/* The route of the client that a request names, by no door; without one everybody else's. */
int request_route(const struct engine *e, const struct service *s, const json_t *request,
		  struct answer *a, struct route *ret);

/* Where a client's network has come to belong; null: nowhere. */
json_t *home_json(const struct engine *e, const struct service *s, const struct address *client);

#endif
