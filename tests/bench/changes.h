/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_CHANGES_H
#define XRING_BENCH_CHANGES_H

#include "rows.h"

/*
 * What changes cost (ipip 4in4): the rule compiled in and out while nothing changes,
 * and the packets of a change, each in the cells where its way leads.
 */
#define CHANGES_IN "changes compiled in"
#define CHANGES_OUT "changes compiled out"

void changes_add(struct rows *rows, const char *path, const char *only);

#endif
