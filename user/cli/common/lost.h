/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_LOST_H
#define XRING_CLI_COMMON_LOST_H

#include <jansson.h>

/* Prints what the kernel or a driver lost after it was counted as sent: nothing, or a table and an empty line. */
void lost_print(const json_t *lost);

#endif
