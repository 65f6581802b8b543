// SPDX-License-Identifier: GPL-2.0-or-later
/* Services and their backends: their settings, and their state. */
#include <string.h>

#include "core/backend/health.h"
#include "core/model/check_text.h"
#include "core/model/setting.h"
#include "core/model/text.h"
#include "core/ring/ring.h"
#include "core/vip/template.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/live/traffic.h"
#include "daemon/live/ways_back.h"
#include "daemon/net/nexthop.h"
#include "daemon/view/list.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/agents.h"
#include "dp/dp.h"

uint64_t *live_shares(const struct live_service *s)
{
	uint64_t *shares = calloc(s->main->ring.node_count + 1, sizeof(*shares));

	if (shares)
		ring_shares(&s->main->ring, shares);
	return shares;
}

struct shares shares_of(const struct engine *e, const struct service *s)
{
	const struct live_service *live = live_service(e->live, s->name);
	uint64_t *of = live ? live_shares(live) : NULL;

	return (struct shares){ of, of ? live->main->ring.node_count : 0 };
}

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *hop_json(const struct live_service *s, const struct live_backend *backend)
{
	const struct nexthop *nh = backend->nexthop;
	const struct next_hop *hop = &nh->hop;
	const char *why = backend_why(s, backend);
	char gateway[ADDRESS_TEXT] = "", mac[18];

	if (why)
		return json_pack("{ssss}", "state", "unresolved", "why", why);
	if (nh->gateway.family)
		address_print(&nh->gateway, gateway);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", hop->mac[0], hop->mac[1],
		 hop->mac[2], hop->mac[3], hop->mac[4], hop->mac[5]);
	return json_pack("{sssisisssssi}", "state", "resolved", "ifindex", hop->ifindex, "mtu",
			 hop->mtu, "gateway", gateway, "mac", mac, "users", nh->users);
}

const char *state_word(const struct backend *b, const struct live_backend *backend)
{
	enum backend_state state = backend ? backend_state_wanted(backend, b) : b->state;

	if (state == BACKEND_ACTIVE && backend && backend->forbidden)
		return "forbidden";
	if (state == BACKEND_ACTIVE && backend && backend->dead)
		return "down";
	if (state == BACKEND_ACTIVE && backend && backend->waits)
		return "waiting";
	return state_print(state);
}

/* What counts of its agent's words; the last line; why it cannot be had or read. */
static json_t *agent_json(const struct live_backend *backend)
{
	struct agent_word word = backend_agent(backend);
	const struct backend_agent *a = backend->agent;
	json_t *json;

	json = json_pack("{s:f, s:s, s:b}", "weight", (100 - word.less) / 100.0, "state",
			 agent_state_print(word.state), "down", word.down);
	json_object_set_new(json, "line", *a->line ? json_string(a->line) : json_null());
	json_object_set_new(json, "why", *a->why ? json_string(a->why) : json_null());
	json_object_set_new(json, "unread", json_integer((json_int_t)a->unread_count));
	return json;
}

static void standing_set(json_t *json, const struct backend *b, const struct live_backend *backend,
			 bool checked)
{
	const char *health;

	checked = checked && (backend ? backend_state_wanted(backend, b) : b->state) !=
				     BACKEND_MAINTENANCE;
	health = !checked ? "unchecked" : !backend ? "unknown" : health_print(backend->health.state);
	json_object_set_new(json, "state", json_string(state_word(b, backend)));
	json_object_set_new(json, "health", json_string(health));
	if (checked && backend && *backend->why) {
		json_object_set_new(json, "why", json_string(backend->why));
		json_object_set_new(json, "took_ms", json_real(backend->took_us / 1000.0));
	}
	json_object_set_new(json, "weight_now", json_real(backend ? backend->weight_now / 1000.0 : 0));
}

