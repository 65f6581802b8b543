// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening and closing `live`, and its listeners. */
#include <errno.h>
#include <string.h>

#include <xring/lpm.h>

#include "base/util.h"
#include "core/place/weigh.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/parts.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/compile.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/net/nexthop.h"
#include "dp/dp.h"

int live_open(struct dp *dp, struct loop *loop, struct live **ret)
{
	struct live *live = calloc(1, sizeof(*live));
	int err;

	if (!live)
		return -ENOMEM;
	live->dp = dp;
	live->arena.size = dp->cell_count;
	live->by_id = calloc(dp->backend_count, sizeof(*live->by_id));
	live->class_by_index = calloc(XRING_CLASSES, sizeof(struct live_class *));
	live->prefixes = calloc(1, sizeof(*live->prefixes));
	live->zones = calloc(1, sizeof(*live->zones));
	live->ingresses = calloc(INGRESSES, sizeof(*live->ingresses));
	err = live->by_id && live->class_by_index && live->prefixes && live->zones &&
	      live->ingresses ? 0 : -ENOMEM;
	err = err ?: lpm_pool_new(dp->lines + XRING_LINE_ROOTS, dp->line_count - XRING_LINE_ROOTS,
			    live->prefixes) ?:
	      spill_pool_new(dp->spills, dp->spill_count, &live->spills) ?:
	      nexthop_open(loop, backend_hops_changed, live, &live->nexthops);
	if (err) {
		live_close(live);
		return err;
	}
	*ret = live;
	return 0;
}

void live_close(struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++)
		service_free(live, live->services[i]);
	free(live->services);
	if (live->nexthops)
		nexthop_close(live->nexthops);
	spill_pool_clear(&live->spills);
	arena_clear(&live->arena);
	free(live->by_id);
	free(live->foreign);
	free(live->stale_ids);
	free(live->slots);
	ways_back_clear(&live->ways);
	live_keys_clear(live);
	if (live->prefixes)
		lpm_pool_clear(live->prefixes);
	free(live->prefixes);
	live_ahead_clear(live);
	free(live->class_by_index);
	free(live->regions);
	if (live->zones)
		zones_clear(live->zones);
	free(live->zones);
	free(live->ingresses);
	free(live->traffic);
	free(live);
}

void live_listen(struct live *live, struct service_listener *listener)
{
	listener->next = live->service_listeners;
	live->service_listeners = listener;
}

void live_listen_backends(struct live *live, struct backend_listener *listener)
{
	listener->next = live->backend_listeners;
	live->backend_listeners = listener;
}
