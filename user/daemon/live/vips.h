/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_VIPS_H
#define XRING_DAEMON_LIVE_VIPS_H

struct live;
struct model;

/* Builds the VIP table and switches to it, if it must differ from the present one. */
int live_vips_write(struct live *live, const struct model *m);
/* The same without the VIPs of services that are not in m; all others keep what they have. */
int live_vips_keep(struct live *live, const struct model *m);

#endif
