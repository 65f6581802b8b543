/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_CHECK_H
#define XRING_DAEMON_ENGINE_CHECK_H

#include <stdint.h>

struct backend;
struct model;
struct service;

#define WANT_ON_LINK "want one on the link, not behind a gateway, as mode l2 changes MAC addresses alone"

/*
 * The first backend of mode l2 in m that is not on the link; NULL: there is none. A backend
 * that `before` had at the same address may stay.
 */
const struct backend *engine_off_link(const struct model *before, const struct model *m,
				      const struct service **ret_service);

/* How many lines the map of prefix tables must have if it is made for m. 0 or -ENOMEM. */
int engine_lines(const struct model *m, uint32_t *ret);

#endif
