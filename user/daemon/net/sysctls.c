// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/sysctls.h"

#include <netinet/in.h>
#include <stdio.h>

/* The number in that file of a device; `otherwise` where it cannot be read. */
static int value_of(const char *family, const char *device, const char *name, int otherwise)
{
	char path[96];
	int value;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, device, name);
	f = fopen(path, "re");
	if (!f)
		return otherwise;
	if (fscanf(f, "%d", &value) != 1)
		value = otherwise;
	fclose(f);
	return value;
}

bool sysctl_forwards(int family, const char *device)
{
	return value_of(family == AF_INET ? "ipv4" : "ipv6", device, "forwarding", 1);
}

/* The kernel takes the greater of the two. */
int sysctl_rp_filter(const char *device)
{
	int all = value_of("ipv4", "all", "rp_filter", 0);
	int own = value_of("ipv4", device, "rp_filter", 0);

	return all > own ? all : own;
}
