// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/live_node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct live_node *live_node(const struct live_service *s, const char *name)
{
	size_t low = 0, count = s->node_count;

	while (count) {
		size_t half = count / 2;
		int order = strcmp(s->nodes[low + half]->name, name);

		if (!order)
			return s->nodes[low + half];
		if (order < 0) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return NULL;
}

const struct live_node *live_node_by_id(const struct live_service *s, uint16_t id)
{
	for (size_t i = 0; i < s->node_count; i++)
		if (s->nodes[i]->id == id)
			return s->nodes[i];
	return NULL;
}

/* An index that no point of the ring names. */
static uint32_t index_get(struct live_service *s)
{
	for (uint32_t i = 0; i < s->ring.node_count; i++) {
		bool used = s->ring.nodes[i].points;

		for (size_t n = 0; n < s->node_count && !used; n++)
			used = s->nodes[n]->index == i;
		if (!used)
			return i;
	}
	return s->index_count++;
}

static struct live_node *node_insert(struct live_service *s, size_t at, const char *name,
				     uint16_t id)
{
	struct live_node **nodes = reallocarray(s->nodes, s->node_count + 1, sizeof(*nodes));
	struct live_node *node;

	if (!nodes)
		return NULL;
	s->nodes = nodes;
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	snprintf(node->name, sizeof(node->name), "%s", name);
	node->id = id;
	node->index = index_get(s);
	memmove(nodes + at + 1, nodes + at, (s->node_count - at) * sizeof(*nodes));
	nodes[at] = node;
	s->node_count++;
	return node;
}

int node_adopt(struct live_service *s, const char *name, uint16_t id)
{
	size_t at = 0;

	while (at < s->node_count && strcmp(s->nodes[at]->name, name) < 0)
		at++;
	return node_insert(s, at, name, id) ? 0 : -ENOMEM;
}

void node_free(struct live *live, struct live_node *node)
{
	if (node->nexthop)
		nexthop_put(live->nexthops, node->nexthop);
	free(node);
}

/*
 * The owner's record is for the next life of the daemon. Its first byte says that it is
 * taken, and is written last.
 */
static void owner_write(struct xring_owner *owner, const char *service, const char *backend)
{
	struct xring_owner fresh = { .generation = owner->generation + 1 };

	snprintf(fresh.service, sizeof(fresh.service), "%s", service);
	snprintf(fresh.backend, sizeof(fresh.backend), "%s", backend);
	memcpy(owner->service + 1, fresh.service + 1, sizeof(fresh) - 1);
	__atomic_store_n(&owner->service[0], fresh.service[0], __ATOMIC_RELEASE);
}

/* Ids go round, so that one is used again as late as can be. 0: none is free. */
static uint16_t id_get(struct live *live, const char *service, const char *backend)
{
	uint32_t count = live->dp->backend_count - 1;

	for (uint32_t tried = 0; tried < count; tried++) {
		uint16_t id = 1 + (live->id_cursor + tried) % count;

		if (live->dp->owners[id].service[0])
			continue;
		live->id_cursor = id % count;
		dp_traffic_clear(live->dp, id);
		owner_write(&live->dp->owners[id], service, backend);
		return id;
	}
	return 0;
}

void node_id_free(struct live *live, uint16_t id)
{
	static const struct xring_template none;

	dp_template_write(live->dp, id, &none);
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

/* Writes the template if it is to say something else. moved: to another address. */
static void node_template(struct live *live, const struct live_service *s,
			  const struct live_node *node, bool moved)
{
	static const struct next_hop none;
	const struct xring_backend *backend = &live->dp->backends[node->id];
	struct xring_template now = backend->t[backend->t[0].live & 1], wanted;

	template_fill(s->mode, &node->address, node->port,
		      node_why(s, node) ? &none : &node->nexthop->hop, &wanted);
	wanted.generation = live->dp->owners[node->id].generation;
	now.live = 0;
	if (!moved && keep_way(node->nexthop, &now, s, node))
		return;
	if (memcmp(&now, &wanted, sizeof(wanted)))
		dp_template_write(live->dp, node->id, &wanted);
}

void node_hop_changed(void *context, const struct nexthop *nh)
{
	struct live *live = context;

	for (size_t i = 0; i < live->service_count; i++) {
		struct live_service *s = live->services[i];

		for (size_t n = 0; n < s->node_count; n++) {
			const char *why;

			if (s->nodes[n]->nexthop != nh)
				continue;
			node_template(live, s, s->nodes[n], false);
			why = node_why(s, s->nodes[n]);
			if (why)
				log_warn("backend %s of %s: %s", s->nodes[n]->name, s->name, why);
			else
				log_info("backend %s of %s: next hop resolved", s->nodes[n]->name,
					 s->name);
		}
	}
}

static int node_set(struct live *live, struct live_service *s, struct live_node *node,
		    const struct backend *b, uint32_t vnodes)
{
	bool moved = node->nexthop && !address_equal(&node->address, &b->address);

	if (!node->nexthop || moved) {
		const struct nexthop *nh = nexthop_get(live->nexthops, &b->address);

		if (!nh)
			return -ENOMEM;
		if (node->nexthop)
			nexthop_put(live->nexthops, node->nexthop);
		node->nexthop = nh;
		node->address = b->address;
	}
	node->port = b->port;
	node->points = weight_points(b->weight, vnodes);
	node->gone = false;
	node_template(live, s, node, moved);
	return 0;
}

int nodes_sync(struct live *live, struct live_service *s, const struct service *model)
{
	size_t at = 0;

	s->mode = model->mode;
	for (size_t b = 0; b < model->backend_count; b++, at++) {
		const struct backend *backend = &model->backends[b];
		int err;

		for (; at < s->node_count && strcmp(s->nodes[at]->name, backend->name) < 0; at++) {
			s->nodes[at]->gone = true;
			s->nodes[at]->points = 0;
		}
		if (at == s->node_count || strcmp(s->nodes[at]->name, backend->name)) {
			uint16_t id = id_get(live, s->name, backend->name);

			if (!id)
				return log_err(-ENOSPC, "backend %s of %s: no id is free",
					       backend->name, s->name);
			if (!node_insert(s, at, backend->name, id))
				return -ENOMEM;
		}
		err = node_set(live, s, s->nodes[at], backend, model->vnodes);
		if (err)
			return err;
	}
	for (; at < s->node_count; at++) {
		s->nodes[at]->gone = true;
		s->nodes[at]->points = 0;
	}
	return 0;
}

void nodes_forget(struct live *live, struct live_service *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->node_count; i++) {
		struct live_node *node = s->nodes[i];
		struct xring_traffic traffic;

		if (!node->gone) {
			s->nodes[kept++] = node;
			continue;
		}
		if (!dp_traffic_read(live->dp, node->id, &traffic)) {
			s->retired.packets += traffic.packets;
			s->retired.bytes += traffic.bytes;
			s->retired.flows += traffic.flows;
		}
		node_id_free(live, node->id);
		node_free(live, node);
	}
	s->node_count = kept;
}
