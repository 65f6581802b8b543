// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of the counters of packets, and of the devices that they are of. */
#include <stdio.h>
#include <string.h>

#include "daemon/engine/engine.h"
#include "daemon/net/devices.h"
#include "daemon/view/parts.h"

static const struct {
	const char *name;
	const char *help;
} counters[] = {
#define X(id, name, help) { name, help },
	XRING_COUNTERS(X)
#undef X
};

const char *counter_name(uint32_t counter)
{
	return counters[counter].name;
}

const char *counter_help(uint32_t counter)
{
	return counters[counter].help;
}

const char *device_name(const struct engine *e, uint32_t ifindex, char ret[32])
{
	const struct device *device = devices_at(e->devices, ifindex);

	if (device)
		snprintf(ret, 32, "%s", device->name);
	else if (ifindex)
		snprintf(ret, 32, "interface %u", ifindex);
	else
		strcpy(ret, "others");
	return ret;
}
