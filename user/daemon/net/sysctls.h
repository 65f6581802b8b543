/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_SYSCTLS_H
#define XRING_DAEMON_NET_SYSCTLS_H

#include <stdbool.h>

/* The sysctls that packets depend on, which are read and never set. */

/*
 * Does the host forward what enters at the device, of that family (AF_INET, AF_INET6)? Also true where
 * that cannot be read.
 */
bool sysctl_forwards(int family, const char *device);

/* What rp_filter is at the device: 0, 1 (strict) or 2 (loose). Also 0 where that cannot be read. */
int sysctl_rp_filter(const char *device);

#endif
