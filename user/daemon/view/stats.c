// SPDX-License-Identifier: GPL-2.0-or-later
/* The counters: packets by verdict and reason, pins, writes, traffic. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/live/traffic.h"
#include "daemon/net/devices.h"
#include "daemon/view/list.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "dp/dp.h"
#include "dp/read.h"

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static const struct {
	const char *name;
	const char *help;
} events[] = {
#define X(id, name, help) { name, help },
	XRING_EVENTS(X)
#undef X
};

static void traffic_set(json_t *json, const struct xring_traffic *t)
{
	json_object_set_new(json, "packets", count(t->packets));
	json_object_set_new(json, "bytes", count(t->bytes));
	json_object_set_new(json, "flows", count(t->flows));
}

static json_t *service_json(const struct engine *e, const struct service *model)
{
	const struct live_service *s = live_service(e->live, model->name);
	json_t *json = json_pack("{ss}", "name", model->name);
	struct xring_traffic traffic = {};

	if (s)
		traffic = live_traffic_of(e->live, s);
	traffic_set(json, &traffic);
	return json;
}

static bool backend_json(const struct engine *e, const struct service *model, size_t i,
			 const struct shares *shares, json_t **ret)
{
	const struct live_service *s = live_service(e->live, model->name);
	struct xring_traffic traffic;

	(void)shares;
	if (!s || i >= s->backend_count)
		return false;
	traffic = live_traffic(e->live, s->backends[i]);
	*ret = json_pack("{ss}", "name", s->backends[i]->name);
	traffic_set(*ret, &traffic);
	return true;
}

static json_t *service_with_drops(const struct engine *e, const struct service *s)
{
	json_t *json = service_json(e, s);

	json_object_set_new(json, "drops", drops_json(e, s));
	return json;
}

const struct view_list view_service_stats = { .service = service_with_drops,
					      .backend = backend_json };

/* The first word of a counter's name is its verdict. */
json_t *verdicts_json(const uint64_t values[XRING_CNT_MAX])
{
	uint64_t tx = 0, pass = 0, drop = 0;

	for (int i = 0; i < XRING_CNT_MAX; i++) {
		if (!strncmp(counter_name(i), "tx", 2))
			tx += values[i];
		else if (!strncmp(counter_name(i), "pass", 4))
			pass += values[i];
		else
			drop += values[i];
	}
	return json_pack("{sosososo}", "rx", count(tx + pass + drop), "tx", count(tx), "pass",
			 count(pass), "drop", count(drop));
}

json_t *writes_json(const struct engine_stats *s)
{
	return json_pack("{s:o, s:o, s:i, s:o, s:o, s:f, s:f}", "asked", count(s->asked),
			 "gathered", count(s->gathered), "pending", s->pending, "flushes",
			 count(s->flushes), "cells_written", count(s->cells), "flush_ms",
			 s->flush_ns / 1e6, "flush_ms_max", s->flush_ns_max / 1e6);
}

static json_t *events_json(const struct engine *e)
{
	uint64_t values[XRING_EVENT_MAX] = {};
	json_t *list = json_array();

	dp_events_read(e->dp, values);
	for (int i = 0; i < XRING_EVENT_MAX; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "name", events[i].name,
						      "packets", count(values[i]), "help",
						      events[i].help));
	return list;
}

json_t *pins_json(const struct daemon *d)
{
	const struct engine *e = d->engine;
	struct walk_count now = walk_counted(e->walk);
	uint32_t moving = 0, keys = 0, look = 0;

	for (size_t i = 0; i < e->live->service_count; i++) {
		moving += service_moving(e->live->services[i]);
		keys += e->live->services[i]->keys_moving;
		look += e->live->services[i]->look;
	}
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "count", now.pins, "held", now.held,
			 "syns", now.syns, "max", e->dp->pin_max, "cells_moving", moving,
			 "keys_moving", keys, "cells_look", look, "keys",
			 (int)e->live->key_count, "keys_max", XRING_HOT_KEYS, "keys_no_room",
			 d->hot.no_room);
}

/* Classes and records are counted in the maps, whether or not the daemon knows them. */
static json_t *rules_stats(const struct engine *e)
{
	uint32_t moving = 0, rings = 0, classes = 0, records = 0;

	for (size_t i = 0; i < e->live->service_count; i++) {
		const struct live_service *s = e->live->services[i];

		moving += s->classes ? s->classes->moving : 0;
		rings += s->ring_count;
	}
	for (uint32_t i = 1; i < XRING_CLASSES; i++)
		classes += e->dp->classes[i].number != 0;
	for (uint32_t i = 0; i < XRING_ROUTES; i++)
		records += e->dp->routes[i].service[0] != 0;
	return json_pack("{s:i, s:i, s:i, s:i}", "classes", classes, "classes_moving", moving,
			 "rings", rings, "records", records);
}

/*
 * The packets by verdict, as verdicts_json(), where rx is what the devices have received by their own
 * counters, and `verdicts` is the sum.
 */
static json_t *packets_json(const struct engine *e, const uint64_t values[XRING_CNT_MAX])
{
	json_t *json = verdicts_json(values), *devices = json_array();
	uint64_t rx = 0;
	char name[32];

	for (size_t i = 0; i < XRING_RECEIVED; i++) {
		const struct xring_received *r = &e->dp->received[i];
		uint64_t packets = r->before + r->last - r->base;

		rx += packets;
		if (r->ifindex || packets)
			json_array_append_new(devices, json_pack("{s:s, s:o}", "device",
				device_name(e, r->ifindex, name), "packets", count(packets)));
	}
	json_object_set(json, "verdicts", json_object_get(json, "rx"));
	json_object_set_new(json, "rx", count(rx));
	json_object_set_new(json, "devices", devices);
	return json;
}

int view_stats(const struct daemon *d, struct view_list *ret)
{
	const struct engine *e = d->engine;
	uint64_t values[XRING_CNT_MAX];
	json_t *reasons;

	if (dp_counters_read(e->dp, values))
		return -EIO;
	reasons = json_array();
	for (int i = 0; i < XRING_CNT_MAX; i++)
		json_array_append_new(reasons, json_pack("{sssoss}", "name", counter_name(i),
							 "packets", count(values[i]), "help",
							 counter_help(i)));
	*ret = (struct view_list){ .key = "services", .service = service_json,
				   .backend = backend_json };
	ret->members = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "packets",
				 packets_json(e, values), "reasons", reasons, "drops",
				 drops_json(e, NULL), "lost", lost_json(e), "events",
				 events_json(e), "pins", pins_json(d), "rules", rules_stats(e),
				 "writes", writes_json(&e->stats));
	return ret->members ? 0 : -ENOMEM;
}