static void traffic_of(const struct live *live, const struct live_backend *backend, json_t *json)
{
	struct xring_traffic traffic = {};

	if (backend)
		traffic = live_traffic(live, backend);
	json_object_set_new(json, "packets", count(traffic.packets));
	json_object_set_new(json, "bytes", count(traffic.bytes));
	json_object_set_new(json, "flows_new", count(traffic.flows));
	json_object_set_new(json, "pins", count(backend ? backend->pins : 0));
}

/* tags: separated by commas, shown as a list. */
static void place_set(json_t *json, const char *region, const char *tags)
{
	json_t *list = json_array();

	while (*tags) {
		size_t len = strcspn(tags, ",");

		json_array_append_new(list, json_stringn(tags, len));
		tags += len + (tags[len] == ',');
	}
	json_object_set_new(json, "region", *region ? json_string(region) : json_null());
	json_object_set_new(json, "tags", list);
}

/* For a backend that waits for its way back: whose flows keep it waiting. */
static void waits_set(const struct live *live, const struct live_service *s,
		      const struct live_backend *backend, json_t *json)
{
	const struct way_back *way = backend && backend->waits && s->model ?
		way_back_taken(&live->ways, s->model, &backend->address, backend->port) : NULL;

	if (way)
		json_object_set_new(json, "waits_for", json_pack(
			"{s:s, s:s}", "service", way->of->service->name, "name", way->of->name));
}

static json_t *backend_json(const struct engine *e, const struct service *model,
			    const struct backend *b, const struct shares *shares)
{
	const struct live_service *s = live_service(e->live, model->name);
	const struct live_backend *backend = s ? live_backend(s, b->name) : NULL;
	bool owns = backend && backend->index < shares->count;
	char address[ENDPOINT_TEXT];
	json_t *json = json_pack("{sssssssf}", "service", model->name, "name", b->name, "address",
				 endpoint_print(&b->address, b->port, address), "weight",
				 b->weight / 1000.0);

	place_set(json, b->region, b->tags);
	if (backend && backend->nexthop) {
		json_object_set_new(json, "id", json_integer(backend->id));
		json_object_set_new(json, "next_hop", hop_json(s, backend));
	}
	standing_set(json, b, backend, model->check.kind);
	if (backend && backend->agent)
		json_object_set_new(json, "agent", agent_json(backend));
	traffic_of(e->live, backend, json);
	waits_set(e->live, s, backend, json);
	json_object_set_new(json, "share",
			    json_real(owns ? shares->of[backend->index] / CIRCLE : 0));
	return json;
}

static bool service_backend_json(const struct engine *e, const struct service *s, size_t i,
				 const struct shares *shares, json_t **ret)
{
	if (i >= s->backend_count)
		return false;
	*ret = backend_json(e, s, &s->backends[i], shares);
	return true;
}

/* A removed backend that still serves its flows. */
static json_t *leaving_json(const struct engine *e, const struct live_backend *backend)
{
	uint64_t now = engine_now(e), until = backend->owner->drain_until;
	char address[ENDPOINT_TEXT];
	json_t *json = json_pack("{s:s, s:s, s:s, s:f, s:f, s:s, s:s, s:b, s:f}", "service",
				 backend->service->name, "name", backend->name, "address",
				 endpoint_print(&backend->address, backend->port, address), "weight",
				 0.0, "share", 0.0, "state", backend->dead ? "down" : "draining",
				 "health", "unchecked", "removed", 1, "drain_left",
				 until > now ? (until - now) / 1e9 : 0.0);

	place_set(json, "", "");
	traffic_of(e->live, backend, json);
	return json;
}

/* Those that leave come behind those of the model. */
static bool any_backend_json(const struct engine *e, const struct service *s, size_t i,
			     const struct shares *shares, json_t **ret)
{
	const struct live_service *live = live_service(e->live, s->name);

	if (service_backend_json(e, s, i, shares, ret))
		return true;
	i -= s->backend_count;
	if (!live || i >= live->leaving_count)
		return false;
	*ret = leaving_json(e, live->leaving[i]);
	return true;
}

