/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_VIPS_H
#define XRING_DAEMON_LIVE_VIPS_H

struct live;
struct model;

/* Builds the VIP table and switches to it, if it must differ from the present one. */
int live_vips_write(struct live *live, const struct model *m);

#endif
