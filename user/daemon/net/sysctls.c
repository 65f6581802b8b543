// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/sysctls.h"

#include <netinet/in.h>
#include <stdio.h>

bool sysctl_forwards(int family, const char *device)
{
	char path[96];
	int value = 1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/forwarding",
		 family == AF_INET ? "ipv4" : "ipv6", device);
	f = fopen(path, "re");
	if (!f)
		return true;
	if (fscanf(f, "%d", &value) != 1)
		value = 1;
	fclose(f);
	return value;
}
