// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices over others: whether there are any, and what is below a VLAN device. */
#include <stddef.h>

#include <xring/vlan.h>

#include "daemon/net/devices.h"

const struct device *devices_below(const struct devices *devices, const struct device *device,
				   uint32_t *ret_tags)
{
	uint16_t tags[2] = {};
	size_t count = 0;

	for (; device && device->tag; device = devices_at(devices, device->link)) {
		if (count == 2)
			return NULL;
		tags[1] = tags[0];
		tags[0] = device->tag;
		count++;
	}
	*ret_tags = XRING_TAGS(tags[0], tags[1]);
	return device;
}

bool devices_stacked(const struct devices *devices)
{
	size_t count;
	const struct device *all = devices_list(devices, &count);

	for (size_t i = 0; i < count; i++)
		if (all[i].stacked)
			return true;
	return false;
}
