// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/new_flows.h"

#include "daemon/engine/engine.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"

static void look(struct live *live, struct live_service *s)
{
	struct xring_traffic traffic;

	if (live_service_traffic(live, s, &traffic))
		return;
	s->flows[s->flow_samples++ % FLOWS_SAMPLES] = traffic.flows;
}

static void look_due(void *context)
{
	struct flows *flows = context;

	struct live *live = flows->engine->live;

	for (size_t i = 0; i < live->service_count; i++)
		look(live, live->services[i]);
}

int flows_open(struct engine *e, struct flows *ret)
{
	int err;

	ret->engine = e;
	err = loop_timer_new(e->loop, &ret->timer, look_due, ret);
	if (err)
		return err;
	loop_timer_every(&ret->timer, FLOWS_EVERY_MS);
	look_due(ret);
	return 0;
}

void flows_close(struct flows *flows)
{
	if (flows->engine)
		loop_timer_close(flows->engine->loop, &flows->timer);
}

bool flows_recent(const struct flows *flows, const struct live_service *s, uint64_t *ret)
{
	uint32_t back = (service_settle(s) * 100 + FLOWS_EVERY_MS - 1) / FLOWS_EVERY_MS;
	struct xring_traffic traffic;

	if (!s->flow_samples || live_service_traffic(flows->engine->live, s, &traffic))
		return false;
	if (back > s->flow_samples)
		back = s->flow_samples;
	if (back > FLOWS_SAMPLES)
		back = FLOWS_SAMPLES;
	*ret = traffic.flows - s->flows[(s->flow_samples - back) % FLOWS_SAMPLES];
	return true;
}
