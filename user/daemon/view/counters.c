// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of the counters of packets, and of the devices that they are of. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "daemon/engine/engine.h"
#include "daemon/net/devices.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "dp/dp.h"
#include "dp/lost.h"

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

bool view_is_counter(const char *name)
{
	for (size_t i = 0; i < XRING_CNT_MAX; i++)
		if (!strcmp(counters[i].name, name))
			return true;
	return false;
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

json_t *lost_json(const struct engine *e)
{
	_free_ struct dp_lost *list = NULL;
	json_t *devices = json_array();
	uint64_t packets = 0;
	size_t n = 0;
	char name[32];

	dp_lost_read(e->dp, &list, &n);
	for (size_t i = 0; i < n; i++) {
		packets += list[i].packets;
		json_array_append_new(devices, json_pack("{s:s, s:s, s:o, s:s}", "device",
			device_name(e, list[i].ifindex, name), "reason", dp_lost_word(list[i].reason),
			"packets", json_integer((json_int_t)list[i].packets), "help", dp_lost_help(list[i].reason)));
	}
	return json_pack("{s:o, s:o, s:o}", "packets", json_integer((json_int_t)packets), "devices", devices, "unknown",
			 *e->dp->lost_why ? json_string(e->dp->lost_why) : json_null());
}
