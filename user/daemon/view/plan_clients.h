/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_PLAN_CLIENTS_H
#define XRING_DAEMON_VIEW_PLAN_CLIENTS_H

#include <jansson.h>

#include "daemon/engine/engine.h"

/*
 * Whose regions another model would change: for each set of clients that now go by one
 * route and then by another, or the same with other shares, how many they are and the
 * shares of regions before and after. NULL: no memory.
 */
json_t *plan_clients(const struct engine *e, const struct model *m);

#endif
