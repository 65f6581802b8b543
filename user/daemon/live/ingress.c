// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/live/ingress.h"

#include <net/if.h>
#include <string.h>

#include "core/model/model.h"
#include "core/place/routes.h"
#include "daemon/live/live.h"
#include "dp/dp.h"

void live_doors_set(struct live *live, const struct model *m)
{
	doors_set(live->doors, m);
}

void live_doors_write(struct live *live)
{
	for (size_t i = 0; i < DOORS; i++) {
		uint64_t index = *live->doors[i].name ? if_nametoindex(live->doors[i].name) : 0;
		uint64_t door = index ? index << 32 | (i + 1) : 0;

		if (live->dp->config->doors[i] != door)
			__atomic_store_n(&live->dp->config->doors[i], door, __ATOMIC_RELEASE);
	}
}

void live_doors_adopt(struct live *live, const struct model *m)
{
	for (size_t i = 0; i < DOORS; i++) {
		char name[IF_NAMESIZE];
		const struct interface *is;

		if (!live->dp->config->doors[i] ||
		    !if_indextoname(live->dp->config->doors[i] >> 32, name))
			continue;
		is = model_interface(m, name);
		if (!is)
			continue;
		memcpy(live->doors[i].name, is->name, sizeof(is->name));
		memcpy(live->doors[i].region, is->region, sizeof(is->region));
	}
}
