// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double stats_median(const double *samples, size_t n)
{
	double sorted[SAMPLES_MAX];

	memcpy(sorted, samples, n * sizeof(*samples));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double stats_minimum(const double *samples, size_t n)
{
	double least = samples[0];

	for (size_t i = 1; i < n; i++)
		if (samples[i] < least)
			least = samples[i];
	return least;
}

double stats_maximum(const double *samples, size_t n)
{
	double most = samples[0];

	for (size_t i = 1; i < n; i++)
		if (samples[i] > most)
			most = samples[i];
	return most;
}

uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

void fail(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}
