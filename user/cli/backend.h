/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_BACKEND_H
#define XRING_CLI_BACKEND_H

#include <jansson.h>

/* A table of backends, as the daemon lists them. */
void print_backends(const json_t *backends);

#endif
