/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BACKEND_STATUS_H
#define XRING_BACKEND_STATUS_H

#include <stdbool.h>

/* Prints what the program on an interface unwraps, and what it has counted. 0 or a negative errno. */
struct why;

int status_print(const char *device, bool json, struct why *why);

#endif
