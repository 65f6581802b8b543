// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/asked.h"

#include <netinet/in.h>
#include <string.h>

#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/live/live.h"
#include "daemon/net/nexthop.h"
#include "dp/asks.h"

#define LOOK_MS 100		/* a client waits so long for its first answer at most */

static bool any_nat(const struct model *m)
{
	for (size_t i = 0; i < m->service_count; i++)
		if (mode_replies_return(m->services[i].mode))
			return true;
	return false;
}

/* What the kernel answers matters to nobody: the next reply asks again. */
static void look(void *context)
{
	struct asked_watch *w = context;
	struct xring_ask asks[XRING_ASKS];
	size_t count = any_nat(&w->engine->model) ? dp_asks_take(w->engine->dp, asks) : 0;

	for (size_t i = 0; i < count; i++) {
		struct address to = { .family = asks[i].family };

		memcpy(to.bytes, asks[i].address, to.family == AF_INET ? 4 : 16);
		nexthop_ask(w->engine->live->nexthops, asks[i].ifindex, &to);
	}
}

int asked_open(struct engine *e, struct asked_watch *ret)
{
	int err = loop_timer_new(e->loop, &ret->timer, look, ret);

	if (err)
		return err;
	ret->engine = e;
	loop_timer_every(&ret->timer, LOOK_MS);
	return 0;
}

void asked_close(struct asked_watch *watch)
{
	if (watch->engine)
		loop_timer_close(watch->engine->loop, &watch->timer);
	*watch = (struct asked_watch){};
}
