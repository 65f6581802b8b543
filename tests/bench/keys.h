/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_KEYS_H
#define XRING_BENCH_KEYS_H

#include "rows.h"

/*
 * What counting keys costs (ipip 4in4): compiled out, compiled in while no window is open,
 * and in an open one. The daemon has a window open for a quarter of the time where packets
 * are many.
 */
#define KEYS_OUT  "keys compiled out"
#define KEYS_IDLE "keys, no window open"
#define KEYS_OPEN "keys, a window open"
#define KEYS_SHARE_OPEN 0.25

void keys_add(struct rows *rows, const char *path, const char *only);

/* What an average packet pays, by the share of the time that a window is open. */
double keys_average(const struct rows *rows, enum traffic traffic, bool minimums);

#endif
