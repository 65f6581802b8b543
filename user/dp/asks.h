/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_ASKS_H
#define XRING_DP_ASKS_H

#include <stddef.h>

#include <xring/ask.h>

/* The next hops of replies that the datapath wants to be asked for (xring/ask.h). */
struct dp;

/* Takes at most XRING_ASKS of them out of the map; returns how many. Logs nothing. */
size_t dp_asks_take(struct dp *dp, struct xring_ask ret[XRING_ASKS]);

#endif
