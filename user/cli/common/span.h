/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_SPAN_H
#define XRING_CLI_COMMON_SPAN_H

#define SPAN_TEXT 24

/* A time span for people, in at most two units: 0s, 2.5s, 42s, 5m30s, 2h, 3d4h. */
const char *span_print(double seconds, char buf[SPAN_TEXT]);

/*
 * A point in time (seconds since 1970) as strftime() prints it by that format, and milliseconds; a number that
 * is no time counts as 1970.
 */
#define MOMENT_TEXT 48
const char *moment_print(double at, const char *format, char buf[MOMENT_TEXT]);

#endif
