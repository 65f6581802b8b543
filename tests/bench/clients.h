/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_CLIENTS_H
#define XRING_BENCH_CLIENTS_H

#include "rows.h"

/*
 * What rules cost: two services of one world, with the same backends and the same traffic
 * from all over the address space, one of them with two rules for as many networks as the
 * Internet has.
 */
#define CLIENTS_PLAIN4 "no rules, IPv4"
#define CLIENTS_RULES4 "1,000,000 networks, IPv4"
#define CLIENTS_PLAIN6 "no rules, IPv6"
#define CLIENTS_RULES6 "100,000 networks, IPv6"

void clients_add(struct rows *rows, const char *path, const char *only);

#endif
