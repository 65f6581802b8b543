/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_SCALE_H
#define XRING_BENCH_SCALE_H

#include "rows.h"

/*
 * Curves (ipip 4in4): what a packet costs with so many backends in its service, with so many
 * services of one backend, and with so many flows. Each program is loaded SCALE_LOADS times.
 */
#define SCALE_LOADS 8

void scale_add(struct rows *rows, const char *path, const char *only);

#endif
