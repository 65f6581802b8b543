/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_SYSCTLS_H
#define XRING_DAEMON_ENGINE_SYSCTLS_H

#include <stddef.h>

struct model;

/*
 * The sysctls that a model depends on, which xring tells of and never sets: replies of mode nat are
 * forwarded by the kernel's routes, and these only where the interface at which a reply enters
 * forwards.
 *
 * Prints what is wanted for the VIPs of a family (AF_INET, AF_INET6) into text; "" if nothing is.
 */
void sysctls_say(const struct model *m, int family, char *text, size_t size);

#endif
