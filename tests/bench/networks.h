/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_NETWORKS_H
#define XRING_BENCH_NETWORKS_H

#include "core/lpm/lpm.h"

/*
 * Networks as the tables of the Internet have them: so many, sorted, each once, with values
 * from 1 to 1000. The same with every run; freed by the caller.
 */
struct lpm_entry *networks(int family, size_t count);

uint64_t random64(void);		/* xorshift: the same numbers with every run */

#endif
