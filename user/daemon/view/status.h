/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_STATUS_H
#define XRING_DAEMON_VIEW_STATUS_H

#include <jansson.h>

#include "daemon/engine/engine.h"

/* What the files that show things have of one another. */

#define CIRCLE 4294967296.0		/* hashes of a ring */

/* Exact shares of the ring as it is in the maps, by node index; NULL: no memory. */
uint64_t *live_shares(const struct live_service *s);

/* One word for how it stands: what the operator wants, unless it is dead. */
const char *state_word(const struct backend *b, const struct live_node *node);

json_t *verdicts_json(const uint64_t values[XRING_CNT_MAX]);
json_t *pins_json(const struct engine *e);

/* Hot keys, the hottest first; of one service, or (NULL) of all. */
json_t *hot_json(const struct engine *e, const char *service);

#endif