const struct view_list view_backends = { .backend = any_backend_json };

static json_t *args_json(const struct check *c)
{
	json_t *list = json_array();
	const char *arg = NULL;
	size_t len;

	while ((arg = check_arg(c, arg, &len)))
		json_array_append_new(list, json_stringn(arg, len));
	return list;
}

/* The value of a check's key; NULL: the check does not have the key. */
static json_t *check_value(const struct check *c, enum check_key key)
{
	char text[CHECK_VALUE_TEXT];

	if (!check_has_key(c->kind, key))
		return NULL;
	switch (key) {
	case CHECK_KEY_ARGS:
		return args_json(c);
	case CHECK_KEY_PORT:
		return c->port ? json_integer(c->port) : NULL;
	case CHECK_KEY_VERIFY:
		return json_boolean(c->verify);
	case CHECK_KEY_RISE:
		return json_integer(c->rise);
	case CHECK_KEY_FALL:
		return json_integer(c->fall);
	case CHECK_KEY_JITTER:
		return json_real(c->jitter / 1000.0);
	default:
		check_print(c, key, text);
		return *text ? json_string(text) : NULL;
	}
}

static json_t *check_json(const struct check *c)
{
	json_t *json;

	if (c->kind == CHECK_NONE)
		return json_null();
	json = json_object();
	for (int key = 0; key < CHECK_KEYS; key++) {
		json_t *value = check_value(c, (enum check_key)key);

		if (value)
			json_object_set_new(json, check_key_word((enum check_key)key), value);
	}
	return json;
}

/* Settings that are numbers in the file are numbers here, too; durations are texts. */
static json_t *setting_json(const struct setting *f, const struct service *s)
{
	uint32_t value = setting_value(f, s);
	char text[SETTING_TEXT];

	switch (f->kind) {
	case SETTING_DECIMAL_OR_NONE:
		return value ? json_real(value / 1000.0) : json_null();
	case SETTING_DECIMAL:
		return json_real(value / 1000.0);
	case SETTING_COUNT_OR_WORD:
		if (!value)
			break;
		/* fall through */
	case SETTING_COUNT:
		return json_integer(value);
	case SETTING_FLAG:
		return json_boolean(value);
	case SETTING_DURATION:
	case SETTING_ALL_DOWN:
	case SETTING_WORD:
	case SETTING_TUNNEL_SOURCE:
		break;
	}
	return json_string(setting_print(f, s, text));
}

static void settings_set(json_t *json, const char *group, const struct service *s)
{
	size_t n;
	const struct setting *all = settings(group, &n);

	for (size_t i = 0; i < n; i++)
		json_object_set_new(json, all[i].key, setting_json(&all[i], s));
}

static json_t *service_json(const struct engine *e, const struct service *s)
{
	json_t *vips = json_array(), *hot = json_object(), *gue = json_object(), *json;
	char text[VIP_TEXT], key[KEY_TEXT];

	(void)e;
	for (size_t i = 0; i < s->vip_count; i++)
		json_array_append_new(vips, json_string(vip_print(&s->vips[i], text)));
	json = json_pack("{s:s, s:o, s:s, s:s, s:i}", "name", s->name, "vips", vips, "mode",
			 mode_print(s->mode), "key", key_print(&s->key, key), "vnodes",
			 s->vnodes);
	settings_set(json, NULL, s);
	settings_set(gue, "gue", s);
	json_object_set_new(json, "gue", gue);
	settings_set(hot, "hot", s);
	json_object_set_new(json, "hot", hot);
	json_object_set_new(json, "check", check_json(&s->check));
	json_object_set_new(json, "agent", check_json(&s->agent));
	return json;
}

const struct view_list view_services = { .service = service_json,
					 .backend = service_backend_json };
