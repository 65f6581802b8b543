// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "core/value/address.h"

void own_addresses(struct own_addresses *ret)
{
	if (getifaddrs(&ret->list))
		ret->list = NULL;
}

void own_addresses_clear(struct own_addresses *own)
{
	freeifaddrs(own->list);
}

/* The address in network byte order; NULL: of another family. */
static const void *bytes_of(const struct sockaddr *a, int family)
{
	if (!a || a->sa_family != family)
		return NULL;
	return family == AF_INET ? (const void *)&((const struct sockaddr_in *)a)->sin_addr :
				   (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;
}

bool own_address(const struct own_addresses *own, const struct address *a)
{
	size_t len = a->family == AF_INET ? 4 : 16;

	for (const struct ifaddrs *at = own->list; at; at = at->ifa_next) {
		const void *bytes = bytes_of(at->ifa_addr, a->family);

		if (bytes && !memcmp(bytes, a->bytes, len))
			return true;
	}
	return false;
}
