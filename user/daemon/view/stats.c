// SPDX-License-Identifier: GPL-2.0-or-later
/* The counters: packets by verdict and reason, pins, writes, traffic. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/net/devices.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "dp/dp.h"
#include "dp/lost.h"
#include "dp/read.h"

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static const struct {
	const char *name;
	const char *help;
} counters[] = {
#define X(id, name, help) { name, help },
	XRING_COUNTERS(X)
#undef X
};

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

json_t *view_service_stats(const struct engine *e, const struct service *model)
{
	const struct live_service *s = live_service(e->live, model->name);
	json_t *json = json_pack("{ss}", "name", model->name), *backends = json_array();
	struct xring_traffic traffic = {};

	if (s)
		live_service_traffic(e->live, s, &traffic);
	traffic_set(json, &traffic);
	for (size_t i = 0; s && i < s->backend_count; i++) {
		json_t *backend = json_pack("{ss}", "name", s->backends[i]->name);

		traffic = (struct xring_traffic){};
		dp_traffic_read(e->dp, s->backends[i]->id, &traffic);
		traffic_set(backend, &traffic);
		json_array_append_new(backends, backend);
	}
	json_object_set_new(json, "backends", backends);
	return json;
}

/* The first word of a counter's name is its verdict. */
json_t *verdicts_json(const uint64_t values[XRING_CNT_MAX])
{
	uint64_t tx = 0, pass = 0, drop = 0;

	for (int i = 0; i < XRING_CNT_MAX; i++) {
		if (!strncmp(counters[i].name, "tx", 2))
			tx += values[i];
		else if (!strncmp(counters[i].name, "pass", 4))
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

static const char *device_name(const struct engine *e, const struct dp_lost *lost, char ret[32])
{
	const struct device *device = devices_at(e->devices, lost->ifindex);

	if (device)
		snprintf(ret, 32, "%s", device->name);
	else if (lost->ifindex)
		snprintf(ret, 32, "interface %u", lost->ifindex);
	else
		strcpy(ret, "others");
	return ret;
}

/* What the kernel or a driver lost after it was counted as sent. */
static json_t *lost_json(const struct engine *e)
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
			device_name(e, &list[i], name), "reason", dp_lost_word(list[i].reason),
			"packets", count(list[i].packets), "help", dp_lost_help(list[i].reason)));
	}
	return json_pack("{s:o, s:o, s:o}", "packets", count(packets), "devices", devices, "unknown",
			 *e->dp->lost_why ? json_string(e->dp->lost_why) : json_null());
}

json_t *view_stats(const struct daemon *d)
{
	const struct engine *e = d->engine;
	uint64_t values[XRING_CNT_MAX];
	json_t *services, *reasons;

	if (dp_counters_read(e->dp, values))
		return NULL;
	reasons = json_array();
	for (int i = 0; i < XRING_CNT_MAX; i++)
		json_array_append_new(reasons, json_pack("{sssoss}", "name", counters[i].name,
							 "packets", count(values[i]), "help",
							 counters[i].help));
	services = json_array();
	for (size_t i = 0; i < e->model.service_count; i++)
		json_array_append_new(services, view_service_stats(e, &e->model.services[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "packets",
			 verdicts_json(values), "reasons", reasons, "lost", lost_json(e), "services", services,
			 "events", events_json(e), "pins", pins_json(d), "rules",
			 rules_stats(e), "writes", writes_json(&e->stats));
}
