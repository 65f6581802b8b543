// SPDX-License-Identifier: GPL-2.0-or-later
/* The numbers of ingresses, in the daemon and in the maps. */
#include "daemon/live/ingress.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "core/model/model.h"
#include "core/place/routes.h"
#include "daemon/live/live.h"
#include "dp/dp.h"

void live_ingresses_set(struct live *live, const struct model *m)
{
	ingresses_set(live->ingresses, m);
}

void live_ingresses_write(struct live *live)
{
	for (size_t i = 0; i < INGRESSES; i++) {
		const char *name = live->ingresses[i].name;
		uint64_t index = *name ? if_nametoindex(name) : 0;
		uint64_t ingress = index ? index << 32 | (i + 1) : 0;

		if (*name && !index && errno != ENODEV)
			continue;	/* the kernel could not be asked: the number stays */
		if (live->dp->config->ingresses[i] != ingress)
			__atomic_store_n(&live->dp->config->ingresses[i], ingress,
					 __ATOMIC_RELEASE);
	}
}

void live_ingresses_adopt(struct live *live, const struct model *m)
{
	for (size_t i = 0; i < INGRESSES; i++) {
		char name[IF_NAMESIZE];
		const struct interface *is;

		if (!live->dp->config->ingresses[i] ||
		    !if_indextoname(live->dp->config->ingresses[i] >> 32, name))
			continue;
		is = model_interface(m, name);
		if (!is)
			continue;
		memcpy(live->ingresses[i].name, is->name, sizeof(is->name));
		memcpy(live->ingresses[i].region, is->region, sizeof(is->region));
	}
}
