/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_BACKEND_H
#define XRING_CLI_BACKEND_H

#include <jansson.h>

/* Prints the daemon's list of backends as a table. */
void print_backends(const json_t *backends);

#endif
