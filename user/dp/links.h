/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_LINKS_H
#define XRING_DP_LINKS_H

struct dp;


/* Makes every pinned link run prog_fd, and removes the links whose interface is gone. */
int links_update(struct dp *dp, int prog_fd);

#endif
