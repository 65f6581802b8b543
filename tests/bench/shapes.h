/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_SHAPES_H
#define XRING_BENCH_SHAPES_H

#include "rows.h"

/* Packets that are not common ones, each beside common ones of the same service. */
void shapes_add(struct rows *rows, const char *object, const char *only);

#endif
