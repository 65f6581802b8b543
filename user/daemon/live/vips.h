/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_VIPS_H
#define XRING_DAEMON_LIVE_VIPS_H

struct live;
struct model;


/* The VIP table, where it is to say something else than it does. */
int live_vips_write(struct live *live, const struct model *m);

#endif
