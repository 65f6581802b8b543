/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_STATS_H
#define XRING_BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Over n samples, n at least 1, at most SAMPLES_MAX. */
#define SAMPLES_MAX 4096
double stats_median(const double *samples, size_t n);
double stats_minimum(const double *samples, size_t n);
double stats_maximum(const double *samples, size_t n);

uint64_t clock_ns(void);

/* Says the message on standard error and exits 1: a bench has nothing to save. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
