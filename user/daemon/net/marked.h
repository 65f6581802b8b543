/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_MARKED_H
#define XRING_DAEMON_NET_MARKED_H

/*
 * The host's routes for checks through the tunnel (include/xring/check.h): what has their mark
 * goes to lo, in both families.
 */
int marked_open(void);			/* logs errors; what is there already stays */
void marked_close(void);

#endif
