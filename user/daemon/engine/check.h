/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_CHECK_H
#define XRING_DAEMON_ENGINE_CHECK_H

#include <stdint.h>

struct backend;
struct model;
struct service;

#define WANT_ON_LINK "want one on the link, not behind a gateway, as mode l2 changes MAC addresses alone"

/* The first l2 backend that is not on the link; those that ran before may stay. */
const struct backend *engine_off_link(const struct model *before, const struct model *m,
				      const struct service **ret_service);

/* Lines of the map of prefix tables that m shall have, when it is made. -ENOMEM. */
int engine_lines(const struct model *m, uint32_t *ret);

#endif
