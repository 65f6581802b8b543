/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_ADDRESSES_H
#define XRING_DAEMON_NET_ADDRESSES_H

#include <stdbool.h>

struct address;
struct ifaddrs;

/* The addresses that this host's devices have. */
struct own_addresses {
	struct ifaddrs *list;		/* NULL: none, or the kernel did not say */
};

void own_addresses(struct own_addresses *ret);
bool own_address(const struct own_addresses *own, const struct address *a);
void own_addresses_clear(struct own_addresses *own);

#endif
