// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/live/backends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "base/util.h"
#include "core/vip/template.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/live/times.h"
#include "daemon/net/nexthop.h"
#include "dp/dp.h"
#include "dp/read.h"
#include "dp/write.h"

static void ring_uses(const struct live_ring *r, bool *used)
{
	for (uint32_t i = 0; i < r->ring.node_count; i++)
		used[i] |= r->ring.nodes[i].points;
}

/* An index that no point of a ring names. */
static uint32_t index_get(struct live_service *s)
{
	_free_ bool *used = calloc(s->index_count + 1, sizeof(*used));

	for (size_t n = 0; used && n < s->node_count; n++)
		used[s->nodes[n]->index] = true;
	for (size_t k = 0; used && k < s->ring_count; k++)
		ring_uses(s->rings[k], used);
	for (uint32_t i = 0; used && i < s->index_count; i++)
		if (!used[i])
			return i;
	return s->index_count++;
}

/* Where a name stands, or is to stand. */
static size_t node_place(const struct live_service *s, const char *name)
{
	size_t at = 0;

	while (at < s->node_count && strcmp(s->nodes[at]->name, name) < 0)
		at++;
	return at;
}

static int list_insert(struct live_node ***list, size_t *count, size_t at, struct live_node *node)
{
	struct live_node **nodes = reallocarray(*list, *count + 1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	*list = nodes;
	memmove(nodes + at + 1, nodes + at, (*count - at) * sizeof(*nodes));
	nodes[at] = node;
	(*count)++;
	return 0;
}

static void list_remove(struct live_node **list, size_t *count, size_t at)
{
	(*count)--;
	memmove(list + at, list + at + 1, (*count - at) * sizeof(*list));
}

static struct live_node *node_new(struct live *live, struct live_service *s, const char *name,
				  uint16_t id)
{
	struct live_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	snprintf(node->name, sizeof(node->name), "%s", name);
	node->service = s;
	node->id = id;
	node->owner = &live->dp->owners[id];
	live->by_id[id] = node;
	return node;
}

static const struct xring_template *template_now(const struct live *live, uint16_t id)
{
	const struct xring_backend *backend = &live->dp->backends[id];

	return &backend->t[backend->t[0].live & 1];
}

int node_adopt(struct live *live, struct live_service *s, uint16_t id, bool leaving)
{
	const struct xring_owner *owner = &live->dp->owners[id];
	struct live_node *node = node_new(live, s, owner->backend, id);

	if (!node)
		return -ENOMEM;
	node->address.family = owner->family;
	memcpy(node->address.bytes, owner->addr, sizeof(node->address.bytes));
	node->port = owner->port;
	node->health = (struct health){ .state = owner->health, .since_ns = owner->health_since };
	node->dead = !template_now(live, id)->generation;
	node->over = 1;				/* the last daemon may have told so */
	node->nexthop = nexthop_get(live->nexthops, &node->address);
	if (!node->nexthop)
		return -ENOMEM;
	node->placeless = leaving;
	if (leaving)
		return list_insert(&s->leaving, &s->leaving_count, s->leaving_count, node);
	node->index = index_get(s);
	return list_insert(&s->nodes, &s->node_count, node_place(s, node->name), node);
}

void node_free(struct live *live, struct live_node *node)
{
	if (live->backend_events.gone)
		live->backend_events.gone(live->backend_events.context, node);
	if (node->nexthop)
		nexthop_put(live->nexthops, node->nexthop);
	live->by_id[node->id] = NULL;
	free(node);
}

/*
 * The owner's record is for the next life of the daemon. Its first byte says that it is
 * taken, and is written last.
 */
static void owner_write(struct xring_owner *owner, const struct live_service *s,
			const struct backend *b, uint64_t joined)
{
	struct xring_owner fresh = {
		.generation = owner->generation + 1,
		.family = b->address.family,
		.port = b->port,
		.joined = joined,
	};

	snprintf(fresh.service, sizeof(fresh.service), "%s", s->name);
	snprintf(fresh.backend, sizeof(fresh.backend), "%s", b->name);
	memcpy(fresh.addr, b->address.bytes, sizeof(fresh.addr));
	step();
	memcpy(owner->service + 1, fresh.service + 1, sizeof(fresh) - 1);
	step();
	__atomic_store_n(&owner->service[0], fresh.service[0], __ATOMIC_RELEASE);
}

/* Ids go round, so that one is used again as late as can be. 0: none is free. */
static uint16_t id_get(struct live *live, const struct live_service *s, const struct backend *b,
		       uint64_t now)
{
	uint32_t count = live->dp->backend_count - 1;

	for (uint32_t tried = 0; tried < count; tried++) {
		uint16_t id = 1 + (live->id_cursor + tried) % count;

		if (live->dp->owners[id].service[0])
			continue;
		live->id_cursor = id % count;
		dp_traffic_clear(live->dp, id);
		owner_write(&live->dp->owners[id], s, b, s->main->has_extent ? now : 0);
		return id;
	}
	return 0;
}

void node_id_free(struct live *live, uint16_t id)
{
	static const struct xring_template none;

	dp_template_write(live->dp, id, &none);
	live->dp->loads[id] = live->dp->places[id] = 0;
	step();
	__atomic_store_n(&live->dp->owners[id].service[0], 0, __ATOMIC_RELEASE);
}

const char *node_why(const struct live_service *s, const struct live_node *node)
{
	/* The gateway would send the VIP's packets anywhere but to the backend. */
	if (s->mode == MODE_L2 && node->nexthop->gateway.family)
		return "behind a gateway, where mode l2 does not reach";
	return node->nexthop->why;
}

/*
 * While a neighbour is asked, what a backend's template says of the way stays:
 * silence is not yet an answer, and the last daemon knew a way.
 */
static bool keep_way(const struct nexthop *nh, const struct xring_template *now,
		     const struct live_service *s, const struct live_node *node)
{
	struct next_hop same = { .ifindex = now->ifindex, .mtu = now->mtu };
	struct xring_template wanted;

	if (!nh->pending || now->ifindex != nh->route_ifindex || node_why(s, node) != nh->why)
		return false;
	template_fill(s->mode, &node->address, node->port, &same, &wanted);
	return template_same_target(now, &wanted);
}

/* 1 to 65535; 0 is for the dead. */
static uint16_t node_generation(const struct live_node *node)
{
	return node->dead ? 0 : 1 + node->owner->generation % UINT16_MAX;
}

/* Writes the template if it is to say something else. */
static void node_template(struct live *live, const struct live_service *s,
			  const struct live_node *node)
{
	static const struct next_hop none;
	struct xring_template now = *template_now(live, node->id), wanted;

	now.live = 0;
	if (keep_way(node->nexthop, &now, s, node))
		wanted = now;
	else
		template_fill(s->mode, &node->address, node->port,
			      node_why(s, node) ? &none : &node->nexthop->hop, &wanted);
	wanted.generation = node_generation(node);
	if (memcmp(&now, &wanted, sizeof(wanted)))
		dp_template_write(live->dp, node->id, &wanted);
}

static void hop_changed(struct live *live, struct live_service *s, struct live_node *node)
{
	const char *why = node_why(s, node);

	node_template(live, s, node);
	if (why)
		log_warn("backend %s of %s: %s", node->name, s->name, why);
	else
		log_info("backend %s of %s: next hop resolved", node->name, s->name);
}

void node_hop_changed(void *context, const struct nexthop *nh)
{
	struct live *live = context;

	for (uint32_t id = 1; id < live->dp->backend_count; id++)
		if (live->by_id[id] && live->by_id[id]->nexthop == nh)
			hop_changed(live, live->by_id[id]->service, live->by_id[id]);
}

/* ---- what there is, by the model ---- */

bool node_is(const struct live_node *node, const struct backend *b)
{
	return !strcmp(node->name, b->name) && node->port == b->port &&
	       address_equal(&node->address, &b->address);
}

/* One that left and comes back before its flows have gone; NULL: there is none. */
static struct live_node *node_revive(struct live_service *s, const struct backend *b)
{
	for (size_t i = 0; i < s->leaving_count; i++) {
		struct live_node *node = s->leaving[i];

		if (!node_is(node, b))
			continue;
		list_remove(s->leaving, &s->leaving_count, i);
		return node;
	}
	return NULL;
}

static int node_make(struct live *live, struct live_service *s, size_t at,
		     const struct backend *b, uint64_t now)
{
	struct live_node *node = node_revive(s, b);

	if (!node) {
		uint16_t id = id_get(live, s, b, now);

		if (!id)
			return log_err(-ENOSPC, "backend %s of %s: no id is free", b->name, s->name);
		node = node_new(live, s, b->name, id);
		if (!node)
			return -ENOMEM;
		node->address = b->address;
		node->port = b->port;
		node->nexthop = nexthop_get(live->nexthops, &b->address);
		if (!node->nexthop)
			return -ENOMEM;
	}
	node->index = index_get(s);
	return list_insert(&s->nodes, &s->node_count, at, node);
}

/* Its flows may stay for the service's drain time; cut, or of a dead one, they may not. */
static void drain_begin(const struct live_service *s, struct live_node *node,
			const struct live_times *times)
{
	if (times->cut || node->dead)
		node->owner->drain_until = times->now;
	else if (!node->owner->drain_until)
		node->owner->drain_until = times->now + s->drain_ms * NS_PER_MS;
}

static int node_leave(struct live *live, struct live_service *s, size_t at,
		      const struct live_times *times)
{
	struct live_node *node = s->nodes[at];
	int err = list_insert(&s->leaving, &s->leaving_count, s->leaving_count, node);

	if (err)
		return err;
	if (live->backend_events.gone)
		live->backend_events.gone(live->backend_events.context, node);	/* it is not checked any more */
	list_remove(s->nodes, &s->node_count, at);
	node->left = live->walks;
	live->dp->loads[node->id] = 0;
	drain_begin(s, node, times);
	return 0;
}

static void node_set(struct live *live, struct live_service *s, struct live_node *node,
		     const struct backend *b, const struct live_times *times)
{
	struct xring_owner *owner = node->owner;

	node->weight = b->weight;
	node->placeless = false;
	memcpy(node->region, b->region, sizeof(node->region));
	memcpy(node->tags, b->tags, sizeof(node->tags));
	if (b->state != BACKEND_ACTIVE) {
		if (node->state == BACKEND_ACTIVE || (node->named && times->cut))
			drain_begin(s, node, times);
	} else if (owner->drain_until) {
		owner->ramp_from = times->now;		/* it is back */
		owner->drain_until = 0;
	}
	node->state = b->state;
	node->named = false;
	if (live->backend_events.added)
		live->backend_events.added(live->backend_events.context, node);
}

static void service_set(struct live_service *s, const struct service *model)
{
	s->mode = model->mode;
	s->vnodes = model->vnodes;
	s->drain_ms = model->drain_ms;
	s->tcp_idle_ms = model->tcp_idle_ms;
	s->udp_idle_ms = model->udp_idle_ms;
}

int nodes_sync(struct live *live, struct live_service *s, const struct service *model,
	       const struct live_times *times)
{
	size_t at = 0;
	int err = 0;

	service_set(s, model);
	for (size_t b = 0; b < model->backend_count && !err; b++) {
		const struct backend *backend = &model->backends[b];

		while (!err && at < s->node_count && strcmp(s->nodes[at]->name, backend->name) < 0)
			err = node_leave(live, s, at, times);
		if (!err && at < s->node_count && !strcmp(s->nodes[at]->name, backend->name) &&
		    !node_is(s->nodes[at], backend))
			err = node_leave(live, s, at, times);	/* another machine */
		if (!err && (at == s->node_count || strcmp(s->nodes[at]->name, backend->name)))
			err = node_make(live, s, at, backend, times->now);
		if (!err)
			node_set(live, s, s->nodes[at++], backend, times);
	}
	while (!err && at < s->node_count)
		err = node_leave(live, s, at, times);
	return err;
}

/* Its flows are cut with its death: another life is another generation. */
static void node_show(struct live *live, struct live_service *s, struct live_node *node)
{
	if (node->dead && !node->dying)
		node->owner->generation++;
	node->dead = node->dying;
	node->counted = node->counts;
	node_template(live, s, node);
}

void nodes_show(struct live *live, struct live_service *s)
{
	for (size_t i = 0; i < s->node_count; i++)
		node_show(live, s, s->nodes[i]);
	for (size_t i = 0; i < s->leaving_count; i++)
		node_show(live, s, s->leaving[i]);
}

void node_forget(struct live *live, struct live_service *s, size_t leaving)
{
	struct live_node *node = s->leaving[leaving];
	struct xring_traffic traffic;

	if (!dp_traffic_read(live->dp, node->id, &traffic)) {
		s->retired.packets += traffic.packets;
		s->retired.bytes += traffic.bytes;
		s->retired.flows += traffic.flows;
	}
	list_remove(s->leaving, &s->leaving_count, leaving);
	node_id_free(live, node->id);
	node_free(live, node);
}
