/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_PARTS_H
#define XRING_DAEMON_ENGINE_PARTS_H

#include "daemon/engine/engine.h"

/* What the engine's files have of one another; nobody else includes this. */

#define WANT_ON_LINK "want one on the link, not behind a gateway, as mode l2 changes MAC addresses alone"

/* The first l2 backend that is not on the link; those that ran before may stay. */
const struct backend *engine_off_link(const struct model *before, const struct model *m,
				      const struct service **ret_service);

/* What drives the maps, and what it tells us. */
int engine_live_begin(struct engine *e);

/* Lines of the map of prefix tables that m is to have, when it is made. -ENOMEM. */
int engine_lines(const struct model *m, uint32_t *ret);

/* The clocks of the model's regions; they were read once when it was checked. */
void engine_zones(struct engine *e);

/* Attaches to the model's interfaces that `before` did not have. */
void engine_attach(struct engine *e, const struct model *before);

#endif
