/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_SPAN_H
#define XRING_CLI_COMMON_SPAN_H

#define SPAN_TEXT 24

/* A time span for people, in at most two units: 0s, 2.5s, 42s, 5m30s, 2h, 3d4h. */
const char *span_print(double seconds, char buf[SPAN_TEXT]);

#endif
