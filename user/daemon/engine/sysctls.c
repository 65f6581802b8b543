// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine/sysctls.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/model/model.h"

/* Is it on, or not there to be read? */
static bool sysctl_on(const char *family, const char *device)
{
	char path[96];
	int value = 1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/forwarding", family, device);
	f = fopen(path, "re");
	if (!f)
		return true;
	if (fscanf(f, "%d", &value) != 1)
		value = 1;
	fclose(f);
	return value;
}

static bool nat_of(const struct model *m, int family)
{
	for (size_t i = 0; i < m->service_count; i++)
		for (size_t v = 0; mode_replies_return(m->services[i].mode) &&
				   v < m->services[i].vip_count; v++)
			if (m->services[i].vips[v].address.family == family)
				return true;
	return false;
}

void sysctls_say(const struct model *m, int family, char *text, size_t size)
{
	const char *word = family == AF_INET ? "ipv4" : "ipv6";

	*text = '\0';
	for (size_t i = 0; nat_of(m, family) && i < m->interface_count; i++) {
		const char *name = m->interfaces[i].name;

		if (sysctl_on(word, name))
			continue;
		snprintf(text, size, "%s: net.%s.conf.%s.forwarding is 0, and replies of mode nat that "
			 "enter there need it: want `sysctl %s=1`", name, word, name,
			 family == AF_INET ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
		return;
	}
}
