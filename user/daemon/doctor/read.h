/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_DOCTOR_READ_H
#define XRING_DAEMON_DOCTOR_READ_H

#include <stdint.h>

/* The number at the beginning of a file whose path is printed; FACT_UNKNOWN: it cannot be read. */
int64_t number_of(const char *path, ...) __attribute__((format(printf, 1, 2)));

#endif
